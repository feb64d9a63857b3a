// A search of three tiny models on real files, for tests.
#pragma once

#include "search/search.h"
#include "train/synthetic_files.h"

namespace handlens::search {

// Real files in a real folder: prepared, trained and read back.
class TinySearch : public train::SyntheticFiles {
 protected:
  void SetUp() override { Make(30, 3, 2); }

  SearchOptions Options(const std::string& run, int jobs) const {
    SearchOptions options;
    options.trials = root_ / run / "trials";
    options.cache = root_ / "cache";
    options.jobs = jobs;
    options.preset = "test";
    options.yardstick = Yardstick::kBoth;
    for (const int filters : {2, 4, 6}) {
      Candidate candidate;
      candidate.model = fmt::format("tiny{}", filters);
      candidate.size_px = 12;
      candidate.architecture = train::TinyModel(12, 2);
      candidate.architecture.layers[0].units = filters;
      candidate.recipe = train::PaperRecipe();
      candidate.recipe.learning_rate = 0.05f;
      candidate.recipe.epochs = filters == 2 ? 1 : 6;
      candidate.recipe.batch = 8;
      options.candidates.push_back(candidate);
    }
    return options;
  }
  // search.json without what only the clock decides.
  std::string Record(const std::string& run, const SearchResult& result) {
    EXPECT_TRUE(WriteSearch(root_ / run, dataset_, result));
    return *ReadText(root_ / run / "search.json");
  }
  SearchResult Do(const SearchOptions& options) {
    auto result = Search(dataset_, split_, options, SilentProgress());
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? *std::move(result) : SearchResult();
  }
};

}  // namespace handlens::search
