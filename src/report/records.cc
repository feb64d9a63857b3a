#include "report/records.h"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "base/disk.h"
#include "base/text.h"
#include "dataset/csv.h"
#include "verify/verify.h"

namespace handlens::report {
namespace {

// Whether there is a record to read; that the disk cannot say is a problem.
bool IsToRead(const std::filesystem::path& path, std::vector<std::string>& problems) {
  const auto there = IsThere(path);
  if (!there) problems.push_back(there.error().message);
  return there && *there;
}

// Reads a record that another room wrote as JSON. Absent = null; unreadable = a problem.
Json Optional(const std::filesystem::path& path, std::string_view format,
              std::vector<std::string>& problems) {
  if (!IsToRead(path, problems)) return {};
  auto read = ReadRecord(path, format, 1);
  if (read) return *std::move(read);
  problems.push_back(read.error().message);
  return {};
}

// The first timings.json and description.json carried no format key, so they are read as plain JSON unless
// they say that they are newer.
Json OptionalPlain(const std::filesystem::path& path, std::string_view format,
                   std::vector<std::string>& problems) {
  if (!IsToRead(path, problems)) return {};
  const auto known = RefuseNewerRecord(path, format, 1);
  auto text = known ? ReadText(path) : Result<std::string>(tl::make_unexpected(known.error()));
  auto json = text ? ParseJson(*text, path.string()) : Result<Json>(tl::make_unexpected(text.error()));
  if (json) return *std::move(json);
  problems.push_back(json.error().message);
  return {};
}

template <class T, class Read>
void Fill(std::optional<T>& target, const std::filesystem::path& path, std::vector<std::string>& problems,
          Read&& read) {
  if (!IsToRead(path, problems)) return;
  auto result = read();
  if (result) target = *std::move(result);
  else problems.push_back(result.error().message);
}

// The columns after the first five; empty unless each is a number.
std::vector<float> Scores(const std::vector<std::string>& row, size_t classes) {
  if (row.size() != 5 + classes) return {};
  std::vector<float> scores;
  for (size_t i = 5; i < row.size(); ++i) {
    char* end = nullptr;
    scores.push_back(std::strtof(row[i].c_str(), &end));
    if (row[i].empty() || *end != '\0') return {};
  }
  return scores;
}

int LabelIndex(const dataset::Dataset& dataset, const std::string& name) {
  const auto found = std::find(dataset.labels.begin(), dataset.labels.end(), name);
  return found == dataset.labels.end() ? -1 : static_cast<int>(found - dataset.labels.begin());
}

}  // namespace

Result<Records> ReadRecords(const std::filesystem::path& run) {
  Records records;
  records.run = run;
  const std::filesystem::path folder = std::filesystem::absolute(run).lexically_normal();
  records.run_name = (folder.has_filename() ? folder : folder.parent_path()).filename().string();
  HL_ASSIGN(records.dataset, dataset::ReadDataset(run / "dataset.json"));
  auto& problems = records.problems;
  Fill(records.split, run / "split.json", problems,
       [&] { return split::ReadSplit(run / "split.json", records.dataset); });
  // A review of other pictures is none.
  if (auto review = review::ReadReview(run, records.dataset)) records.review = *std::move(review);
  else problems.push_back(review.error().message);
  Fill(records.search, run / "search.json", problems, [&] { return search::ReadSearch(run); });
  Fill(records.reduce, run / "reduce.json", problems, [&] { return reduce::ReadReduce(run); });
  records.conversion = Optional(run / "model" / "conversion.json", "handlens-conversion", problems);
  records.description = OptionalPlain(run / "model" / "description.json", "handlens-description", problems);
  std::optional<verify::VerdictRecord> verdict;
  Fill(verdict, run / "verdict.json", problems, [&] { return verify::ReadVerdict(run); });
  if (verdict) records.verdict = std::move(verdict->json);
  records.memory = OptionalPlain(run / "memory.json", "handlens-memory", problems);
  records.crossvalidation = OptionalPlain(run / "crossvalidation.json", "handlens-crossvalidation", problems);
  records.timings = OptionalPlain(run / "timings.json", "handlens-timings", problems);
  if (const auto model = ReadFile(run / "model" / "quantizedmodel.tflite")) {
    if (const auto needs = inference::NeedsOf(*model)) records.plain_c = *needs;
  }
  if (auto csv = ReadText(run / "predictions.csv")) {
    auto predictions = ParsePredictions(*csv, (run / "predictions.csv").string(), records.dataset);
    if (predictions) records.predictions = *std::move(predictions);
    else problems.push_back(predictions.error().message);
  }
  if (auto config = ReadText(run / "handlens.toml")) records.config = *std::move(config);
  return records;
}

Result<std::vector<RoutePrediction>> ParsePredictions(std::string_view csv, std::string_view where,
                                                      const dataset::Dataset& dataset) {
  std::map<std::string, int> pictures;  // by id and by path
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    pictures.emplace(dataset.pictures[i].id, static_cast<int>(i));
    pictures.emplace(dataset.pictures[i].path, static_cast<int>(i));
  }
  std::vector<RoutePrediction> predictions;
  HL_ASSIGN(const std::vector<dataset::CsvRow> rows, dataset::ParseCsv(csv, where));
  for (size_t i = 1; i < rows.size(); ++i) {
    const std::vector<std::string>& row = rows[i].fields;
    if (row.size() < 5) continue;
    const auto found = pictures.find(std::string(WithoutCsvGuard(row[0])));
    const bool on_test = row[1] == "quantized" || row[1] == "computer";
    predictions.push_back({.route = row[1],
                           .picture = found == pictures.end() ? -1 : found->second,
                           .label = LabelIndex(dataset, std::string(WithoutCsvGuard(row[3]))),
                           .predicted = LabelIndex(dataset, std::string(WithoutCsvGuard(row[4]))),
                           .scores = on_test ? Scores(row, dataset.labels.size()) : std::vector<float>()});
  }
  return predictions;
}

const Json& At(const Json& json, std::string_view key) {
  static const Json kNull;
  if (!json.is_object()) return kNull;
  const auto found = json.find(std::string(key));
  return found == json.end() ? kNull : *found;
}

std::optional<double> NumberAt(const Json& json, std::string_view key) {
  const Json& value = At(json, key);
  if (!value.is_number()) return {};
  return value.get<double>();
}

std::string TextAt(const Json& json, std::string_view key) {
  const Json& value = At(json, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::string Printed(const Json& json) {
  if (json.is_string()) return json.get<std::string>();
  if (json.is_boolean()) return json.get<bool>() ? "yes" : "no";
  if (json.is_null()) return "–";
  if (!json.is_structured()) return json.dump();
  std::string text;
  for (const auto& [key, value] : json.items()) {
    if (!text.empty()) text += ", ";
    text += json.is_array() ? Printed(value) : key + " " + Printed(value);
  }
  return text;
}

std::string AsSentence(std::string text) {
  if (!text.empty()) text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  return text + ".";
}

std::vector<std::string> Sentences(const Json& list) {
  std::vector<std::string> lines;
  if (!list.is_array()) return lines;
  for (const Json& entry : list) lines.push_back(Printed(entry));
  return lines;
}

const search::CellResult* FinalCell(const Records& records) {
  const auto at = [](const auto& cells, int index) {
    return index >= 0 && static_cast<size_t>(index) < cells.size() ? &cells[static_cast<size_t>(index)]
                                                                   : nullptr;
  };
  if (records.reduce) {
    if (const auto* reduced = at(records.reduce->cells, records.reduce->chosen)) return &reduced->cell;
  }
  return records.search ? at(records.search->cells, records.search->chosen) : nullptr;
}

Judged Pool(const search::CellResult& cell, const dataset::Dataset& dataset, Part part) {
  Judged judged;
  judged.classes = static_cast<int>(dataset.labels.size());
  const size_t classes = dataset.labels.size();
  for (const train::TrialResult& fold : cell.folds) {
    const train::Predictions& predictions = part == Part::kTrain ? fold.train : fold.test;
    if (predictions.scores.size() != predictions.pictures.size() * classes) continue;
    for (size_t i = 0; i < predictions.pictures.size(); ++i) {
      const int picture = predictions.pictures[i];
      if (picture < 0 || static_cast<size_t>(picture) >= dataset.pictures.size()) continue;
      const auto row = predictions.scores.begin() + static_cast<std::ptrdiff_t>(i * classes);
      judged.picture.push_back(picture);
      judged.truth.push_back(dataset.pictures[static_cast<size_t>(picture)].label);
      judged.predicted.push_back(
          static_cast<int>(std::max_element(row, row + static_cast<std::ptrdiff_t>(classes)) - row));
      judged.scores.insert(judged.scores.end(), row, row + static_cast<std::ptrdiff_t>(classes));
    }
  }
  return judged;
}

namespace {

Judged AnswersOf(const Records& records, std::string_view route) {
  Judged judged;
  judged.classes = static_cast<int>(records.dataset.labels.size());
  for (const RoutePrediction& p : records.predictions) {
    if (p.route != route || p.picture < 0 || p.label < 0 || p.predicted < 0 || p.scores.empty()) continue;
    judged.picture.push_back(p.picture);
    judged.truth.push_back(p.label);
    judged.predicted.push_back(p.predicted);
    judged.scores.insert(judged.scores.end(), p.scores.begin(), p.scores.end());
  }
  return judged;
}

}  // namespace

Judged TestAnswers(const Records& records) {
  for (const char* route : {"quantized", "computer"}) {
    if (Judged judged = AnswersOf(records, route); !judged.picture.empty()) return judged;
  }
  const search::CellResult* cell = FinalCell(records);
  return cell == nullptr ? Judged{} : Pool(*cell, records.dataset, Part::kTest);
}

}  // namespace handlens::report
