// RUN/reduce.json and RUN/reduce.csv.
#include <algorithm>
#include <iterator>

#include "base/disk.h"
#include "reduce/reduce.h"
#include "search/cell_record.h"

namespace handlens::reduce {
namespace {

constexpr const char* kFormat = "handlens-reduce";
constexpr const char* kSweeps[] = {"whole", "race", "surface", "ladder"};  // in the order of Sweeping

std::string Csv(const ReduceResult& result) {
  std::string csv = "filters,neurons,fold,accuracy,parameters,bytes\n";
  for (const ReduceCell& cell : result.cells) {
    for (const train::TrialResult& fold : cell.cell.folds) {
      csv += fmt::format("{},{},{},{},{},{}\n", cell.filters, cell.neurons, fold.spec.fold + 1,
                         fold.test_accuracy, cell.cell.parameters, cell.float_bytes);
    }
  }
  return csv;
}

}  // namespace

Result<void> WriteReduce(const std::filesystem::path& run, const dataset::Dataset& dataset,
                         const ReduceResult& result) {
  Json cells = Json::array();
  for (const ReduceCell& cell : result.cells) {
    cells.push_back({{"filters", cell.filters},
                     {"neurons", cell.neurons},
                     {"float_bytes", cell.float_bytes},
                     {"int8_bytes", cell.int8_bytes},
                     {"cell", search::CellToJson(cell.cell)}});
    if (cell.expected_validation) cells.back()["expected_validation"] = *cell.expected_validation;
    if (cell.expected_test) cells.back()["expected_test"] = *cell.expected_test;
  }
  Json json = {{"dataset", dataset::Fingerprint(dataset)},
               {"sweep", kSweeps[static_cast<size_t>(result.sweeping)]},
               {"best", result.best},
               {"chosen", result.chosen},
               {"rule", result.rule},
               {"parameters_before", result.parameters_before},
               {"parameters_after", result.parameters_after},
               {"bytes_before", result.bytes_before},
               {"bytes_after", result.bytes_after},
               {"cells", cells}};
  if (result.cut_short) json["cut_short"] = true;
  HL_TRY(WriteFileAtomic(run / "reduce.csv", Csv(result)));
  return WriteRecord(run / "reduce.json", kFormat, 1, json);
}

Result<bool> ReduceWasCutShort(const std::filesystem::path& run) {
  return search::SaysCutShort(run / "reduce.json", kFormat);
}

Result<ReduceResult> ReadReduce(const std::filesystem::path& run) {
  const std::filesystem::path path = run / "reduce.json";
  HL_ASSIGN(const Json json, ReadRecord(path, kFormat, 1));
  auto read = FromJson(json, path.string(), [&](const Json& j) -> Result<ReduceResult> {
    ReduceResult result;
    // Records of earlier programs do not say how: they trained or raced every cell.
    const std::string sweep = j.value("sweep", kSweeps[0]);
    const auto named = std::find(std::begin(kSweeps), std::end(kSweeps), sweep);
    if (named == std::end(kSweeps))
      return Fail(ErrorKind::kBadInput, "{}: unknown sweep \"{}\"; run `reduce` again", path.string(), sweep);
    result.sweeping = static_cast<Sweeping>(named - std::begin(kSweeps));
    result.best = j.at("best").get<int>();
    result.chosen = j.at("chosen").get<int>();
    result.rule = j.at("rule").get<std::string>();
    result.cut_short = j.value("cut_short", false);
    result.parameters_before = j.at("parameters_before").get<int64_t>();
    result.parameters_after = j.at("parameters_after").get<int64_t>();
    result.bytes_before = j.at("bytes_before").get<int64_t>();
    result.bytes_after = j.at("bytes_after").get<int64_t>();
    for (const Json& item : j.at("cells")) {
      ReduceCell cell;
      cell.filters = item.at("filters").get<int>();
      cell.neurons = item.at("neurons").get<int>();
      cell.float_bytes = item.at("float_bytes").get<int64_t>();
      cell.int8_bytes = item.at("int8_bytes").get<int64_t>();
      HL_ASSIGN(cell.cell, search::CellFromJson(item.at("cell"), run));
      if (item.contains("expected_validation"))
        cell.expected_validation = item.at("expected_validation").get<double>();
      if (item.contains("expected_test")) cell.expected_test = item.at("expected_test").get<double>();
      result.cells.push_back(std::move(cell));
    }
    const auto inside = [&](int index) {
      return index >= 0 && static_cast<size_t>(index) < result.cells.size();
    };
    if (!inside(result.best) || !inside(result.chosen)) {
      return Fail(ErrorKind::kBadInput, "{}: the choice is not among its cells; run `reduce` again",
                  path.string());
    }
    return result;
  });
  HL_ASSIGN(Result<ReduceResult> result, std::move(read));
  return result;
}

}  // namespace handlens::reduce
