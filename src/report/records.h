// What a run folder holds, read once: the records of all rooms, each of which may be missing. Knows file
// names and formats; knows nothing of pages.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "dataset/dataset.h"
#include "inference/inference.h"
#include "reduce/reduce.h"
#include "review/review.h"
#include "search/search.h"
#include "split/split.h"

namespace handlens::report {

// One line of RUN/predictions.csv; unknown labels and pictures are -1.
struct RoutePrediction {
  std::string route;
  int picture = -1, label = -1, predicted = -1;
  std::vector<float> scores =
      {};  // one a class, of the routes on test pictures only; empty where a column is missing
};

struct Records {
  std::filesystem::path run;
  std::string run_name = "RUN";  // of its folder, for commands to copy
  dataset::Dataset dataset;
  std::optional<split::Split> split;
  std::optional<review::Review> review;
  std::optional<search::SearchResult> search;
  std::optional<reduce::ReduceResult> reduce;
  Json conversion, description, verdict, timings, memory, crossvalidation;  // null = not there
  std::optional<inference::CNeeds> plain_c;  // of the int8 file; nothing where it has no form in C
  std::vector<RoutePrediction> predictions;
  std::string config;  // handlens.toml, empty = not there
  std::vector<std::string>
      changed;  // files that are not as the steps left them, a sentence each; the caller's
  std::filesystem::path
      backgrounds;  // the user's own, of the simulated camera; empty: built in; the caller's
  std::map<std::string, std::string>
      hidden_paths;  // of pictures by id, where dataset's paths are not the files' (anonymous.h)
  std::vector<std::string> problems;  // records that are there and could not be read, with the reason
};

// Kind kBadInput when dataset.json is missing or unreadable; every other trouble becomes a problem.
Result<Records> ReadRecords(const std::filesystem::path& run);

// RUN/predictions.csv as verify writes it (docs/formats.md). Rows of another shape are left out. Kind
// kBadInput when it is no such table; `where` names it.
Result<std::vector<RoutePrediction>> ParsePredictions(std::string_view csv, std::string_view where,
                                                      const dataset::Dataset& dataset);

// Reading records whose writer may be newer or older: a missing key or another type is nothing, not an error.
const Json& At(const Json& json, std::string_view key);  // null when absent
std::optional<double> NumberAt(const Json& json, std::string_view key);
std::string TextAt(const Json& json, std::string_view key);  // empty when absent
std::string Printed(const Json& json);                       // a scalar or structure for people
std::string AsSentence(std::string text);                    // with a capital and a full stop
// Of an array of texts or small records; none otherwise.
std::vector<std::string> Sentences(const Json& list);

// The cell whose model is shipped: reduce's choice, else search's; nullptr when there is none.
const search::CellResult* FinalCell(const Records& records);

// Pooled predictions over folds. `scores` is (pictures, classes).
struct Judged {
  int classes = 0;
  std::vector<int> picture, truth, predicted;
  std::vector<float> scores;

  float Score(size_t i, int c) const {
    return scores[i * static_cast<size_t>(classes) + static_cast<size_t>(c)];
  }
};
enum class Part { kTrain, kTest };
Judged Pool(const search::CellResult& cell, const dataset::Dataset& dataset, Part part);

// The answers on test pictures that the page shows: those of the int8 file by the runtime, else of the float
// file, else of the training, each by the fold that never saw the picture. Empty where there are none.
Judged TestAnswers(const Records& records);

}  // namespace handlens::report
