// Parameter reduction: filters x neurons (or widths of our own family), accuracy against parameters, and the
// smallest model that is not statistically worse than the best. Chooses on validation pictures.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "search/search.h"

namespace handlens::reduce {

struct ReduceCell {
  int filters = 0;  // first convolution's filters; for our own family its width; of a ladder the cuts kept
  int neurons = 0;  // first dense layer's neurons; 0 for our own family; of a ladder the size in pixels
  search::CellResult cell;
  int64_t float_bytes = 0;  // of the float32 .tflite, estimated
  int64_t int8_bytes = 0;   // of the int8 .tflite, estimated
  // Of a cell without trials in a fast sweep: mean accuracies to be expected from its neighbours
  // (EstimateAccuracy). For pictures and for deciding what to train next; such a cell is never chosen.
  std::optional<double> expected_validation, expected_test;
};

// How a grid was swept: every cell on every fold; raced over the folds; or some cells on every fold and the
// others estimated from them. kLadder: of a model that begins with a backbone, see ladder.h.
enum class Sweeping { kWhole, kRace, kSurface, kLadder };

struct ReduceResult {
  std::vector<ReduceCell> cells;
  Sweeping sweeping = Sweeping::kWhole;
  int best = 0;    // highest mean validation accuracy
  int chosen = 0;  // the smallest that is not worse (paired test over the folds' validation pictures)
  std::string rule;
  int64_t parameters_before = 0, parameters_after = 0;
  int64_t bytes_before = 0, bytes_after = 0;
  bool cut_short = false;  // as search::SearchResult's
};

struct ReduceOptions {
  std::vector<int> filters, neurons;  // the grid; empty = chosen from the model
  search::SearchOptions search;       // everything but the candidates; `exhaustive` trains the whole grid
  // The int8 file may be no larger: chosen is then among those that are estimated to fit, if there are any. A
  // ladder looks for such a model. 0 = any size.
  int64_t max_bytes = 0;
};

// One model of the sweep, named "f8n16" or "nano12" (the base keeps its name). Filters: units of the first
// convolution; neurons: of the first dense layer that is not the last. Without such a dense layer and without
// additions, `filters` is a width: all convolutions scale with it (the first one never below 8), neurons is
// 0. Nothing when neither applies.
struct Sweep {
  int filters = 0, neurons = 0;  // of the base itself
  bool widths = false;           // scales all convolutions instead
};
std::optional<Sweep> SweepOf(const nn::ModelSpec& base);
nn::ModelSpec Resized(const nn::ModelSpec& base, const Sweep& sweep, int filters, int neurons);

// How large the int8 .tflite of the architecture may be, in bytes: estimated, with room for what the estimate
// may be wrong by. 0 for an architecture that is impossible.
int64_t MostInt8Bytes(const nn::ModelSpec& architecture);

// Sweeps around `base`, the search's choice. A model without a first convolution and a dense layer
// (MobileNet) has nothing to sweep: the result then holds the one cell and says why in `rule`. Unless the
// whole grid is asked for, up to 50 cells race over the folds, and of more the knots of a coarser grid are
// trained, then those cells below the choice so far that a smooth surface through the trained ones expects to
// be good enough, until there are none: docs/studies/search.md. A share (options.search.share) of a whole
// grid trains, and gives an empty result.
Result<ReduceResult> Reduce(const dataset::Dataset& dataset, const split::Split& split,
                            const search::Candidate& base, const ReduceOptions& options, Progress& progress);

// What the sweep would cost if `base` were the search's choice: the trials that it is likely to train, and
// their seconds on options.search.jobs threads. Kind kUsage for a grid that is none.
struct Expected {
  int cells = 0, trials = 0;
  double seconds = 0;
};
Result<Expected> ExpectReduction(const search::Candidate& base, const ReduceOptions& options,
                                 size_t training_pictures, int folds, const Progress& progress);

// RUN/reduce.json and RUN/reduce.csv (filters,neurons,fold,accuracy,parameters,bytes).
Result<void> WriteReduce(const std::filesystem::path& run, const dataset::Dataset& dataset,
                         const ReduceResult& result);
Result<ReduceResult> ReadReduce(const std::filesystem::path& run);
// ReduceResult::cut_short of the record, without the trials. False where there is none.
Result<bool> ReduceWasCutShort(const std::filesystem::path& run);

}  // namespace handlens::reduce
