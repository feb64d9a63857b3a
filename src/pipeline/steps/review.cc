// The step that looks at the pictures with a backbone's eyes (declared in steps.h).
#include <algorithm>

#include "base/text.h"
#include "pipeline/backbones.h"
#include "pipeline/steps.h"
#include "review/review.h"
#include "train/features.h"

namespace handlens::pipeline {
namespace {

// Any size tells mislabelled pictures; a larger one tells them better, and no training needs more than this.
constexpr int kUsualSize_px = 160, kLargest_px = 224;
// Beyond this the features do not fit a few hundred MB of memory.
constexpr size_t kMostPictures = 50'000;

// What the candidates need anyway, so that no picture is decoded for the review alone.
int SizeOf(const std::vector<search::Candidate>& candidates) {
  int size_px = 0;
  for (const search::Candidate& candidate : candidates) {
    if (candidate.start && candidate.size_px <= kLargest_px) size_px = std::max(size_px, candidate.size_px);
  }
  return size_px > 0 ? size_px : kUsualSize_px;
}

// What it writes, for the chain: so that a change by hand is seen. What it read is in the record's `basis`.
ChainStep Left() {
  return {.name = std::string(kReviewStep),
          .inputs = {},
          .outputs = {"review.json", "review.csv"},
          .options_sha256 = {}};
}

// It advises, and nothing depends on it: so it is done or left alone by itself, and knows whether it is
// there.
struct Review {
  static constexpr StepFacts kFacts{.name = kReviewStep,
                                    .title = "review",
                                    .command = kReviewStep,
                                    .redo = Redo::kUnrecorded,
                                    .advises = true,
                                    .shows = true};
  struct Options {
    static constexpr std::string_view kNames[] = {"size_px", "fit", "seed"};
    int size_px = 0;
    image::Fit fit = image::Fit::kCrop;
    uint64_t seed = 0;
  };
  static Result<Options> Read(const Run& run) {
    HL_ASSIGN(const std::vector<search::Candidate> candidates, CandidatesOf(run));
    return Options{SizeOf(candidates), run.fit(), run.wanted().seed};
  }
  static Files Touches(const Workspace&, const Options&) {
    return {{"dataset.json", "split.json"}, Left().outputs};
  }
  static Result<void> Work(Workspace& space, const Options& o) {
    if (space.dataset.pictures.size() > kMostPictures) {
      space.progress->Say(fmt::format("no review of the labels: it takes up to {} pictures",
                                      Thousands(static_cast<int64_t>(kMostPictures))));
      return {};
    }
    const backbone::Backbone& backbone = *space.backbones.front();
    dataset::PixelSet pixels{.size_px = o.size_px, .fit = o.fit, .bytes = {}};
    SpareThreads spare(space.jobs - 1);
    train::FeatureStore features(space.dataset, space.At("cache"));
    const train::TrialData data{.dataset = &space.dataset,
                                .split = &space.split,
                                .pixels = &pixels,
                                .spare = &spare,
                                .backbones = Pointers(space),
                                .features = &features};
    const auto before = review::ReadReview(space.folder, space.dataset);
    HL_ASSIGN(const Freshness as_left, StepIsFresh(space.folder, Left()));
    if (as_left.fresh && before && *before && (*before)->basis == review::BasisOf(backbone, data)) return {};
    HL_TRY(PrepareSizes(space, o.fit, {o.size_px}));
    HL_ASSIGN(pixels, dataset::LoadPixels(space.dataset, o.size_px, o.fit, space.At("cache")));
    HL_ASSIGN(const review::Review review, review::Look(backbone, data, o.seed, *space.progress));
    if (!review.suspects.empty())
      space.progress->Warn(review::SuspectsSentence(review) + " (review.csv, and the report)");
    HL_TRY(review::WriteReview(space.folder, space.dataset, review));
    space.written.insert(space.written.end(), {"review.json", "review.csv"});
    return RecordStep(space.folder, Left());
  }
  static Result<void> Load(Workspace&, const Options&) { return {}; }
  // Where a search follows that is still to be done: a run that is finished is not looked at again.
  static bool Belongs(const Run& run) {
    std::error_code error;
    const bool wanted = run.goal == kFacts.command || !std::filesystem::exists(run.At("search.json"), error);
    return wanted && !run.space.backbones.empty();
  }
};

}  // namespace

Step ReviewRow() { return StepOf<Review>(Review::Belongs); }

}  // namespace handlens::pipeline
