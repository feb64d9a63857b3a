// RUN/search.json and RUN/search.csv.
#include <algorithm>
#include <map>
#include <tuple>

#include "base/disk.h"
#include "base/text.h"
#include "search/cell_record.h"
#include "search/choice.h"
#include "search/search.h"
#include "train/start.h"

namespace handlens::search {
namespace {

constexpr const char* kFormat = "handlens-search";

// The paper's Tables 3, 5, 7, 8: one table a model, a row a size, a column a generator, "mean ± std" of test
// accuracy in %.
Json Tables(const SearchResult& result) {
  std::vector<std::string> models, generators;
  std::vector<int> sizes;
  const auto add = [](auto& list, const auto& value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
  };
  std::map<std::tuple<std::string, int, std::string>, const CellResult*> cells;
  for (const CellResult& cell : result.cells) {
    add(models, cell.candidate.model);
    add(sizes, cell.candidate.size_px);
    add(generators, cell.candidate.generator.name);
    cells[{cell.candidate.model, cell.candidate.size_px, cell.candidate.generator.name}] = &cell;
  }
  std::sort(sizes.begin(), sizes.end());
  Json tables = Json::array();
  for (const std::string& model : models) {
    Json rows = Json::array();
    for (const int size : sizes) {
      Json row = Json::array();
      for (const std::string& generator : generators) {
        const auto found = cells.find({model, size, generator});
        const bool ran = found != cells.end() && !found->second->folds.empty();
        row.push_back(ran ? Json(fmt::format("{:.2f} ± {:.2f}", 100 * found->second->test_accuracy.mean,
                                             100 * found->second->test_accuracy.std))
                          : Json(nullptr));
      }
      rows.push_back(row);
    }
    tables.push_back(
        {{"model", model}, {"sizes_px", sizes}, {"generators", generators}, {"test_accuracy_percent", rows}});
  }
  return tables;
}

std::string Csv(const SearchResult& result) {
  std::string csv = "model,size,augmentation,fold,accuracy,loss,parameters,epochs,seconds\n";
  for (const CellResult& cell : result.cells) {
    for (const train::TrialResult& fold : cell.folds) {
      csv +=
          fmt::format("{},{},{},{},{},{},{},{},{:.3f}\n", CsvCell(cell.candidate.model),
                      cell.candidate.size_px, CsvCell(cell.candidate.generator.name), fold.spec.fold + 1,
                      fold.test_accuracy, fold.test_loss, fold.parameters, fold.epochs.size(), fold.seconds);
    }
  }
  return csv;
}

}  // namespace

Json CellToJson(const CellResult& cell) {
  Json folds = Json::array();
  for (const train::TrialResult& fold : cell.folds) {
    folds.push_back({{"fold", fold.spec.fold + 1},
                     {"trial", fold.id},
                     {"validation_accuracy", fold.validation_accuracy},
                     {"test_accuracy", fold.test_accuracy},
                     {"epochs", fold.epochs.size()}});
  }
  Json json = {{"model", cell.candidate.model},
               {"size_px", cell.candidate.size_px},
               {"parameters", cell.parameters},
               {"validation_accuracy",
                {{"mean", cell.validation_accuracy.mean}, {"std", cell.validation_accuracy.std}}},
               {"test_accuracy", {{"mean", cell.test_accuracy.mean}, {"std", cell.test_accuracy.std}}},
               {"test_correct", cell.test_correct},
               {"test_n", cell.test_n},
               {"test_ci95", {cell.test_ci95.low, cell.test_ci95.high}},
               {"eliminated", cell.eliminated},
               {"eliminated_because", cell.eliminated_because},
               {"folds", folds},
               {"generator", image::ToJson(cell.candidate.generator)},
               {"recipe", train::ToJson(cell.candidate.recipe)},
               {"architecture", nn::ToJson(cell.candidate.architecture)}};
  if (cell.yardstick != Yardstick::kPictures) {
    json["compared_by"] = YardstickName(cell.yardstick);
    json["camera_accuracy"] = {{"mean", cell.camera_accuracy.mean}, {"std", cell.camera_accuracy.std}};
    json["standing"] = {{"mean", cell.standing.mean}, {"std", cell.standing.std}};
  }
  if (cell.candidate.start) json["start"] = train::ToJson(*cell.candidate.start);
  return json;
}

Result<CellResult> CellFromJson(const Json& json, const std::filesystem::path& run) {
  auto read = FromJson(json, "a cell of the record", [&](const Json& j) -> Result<CellResult> {
    CellResult cell;
    cell.candidate.model = j.at("model").get<std::string>();
    cell.candidate.size_px = j.at("size_px").get<int>();
    HL_ASSIGN(cell.candidate.generator, image::GeneratorFromJson(j.at("generator")));
    HL_ASSIGN(cell.candidate.recipe, train::RecipeFromJson(j.at("recipe")));
    HL_ASSIGN(cell.candidate.architecture, nn::ModelFromJson(j.at("architecture")));
    if (j.contains("start")) {
      HL_ASSIGN(cell.candidate.start, train::StartFromJson(j.at("start")));
    }
    cell.parameters = j.at("parameters").get<int64_t>();
    cell.validation_accuracy = {j.at("validation_accuracy").at("mean").get<double>(),
                                j.at("validation_accuracy").at("std").get<double>()};
    cell.standing = cell.validation_accuracy;
    if (j.contains("compared_by")) {
      HL_ASSIGN(cell.yardstick, YardstickFromName(j.at("compared_by").get<std::string>()));
      cell.camera_accuracy = {j.at("camera_accuracy").at("mean").get<double>(),
                              j.at("camera_accuracy").at("std").get<double>()};
      cell.standing = {j.at("standing").at("mean").get<double>(), j.at("standing").at("std").get<double>()};
    }
    cell.test_accuracy = {j.at("test_accuracy").at("mean").get<double>(),
                          j.at("test_accuracy").at("std").get<double>()};
    cell.test_correct = j.at("test_correct").get<size_t>();
    cell.test_n = j.at("test_n").get<size_t>();
    cell.test_ci95 = {j.at("test_ci95").at(0).get<double>(), j.at("test_ci95").at(1).get<double>()};
    cell.eliminated = j.at("eliminated").get<bool>();
    cell.eliminated_because = j.at("eliminated_because").get<std::string>();
    for (const Json& fold : j.at("folds")) {
      HL_ASSIGN(train::TrialResult trial,
                train::ReadTrial(run / "trials" / fold.at("trial").get<std::string>()));
      cell.folds.push_back(std::move(trial));
    }
    return cell;
  });
  HL_ASSIGN(Result<CellResult> cell, std::move(read));
  return cell;
}

Result<bool> SaysCutShort(const std::filesystem::path& record, std::string_view format) {
  HL_ASSIGN(const bool there, IsThere(record));
  if (!there) return false;
  HL_ASSIGN(const Json json, ReadRecord(record, format, 1));
  return json.contains("cut_short") && json["cut_short"] == true;
}

Result<void> WriteSearch(const std::filesystem::path& run, const dataset::Dataset& dataset,
                         const SearchResult& result) {
  Json cells = Json::array();
  for (const CellResult& cell : result.cells) cells.push_back(CellToJson(cell));
  Json json = {{"dataset", dataset::Fingerprint(dataset)},
               {"preset", result.preset},
               {"exhaustive", result.exhaustive},
               {"chosen", result.chosen},
               {"rule", result.rule},
               {"tables", Tables(result)},
               {"cells", cells}};
  if (result.cut_short) json["cut_short"] = true;
  HL_TRY(WriteFileAtomic(run / "search.csv", Csv(result)));
  return WriteRecord(run / "search.json", kFormat, 1, json);
}

Result<SearchResult> ReadSearch(const std::filesystem::path& run) {
  const std::filesystem::path path = run / "search.json";
  HL_ASSIGN(const Json json, ReadRecord(path, kFormat, 1));
  auto read = FromJson(json, path.string(), [&](const Json& j) -> Result<SearchResult> {
    SearchResult result;
    result.preset = j.at("preset").get<std::string>();
    result.exhaustive = j.at("exhaustive").get<bool>();
    result.chosen = j.at("chosen").get<int>();
    result.rule = j.at("rule").get<std::string>();
    result.cut_short = j.value("cut_short", false);
    for (const Json& cell : j.at("cells")) {
      HL_ASSIGN(CellResult value, CellFromJson(cell, run));
      result.cells.push_back(std::move(value));
    }
    if (result.chosen < 0 || static_cast<size_t>(result.chosen) >= result.cells.size()) {
      return Fail(ErrorKind::kBadInput, "{}: the choice is not among its cells; run `search` again",
                  path.string());
    }
    return result;
  });
  HL_ASSIGN(Result<SearchResult> result, std::move(read));
  return result;
}

Result<bool> SearchWasCutShort(const std::filesystem::path& run) {
  return SaysCutShort(run / "search.json", kFormat);
}

}  // namespace handlens::search
