// Scores by classifiers that never saw the picture, and what follows from them, see review.h.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <thread>

#include "base/hash.h"
#include "base/rng.h"
#include "review/review.h"
#include "train/feed.h"
#include "train/probe.h"
#include "train/start.h"

namespace handlens::review {
namespace {

using split::Fold;
using train::FeatureSet;

constexpr int kReviewVersion = 1;  // raised when the same pictures give another review
constexpr std::array kShares = {
    0.125, 0.25, 0.5};  // of a fold's training pictures; the last point of the curve is all of them
constexpr size_t kCurvePoints = kShares.size() + 1;
constexpr int kDraws = 2;           // of each share
constexpr int kFewestOfAClass = 2;  // fewer teach nothing that could be told from chance

class Looker {
 public:
  Looker(const backbone::Backbone& backbone, const train::TrialData& data, uint64_t seed, Progress& progress)
      : backbone_(backbone),
        data_(data),
        seed_(seed),
        progress_(progress),
        cut_(static_cast<int>(backbone.cuts.size()) - 1),
        classes_(data.dataset->labels.size()) {}

  Result<Review> Run() {
    Review review;
    review.backbone = backbone_.name;
    review.basis = BasisOf(backbone_, data_);
    review.size_px = data_.pixels->size_px;
    HL_ASSIGN(spec_.architecture,
              backbone::Classifier(backbone_, cut_, review.size_px, static_cast<int>(classes_)));
    spec_.model = "review";
    spec_.size_px = review.size_px;
    spec_.seed = seed_;
    spec_.recipe = train::ProbeRecipe();
    spec_.start = {backbone_.name, backbone_.hash, cut_, train::Method::kProbe, 0};
    HL_ASSIGN(features_, ComputeFeatures());
    scores_.resize(data_.dataset->pictures.size());
    const size_t folds = data_.split->folds.size();
    progress_.Begin("review", static_cast<double>(folds + 1), "fits");
    for (size_t f = 0; f < folds; ++f) {
      HL_TRY(LearnFold(static_cast<int>(f)));
      progress_.Update(static_cast<double>(f + 1), "");
    }
    if (!data_.split->holdout.empty()) {
      spec_.fold = train::kAllFolds;
      HL_ASSIGN(const train::Probe probe, train::FitProbe(spec_, data_, *features_, progress_));
      ScoreAll(probe.head, data_.split->holdout);
    }
    FindSuspects(review);
    AddCurve(review);
    std::vector<std::vector<float>> rows;
    rows.reserve(scores_.size());
    for (size_t i = 0; i < scores_.size(); ++i) {
      const auto values = Values(static_cast<int>(i));
      rows.emplace_back(values.begin(), values.end());
    }
    review.map = PrincipalMap(std::move(rows), seed_);
    progress_.End(SuspectsSentence(review));
    return review;
  }

 private:
  std::span<const float> Values(int picture) const {
    return features_->Of(static_cast<size_t>(picture), 0, cut_);
  }
  size_t Label(int picture) const {
    return static_cast<size_t>(data_.dataset->pictures[static_cast<size_t>(picture)].label);
  }

  // With all threads that there are: whoever asks for the same features helps to compute them.
  Result<std::shared_ptr<const FeatureSet>> ComputeFeatures() {
    std::vector<std::jthread> helpers;
    while (data_.spare && data_.spare->Take()) {
      helpers.emplace_back([this] {
        (void)train::FeaturesOf(spec_, data_,
                                progress_);  // a failure is met by the thread that waits for the whole
        data_.spare->Give();
      });
    }
    return train::FeaturesOf(spec_, data_, progress_);
  }

  void ScoreAll(const train::LinearHead& head, const std::vector<int>& pictures) {
    for (const int picture : pictures) {
      auto& scores = scores_[static_cast<size_t>(picture)];
      scores.resize(classes_);
      train::Score(head, Values(picture), scores);
    }
  }

  size_t Best(std::span<const float> scores) const {
    return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
  }

  // The fold's own probe scores its test pictures, and its strength of penalty serves the shares of its
  // training pictures.
  Result<void> LearnFold(int f) {
    spec_.fold = f;
    HL_ASSIGN(const Fold fold, train::PicturesOf(f, data_));
    HL_ASSIGN(const train::Probe probe, train::FitProbe(spec_, data_, *features_, progress_));
    ScoreAll(probe.head, fold.test);
    for (size_t p = 0; p < kShares.size(); ++p) HL_TRY(LearnShare(p, fold, probe.strength));
    std::vector<double> hits;
    for (const int picture : fold.test)
      hits.push_back(Best(scores_[static_cast<size_t>(picture)]) == Label(picture) ? 1.0 : 0.0);
    AddHits(kShares.size(), static_cast<double>(fold.train.size()), hits);
    return {};
  }

  Result<void> LearnShare(size_t p, const Fold& fold, double strength) {
    std::vector<double> hits(fold.test.size(), 0.0);
    double learnt = 0;
    for (int draw = 0; draw < kDraws; ++draw) {
      if (progress_.StopRequested()) return Interrupted();
      const std::vector<int> part = Part(fold.train, kShares[p], spec_.fold, draw);
      if (part.empty()) {
        usable_[p] = false;
        return {};
      }
      learnt += static_cast<double>(part.size()) / kDraws;
      HL_ASSIGN(const train::LinearHead head,
                FitPart(part, strength * static_cast<double>(fold.train.size()) /
                                  static_cast<double>(part.size())));
      std::vector<float> scores(classes_);
      for (size_t i = 0; i < fold.test.size(); ++i) {
        train::Score(head, Values(fold.test[i]), scores);
        hits[i] += Best(scores) == Label(fold.test[i]) ? 1.0 / kDraws : 0.0;
      }
    }
    AddHits(p, learnt, hits);
    return {};
  }

  // Point p of the curve gets a fold's test pictures, whose classifiers learnt from that many pictures.
  void AddHits(size_t p, double learnt, const std::vector<double>& hits) {
    learnt_[p] += learnt / static_cast<double>(data_.split->folds.size());
    hits_[p].insert(hits_[p].end(), hits.begin(), hits.end());
  }

  // That share of each class, whole clusters in a drawn order; empty where a class would have too few.
  std::vector<int> Part(const std::vector<int>& pictures, double share, int fold, int draw) const {
    std::map<std::pair<size_t, int>, std::vector<int>> clusters;  // by label and cluster
    std::vector<size_t> wanted(classes_, 0), taken(classes_, 0);
    for (const int picture : pictures) {
      clusters[{Label(picture), data_.dataset->pictures[static_cast<size_t>(picture)].cluster}].push_back(
          picture);
      ++wanted[Label(picture)];
    }
    for (size_t& count : wanted) count = static_cast<size_t>(std::lround(share * static_cast<double>(count)));
    if (std::any_of(wanted.begin(), wanted.end(), [](size_t count) { return count < kFewestOfAClass; }))
      return {};
    std::vector<const std::vector<int>*> order;
    for (const auto& [key, members] : clusters) order.push_back(&members);
    Rng(seed_, "learning curve", {static_cast<uint64_t>(fold), static_cast<uint64_t>(draw)})
        .Shuffle(std::span(order));
    std::vector<int> part;
    for (const std::vector<int>* members : order) {
      const size_t label = Label(members->front());
      if (taken[label] >= wanted[label]) continue;
      taken[label] += members->size();
      part.insert(part.end(), members->begin(), members->end());
    }
    std::sort(part.begin(), part.end());
    return part;
  }

  Result<train::LinearHead> FitPart(const std::vector<int>& part, double strength) const {
    train::LogisticSamples samples(Values(part.front()).size(), static_cast<int>(classes_));
    for (const int picture : part) samples.Add(Values(picture), static_cast<int>(Label(picture)), 1);
    HL_ASSIGN(train::LogisticFit fit, train::LogisticFit::Create(samples));
    return fit.Solve(strength);
  }

  // Suspect is a picture that another class claims: its score there is at least what that class's own
  // pictures have on average, and above that of its own label.
  void FindSuspects(Review& review) const {
    std::vector<double> usual(classes_, 0.0), count(classes_, 0.0);
    for (size_t i = 0; i < scores_.size(); ++i) {
      if (scores_[i].empty()) continue;
      const size_t label = Label(static_cast<int>(i));
      usual[label] += scores_[i][label];
      ++count[label];
      ++review.n;
      review.right += Best(scores_[i]) == label;
    }
    for (size_t c = 0; c < classes_; ++c) usual[c] = count[c] > 0 ? usual[c] / count[c] : 1;
    for (size_t i = 0; i < scores_.size(); ++i) {
      if (scores_[i].empty()) continue;
      const size_t label = Label(static_cast<int>(i)), best = Best(scores_[i]);
      if (best == label || scores_[i][best] < usual[best]) continue;
      review.suspects.push_back(
          {static_cast<int>(i), static_cast<int>(best), scores_[i][label], scores_[i][best]});
    }
    std::stable_sort(review.suspects.begin(), review.suspects.end(), [](const Suspect& a, const Suspect& b) {
      return a.other_score - a.own_score > b.other_score - b.own_score;
    });
  }

  void AddCurve(Review& review) const {
    std::vector<double> pictures;
    std::vector<std::vector<double>> hits;
    for (size_t p = 0; p < kCurvePoints; ++p) {
      if (!usable_[p] || hits_[p].empty()) continue;
      review.curve.push_back(
          {learnt_[p], std::accumulate(hits_[p].begin(), hits_[p].end(), 0.0), hits_[p].size()});
      pictures.push_back(learnt_[p]);
      hits.push_back(hits_[p]);
    }
    review.twice = ForecastOf(pictures, hits, seed_);
  }

  const backbone::Backbone& backbone_;
  const train::TrialData& data_;
  const uint64_t seed_;
  Progress& progress_;
  const int cut_;
  const size_t classes_;
  train::TrialSpec spec_;
  std::shared_ptr<const FeatureSet> features_;
  std::vector<std::vector<float>> scores_;              // by picture; empty where nobody may score it
  std::array<std::vector<double>, kCurvePoints> hits_;  // of test pictures, fold after fold
  std::array<double, kCurvePoints> learnt_ = {};
  std::array<bool, kCurvePoints> usable_ = {true, true, true, true};
};

}  // namespace

std::string BasisOf(const backbone::Backbone& backbone, const train::TrialData& data) {
  return Sha256(fmt::format("{} {} {} {}", kReviewVersion, backbone.hash, data.pixels->size_px,
                            train::DataFingerprint(*data.dataset, *data.split, data.pixels->fit)));
}

Result<Review> Look(const backbone::Backbone& backbone, const train::TrialData& data, uint64_t seed,
                    Progress& progress) {
  return Looker(backbone, data, seed, progress).Run();
}

}  // namespace handlens::review
