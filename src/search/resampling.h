// What one cross-validation cannot say of itself, by more of them: how much chance in dealing the folds
// decides (repeats), and by how much the choice among candidates flatters the chosen one (nested
// cross-validation: Varma and Simon 2006; Cawley and Talbot 2010). Nothing here changes what is chosen or
// shipped.
#pragma once

#include <functional>

#include "base/grouped.h"
#include "search/search.h"

namespace handlens::search {

// Test pictures of some folds.
struct TestedFolds {
  std::vector<double> folds;  // accuracy of each
  size_t correct = 0, n = 0;  // all together
  double Accuracy() const { return n == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(n); }
};

struct Repeats {
  std::vector<TestedFolds> runs;  // the first is the run's own cross-validation
  MeanStd over;                   // of the runs' accuracies
  Interval ci95;                  // of the mean accuracy, by CorrectedResampledT over all folds of all runs
  std::string sentence;           // for people, whole
};

// One fold, whose test pictures had no part in choosing the candidate that is asked about them.
struct OuterFold {
  std::string chosen;  // CandidateName
  int inner_folds = 0;
  double validation = 0;  // mean accuracy of the chosen on inner validation pictures, which it was chosen by
  TestedFolds inner;      // of the chosen on the inner folds' test pictures: what the inner loop expects
  size_t correct = 0, n = 0;  // on the fold's own test pictures

  double Outer() const { return n == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(n); }
};

struct Nested {
  std::vector<OuterFold> folds;
  size_t correct = 0, n = 0;
  Interval ci95;                   // of correct / n: Wilson
  PairedFolds optimism;            // inner estimate less outer accuracy, over the folds
  PairedFolds chosen_by_optimism;  // validation accuracy that it was chosen by less outer accuracy, likewise
  std::string sentence;
};

struct Resampling {
  std::optional<Repeats> repeats;
  std::optional<Nested> nested;
};

// Pure. `tested` and `trained`: pictures of a fold.
Repeats SummarizeRepeats(std::vector<TestedFolds> runs, size_t tested, size_t trained);
Nested SummarizeNested(std::vector<OuterFold> folds, size_t tested, size_t trained);

// Searches among candidates with these folds, trained or read. With one candidate: all its folds.
using Searcher = std::function<Result<SearchResult>(const split::Split&, const std::vector<Candidate>&)>;

// The cross-validation of `chosen`, and `repeats` - 1 more with the same pictures dealt to folds anew, whole
// clusters; what is held out stays so. Errors of the searcher and of MakeSplit.
Result<Repeats> RunRepeats(const dataset::Dataset& dataset, const split::Split& split,
                           const CellResult& chosen, int repeats, const Searcher& search);

// For every fold of `split`: the whole search among `candidates` on the other folds' pictures, dealt to as
// many folds (fewer where a class has not as many pictures left), then what it chose on the fold itself.
Result<Nested> RunNested(const dataset::Dataset& dataset, const split::Split& split,
                         const std::vector<Candidate>& candidates, const Searcher& search);

// RUN/crossvalidation.json ("handlens-crossvalidation" version 1).
Json ToJson(const Resampling& resampling);
inline constexpr const char* kResamplingFile = "crossvalidation.json";
inline constexpr const char* kResamplingFormat = "handlens-crossvalidation";

}  // namespace handlens::search
