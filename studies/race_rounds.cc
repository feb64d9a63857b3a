// What a race loses by its rounds when many shards share it. Replays the race over a grid that was trained
// whole, with the seconds that each training took, on 1, 10 and 100 shards of one thread. Its decisions are a
// function of finished trials alone (search/race.h), so trainings and choice are the same for any number of
// shards; what changes is how long shards wait for the last trial of a round. Prints the tables of
// docs/cluster.md. usage: race_rounds RUN...    each searched with --exhaustive
#include <algorithm>
#include <cstdio>
#include <queue>

#include "search/choice.h"
#include "search/cost.h"
#include "search/race.h"

namespace {

using namespace handlens;
using Seconds = std::vector<double>;  // of trials, in the order in which shards take them

// When the last of `shards` is done, each taking the next trial as soon as it is free.
double Wall_s(const Seconds& trials, int shards) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_at;
  for (int i = 0; i < shards; ++i) free_at.push(0);
  double end = 0;
  for (const double seconds : trials) {
    const double done = free_at.top() + seconds;
    free_at.pop();
    free_at.push(done);
    end = std::max(end, done);
  }
  return end;
}

struct Replay {
  std::vector<search::CellResult> cells;
  std::vector<Seconds> rounds;
};

// The dearest first, as shards take them.
Seconds Ordered(std::vector<const train::TrialResult*> trials) {
  const auto cost = [](const train::TrialResult* trial) {
    return search::TrialCost({trial->spec.model, trial->spec.size_px, trial->spec.generator,
                              trial->spec.recipe, trial->spec.architecture, trial->spec.start},
                             1);
  };
  std::stable_sort(trials.begin(), trials.end(),
                   [&](const auto* a, const auto* b) { return cost(a) > cost(b); });
  Seconds seconds;
  for (const train::TrialResult* trial : trials) seconds.push_back(trial->seconds);
  return seconds;
}

Replay RaceOver(const dataset::Dataset& dataset, const search::SearchResult& grid) {
  Replay replay;
  for (const search::CellResult& cell : grid.cells) {
    replay.cells.push_back(cell);
    replay.cells.back().folds.clear();
  }
  search::Race race(dataset, static_cast<int>(grid.cells[0].folds.size()), replay.cells);
  for (auto asked = race.Next(); !asked.empty(); asked = race.Next()) {
    std::vector<const train::TrialResult*> trials;
    for (const auto& [cell, fold] : asked) {
      trials.push_back(&grid.cells[cell].folds[static_cast<size_t>(fold)]);
      replay.cells[cell].folds.push_back(*trials.back());
    }
    for (search::CellResult& cell : replay.cells) {
      std::sort(cell.folds.begin(), cell.folds.end(),
                [](const auto& a, const auto& b) { return a.spec.fold < b.spec.fold; });
    }
    replay.rounds.push_back(Ordered(trials));
  }
  for (search::CellResult& cell : replay.cells) {
    if (!cell.folds.empty()) search::FillSummary(dataset, cell);
  }
  return replay;
}

void PrintChoice(const char* how, const dataset::Dataset& dataset,
                 const std::vector<search::CellResult>& cells) {
  size_t trainings = 0;
  for (const search::CellResult& cell : cells) trainings += cell.folds.size();
  const search::CellResult& chosen =
      cells[static_cast<size_t>(search::Choose(dataset, cells, search::kSearchMargin).chosen)];
  std::printf("%s: %zu trainings; %s, %zu of %zu test pictures right (%.3f to %.3f)\n", how, trainings,
              search::CandidateName(chosen.candidate).c_str(), chosen.test_correct, chosen.test_n,
              chosen.test_ci95.low, chosen.test_ci95.high);
}

Result<void> Study(const std::filesystem::path& run) {
  HL_ASSIGN(const dataset::Dataset dataset, dataset::ReadDataset(run / "dataset.json"));
  HL_ASSIGN(const search::SearchResult grid, search::ReadSearch(run));
  if (!grid.exhaustive) return Fail(ErrorKind::kUsage, "{}: search it with --exhaustive first", run.string());
  const Replay race = RaceOver(dataset, grid);
  std::vector<const train::TrialResult*> all;
  for (const search::CellResult& cell : grid.cells) {
    for (const train::TrialResult& trial : cell.folds) all.push_back(&trial);
  }
  std::printf("\n%s: %zu pictures, %zu candidates, %zu rounds\n", run.filename().c_str(),
              dataset.pictures.size(), grid.cells.size(), race.rounds.size());
  PrintChoice("grid", dataset, grid.cells);
  PrintChoice("race", dataset, race.cells);
  Seconds together;
  for (const Seconds& round : race.rounds) together.insert(together.end(), round.begin(), round.end());
  std::printf(
      "| shards | race, s | its trainings without rounds, s | shards wait | grid, s "
      "|\n|---|---|---|---|---|\n");
  for (const int shards : {1, 10, 100}) {
    double wall = 0, work = 0;
    for (const Seconds& round : race.rounds) wall += Wall_s(round, shards);
    for (const double seconds : together) work += seconds;
    std::printf("| %d | %.1f | %.1f | %.0f %% | %.1f |\n", shards, wall, Wall_s(together, shards),
                100 * (1 - work / (wall * shards)), Wall_s(Ordered(all), shards));
  }
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    if (const auto done = Study(argv[i]); !done) {
      std::fprintf(stderr, "%s\n", done.error().message.c_str());
      return static_cast<int>(done.error().kind);
    }
  }
  return argc > 1 ? 0 : 2;
}
