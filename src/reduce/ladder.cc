// The ladder of depths and sizes, see ladder.h.
#include "reduce/ladder.h"

#include <algorithm>
#include <cmath>
#include <list>

#include "backbone/thin.h"
#include "reduce/files.h"
#include "search/choice.h"
#include "search/from_backbone.h"
#include "search/pace.h"
#include "search/presets.h"
#include "train/start.h"

namespace handlens::reduce {
namespace {

using Training = search::BackboneModel::Training;

// Shallow networks learn more when they are trained like those from scratch than gently, deeper ones learn
// rubbish that way; pictures above 96 px cost more than anybody has shown them to bring
// (docs/studies/transfer.md).
constexpr int64_t kShallowParameters = 300'000;
constexpr int kShallowSize_px = 96;
// Probes here only show what promises most, so fewer varied views of a picture do; the base's own probe keeps
// its.
constexpr int kLadderViews = 2;
// Of validation accuracy, that training adds to a shallow network's probe at most (seen: 6 points). To a
// deeper one gentle tuning adds no more than it added to the base, where that was tuned (seen: 2 points of
// its 4).
constexpr double kMostGain = 0.08;
// A training of all folds takes minutes: it is for files of this share of the bytes at most that the model
// chosen so far has.
constexpr double kWorthwhile = 0.5;

// Shares of the channels inside blocks that a thorough run tries, in percent.
constexpr int kThinner[] = {75, 50};

// A training of all folds takes as long as the search's last candidate; only a thorough run goes on until no
// smaller model can be good enough.
int MostTrainings(std::string_view preset) { return preset == "thorough" ? 99 : 1; }

class Ladder {
 public:
  Ladder(const dataset::Dataset& dataset, const split::Split& split, const search::Candidate& base,
         const ReduceOptions& options, Progress& progress)
      : dataset_(dataset), split_(split), base_(base), options_(options), progress_(progress) {}

  Result<ReduceResult> Run() {
    HL_TRY(MakeProbes());
    std::vector<search::Candidate> first;
    for (const ReduceCell& cell : cells_) first.push_back(cell.cell.candidate);
    HL_TRY(Train(first, 0, "reduce, probes", std::nullopt));
    for (ReduceCell& cell : cells_) EstimateFiles(cell);
    HL_TRY(TunePromising());
    if (options_.search.preset == "thorough") HL_TRY(ThinChosen());
    return Conclude();
  }

 private:
  Result<search::Candidate> Make(int cut, int size_px, Training training) const {
    HL_ASSIGN(const backbone::Backbone* backbone, train::BackboneOf(*base_.start, options_.search.backbones));
    return MakeFrom(*backbone, cut, size_px, training);
  }
  Result<search::Candidate> MakeFrom(const backbone::Backbone& backbone, int cut, int size_px,
                                     Training training) const {
    search::BackboneTraining how{dataset_.pictures.size(), base_.recipe.class_weights,
                                 base_.architecture.classes};
    HL_ASSIGN(how.own,
              search::PresetRecipe(options_.search.preset, base_.generator, how.pictures, how.unbalanced));
    HL_ASSIGN(search::Candidate made,
              search::BackboneCandidate({&backbone, cut, training}, size_px, base_.generator, how));
    // The search's own training, so that the two can be told apart by depth and size alone.
    if (training == Training::kTune && base_.start->method == train::Method::kTune)
      made.recipe = base_.recipe;
    return made;
  }
  Result<search::Candidate> MakeTrained(const search::Candidate& probe) const {
    HL_ASSIGN(const nn::ModelCost cost, nn::Cost(probe.architecture, 1));
    if (cost.parameters >= kShallowParameters) return Make(probe.start->cut, probe.size_px, Training::kTune);
    return Make(probe.start->cut, std::min(probe.size_px, kShallowSize_px), Training::kTrain);
  }
  void Add(search::Candidate candidate) {
    ReduceCell& cell = cells_.emplace_back();
    cell.filters = candidate.start->cut + 1;
    cell.neurons = candidate.size_px;
    cell.cell.candidate = std::move(candidate);
  }
  Result<void> MakeProbes() {
    for (const int size_px : LadderSizes(base_.size_px, options_.search.preset)) {
      for (int cut = 0; cut <= base_.start->cut; ++cut) {
        HL_ASSIGN(search::Candidate probe, Make(cut, size_px, Training::kProbe));
        const bool base = probe.model == base_.model && size_px == base_.size_px;
        if (!base) probe.start->views = std::min(probe.start->views, kLadderViews);
        Add(base ? base_ : std::move(probe));
      }
    }
    const auto itself = std::find_if(cells_.begin(), cells_.end(), [&](const ReduceCell& c) {
      return c.cell.candidate.model == base_.model && c.cell.candidate.size_px == base_.size_px;
    });
    base_cell_ = static_cast<size_t>(itself - cells_.begin());
    if (itself == cells_.end()) Add(base_);
    return {};
  }
  // Trains cells from `from` on and puts the results into them; with a standard, as far as they come up to
  // it.
  Result<void> Train(const std::vector<search::Candidate>& candidates, size_t from, std::string_view step,
                     std::optional<search::Standard> standard) {
    search::SearchOptions search = options_.search;
    search.step = step;
    search.candidates = candidates;
    for (const backbone::Backbone& thin : thin_) search.backbones.push_back(&thin);
    search.exhaustive = !standard;
    search.standard = standard;
    if (search.budget_s > 0) search.budget_s = std::max(0.001, search.budget_s - spent_s_);
    const double begun_s = search::MonotonicSeconds();
    HL_ASSIGN(search::SearchResult searched, search::Search(dataset_, split_, search, progress_));
    spent_s_ += search::MonotonicSeconds() - begun_s;
    cut_short_ |= searched.cut_short;
    for (size_t i = 0; i < searched.cells.size(); ++i) cells_[from + i].cell = std::move(searched.cells[i]);
    return {};
  }
  bool TimeIsUp() const { return options_.search.budget_s > 0 && spent_s_ >= options_.search.budget_s; }
  bool Whole(const ReduceCell& cell) const { return cell.cell.folds.size() == split_.folds.size(); }

  // Indices of probes that no smaller file beats on validation pictures, files rising.
  std::vector<size_t> Front() const {
    std::vector<size_t> order;
    for (size_t i = 0; i < cells_.size(); ++i) {
      if (Whole(cells_[i]) && i != base_cell_) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return cells_[a].int8_bytes < cells_[b].int8_bytes; });
    std::vector<size_t> front;
    for (const size_t i : order) {
      const auto accuracy = [&](size_t c) { return cells_[c].cell.standing.mean; };
      // Another size costs no bytes: of one depth the better size stays.
      if (!front.empty() && cells_[front.back()].filters == cells_[i].filters) {
        if (accuracy(i) > accuracy(front.back())) front.back() = i;
      } else if (front.empty() || accuracy(i) > accuracy(front.back())) {
        front.push_back(i);
      }
    }
    return front;
  }

  search::Choice Choose() const { return ChooseCell(dataset_, cells_, kReduceMargin, options_.max_bytes); }
  // Whether the file must be smaller than that of the model that would be chosen without a limit.
  bool Squeezed() const {
    const search::Choice free = ChooseCell(dataset_, cells_, kReduceMargin, 0);
    return options_.max_bytes > 0 && !Fits(cells_[static_cast<size_t>(free.chosen)], options_.max_bytes);
  }

  // What training will add to a probe's validation accuracy at most.
  double MostGain(const ReduceCell& probe) const {
    if (probe.cell.parameters < kShallowParameters || base_.start->method == train::Method::kProbe)
      return kMostGain;
    const ReduceCell& base = cells_[base_cell_];
    for (const ReduceCell& own : cells_) {
      const search::Candidate& c = own.cell.candidate;
      if (c.start->method == train::Method::kProbe && own.filters == base.filters &&
          own.neurons == base.neurons)
        return base.cell.standing.mean - own.cell.standing.mean;
    }
    return kMostGain;
  }

  Result<void> TunePromising() {
    const search::Choice so_far = Choose();
    const bool squeezed = Squeezed();
    const double wanted = cells_[static_cast<size_t>(so_far.best)].cell.standing.mean - kReduceMargin;
    const double most_bytes =
        kWorthwhile * static_cast<double>(cells_[static_cast<size_t>(so_far.chosen)].int8_bytes);
    std::vector<size_t> front = Front();
    std::erase_if(front, [&](size_t c) {
      const bool small = squeezed ? Fits(cells_[c], options_.max_bytes)
                                  : static_cast<double>(cells_[c].int8_bytes) <= most_bytes;
      return !small || cells_[c].cell.standing.mean + MostGain(cells_[c]) < wanted;
    });
    // Between `low`, which is too small, and `high`, which is good enough; a search by halves, since accuracy
    // rises with depth. Under a limit that binds it begins with the largest that fits, which promises most.
    size_t low = 0, high = front.size();
    for (int left = MostTrainings(options_.search.preset); low < high && left > 0 && !TimeIsUp(); --left) {
      const size_t middle = squeezed && high == front.size() ? high - 1 : (low + high) / 2;
      const search::Candidate& probe = cells_[front[middle]].cell.candidate;
      HL_ASSIGN(search::Candidate tuned, MakeTrained(probe));
      if (tuned.model == base_.model &&
          tuned.size_px == base_.size_px) {  // the base itself, which is good enough
        high = middle;
        ++left;
        continue;
      }
      const size_t place = cells_.size();
      HL_TRY(TrainOne(std::move(tuned)));
      if (Whole(cells_[place]) && static_cast<size_t>(Choose().chosen) == place) high = middle;
      else low = middle + 1;
    }
    return {};
  }
  // The chosen model with fewer channels inside its blocks, while that is not worse. Only of shallow models,
  // which are trained like those from scratch: gentle tuning does not mend what was taken out. A share that
  // takes out nothing of the blocks that are kept (channels go by eights) makes room for the next.
  Result<void> ThinChosen() {
    HL_ASSIGN(const backbone::Backbone* whole, train::BackboneOf(*base_.start, options_.search.backbones));
    for (const int percent : kThinner) {
      const auto chosen = static_cast<size_t>(Choose().chosen);
      const search::CellResult& cell = cells_[chosen].cell;
      if (TimeIsUp() || cell.parameters >= kShallowParameters ||
          cell.candidate.start->method == train::Method::kProbe)
        return {};
      auto thin = backbone::Thin(*whole, percent);
      if (!thin) continue;
      thin_.push_back(std::move(*thin));
      HL_ASSIGN(search::Candidate made,
                MakeFrom(thin_.back(), cell.candidate.start->cut, cell.candidate.size_px, Training::kTrain));
      HL_ASSIGN(const nn::ModelCost cost, nn::Cost(made.architecture, 1));
      if (cost.parameters >= cell.parameters) continue;
      const size_t place = cells_.size();
      HL_TRY(TrainOne(std::move(made)));
      if (static_cast<size_t>(Choose().chosen) != place) return {};
    }
    return {};
  }
  // Adds a cell and trains it, until it is clear that it is too far below the best.
  Result<void> TrainOne(search::Candidate candidate) {
    const size_t place = cells_.size();
    const search::CellResult best = cells_[static_cast<size_t>(Choose().best)].cell;
    Add(candidate);
    HL_TRY(Train({std::move(candidate)}, place, fmt::format("reduce, {}", NameAndSize(cells_[place])),
                 search::Standard{&best, kReduceMargin}));
    EstimateFiles(cells_[place]);
    return {};
  }
  static std::string NameAndSize(const ReduceCell& cell) {
    return fmt::format("{}, {} px", cell.cell.candidate.model, cell.cell.candidate.size_px);
  }

  Result<ReduceResult> Conclude() {
    const search::Choice choice = Choose();
    ReduceResult result;
    result.sweeping = Sweeping::kLadder;
    result.cut_short = cut_short_ || TimeIsUp();
    result.best = choice.best;
    result.chosen = choice.chosen;
    result.rule = fmt::format("A ladder of {} depths at {} sizes: probes of all, and {} tuned. ",
                              base_.start->cut + 1, LadderSizes(base_.size_px, options_.search.preset).size(),
                              std::count_if(cells_.begin(), cells_.end(),
                                            [](const ReduceCell& c) {
                                              return c.cell.candidate.start->method == train::Method::kTune;
                                            })) +
                  choice.rule;
    const ReduceCell &before = cells_[base_cell_], &after = cells_[static_cast<size_t>(choice.chosen)];
    result.parameters_before = before.cell.parameters;
    result.bytes_before = before.float_bytes;
    result.parameters_after = after.cell.parameters;
    result.bytes_after = after.float_bytes;
    result.cells = std::move(cells_);
    return result;
  }

  const dataset::Dataset& dataset_;
  const split::Split& split_;
  const search::Candidate& base_;
  const ReduceOptions& options_;
  Progress& progress_;
  std::vector<ReduceCell> cells_;
  std::list<backbone::Backbone> thin_;  // a list: candidates point at them
  size_t base_cell_ = 0;
  double spent_s_ = 0;
  bool cut_short_ = false;  // by the budget of one search
};

}  // namespace

std::vector<int> LadderSizes(int base_px, std::string_view preset) {
  std::vector<int> sizes;
  for (const int size_px : {96, 128, 176, 224, 260}) {
    if (size_px < base_px) sizes.push_back(size_px);
  }
  if (preset != "thorough" && sizes.size() > 1) {  // the one next to half the base's
    sizes = {*std::min_element(sizes.rbegin(), sizes.rend(), [&](int a, int b) {
      return std::abs(2 * a - base_px) < std::abs(2 * b - base_px);
    })};
  }
  sizes.push_back(base_px);
  return sizes;
}

Result<ReduceResult> ReduceLadder(const dataset::Dataset& dataset, const split::Split& split,
                                  const search::Candidate& base, const ReduceOptions& options,
                                  Progress& progress) {
  HL_CHECK(base.start);
  return Ladder(dataset, split, base, options, progress).Run();
}

Result<Expected> ExpectLadder(const search::Candidate& base, const ReduceOptions& options,
                              size_t training_pictures, int folds, const Progress& progress) {
  HL_ASSIGN(const backbone::Backbone* backbone, train::BackboneOf(*base.start, options.search.backbones));
  const std::vector<int> sizes = LadderSizes(base.size_px, options.search.preset);
  search::BackboneTraining how{training_pictures * 10 / 7, base.recipe.class_weights,
                               base.architecture.classes};
  HL_ASSIGN(how.own,
            search::PresetRecipe(options.search.preset, base.generator, how.pictures, how.unbalanced));
  // A look at all pictures for each size, which gives all depths; their fits, the widest of which dominates;
  // and the tuned ones of a search by halves, about half as deep as the base.
  const int thinner = options.search.preset == "thorough" ? static_cast<int>(std::size(kThinner)) : 0;
  const int rounds = thinner + std::min(MostTrainings(options.search.preset),
                                        static_cast<int>(std::ceil(std::log2(base.start->cut + 2))));
  std::vector<search::Candidate> trained;
  for (const int size_px : sizes) {
    HL_ASSIGN(trained.emplace_back(), search::BackboneCandidate({backbone, base.start->cut, Training::kProbe},
                                                                size_px, base.generator, how));
  }
  for (int i = 0; i < rounds; ++i) {
    HL_ASSIGN(trained.emplace_back(),
              search::BackboneCandidate({backbone, base.start->cut / 2, Training::kTrain},
                                        std::min(sizes.front(), kShallowSize_px), base.generator, how));
  }
  HL_ASSIGN(const search::Plan plan,
            search::PlanTrials(trained, training_pictures, {.folds = folds, .jobs = options.search.jobs},
                               progress));
  const int cells = (base.start->cut + 1) * static_cast<int>(sizes.size()) + rounds;
  return Expected{cells, cells * folds, plan.seconds};
}

}  // namespace handlens::reduce
