// Shortcuts: how well one dull property of a file alone predicts the label, cross-validated with clusters
// together.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <optional>

#include "base/stats.h"
#include "dataset/check/checks.h"

namespace handlens::dataset {
namespace {

constexpr size_t kFolds = 5;
constexpr size_t kBins = 8;

// Technical properties should say nothing about the subject; brightness or detail may, so more is asked of
// them. Skill is (accuracy - chance) / (1 - chance).
constexpr double kTechnicalSkill = 0.20;
constexpr double kContentSkill = 0.60;

struct Property {
  std::string name;
  double least_skill;
  std::vector<double> values;  // numbers; or, when `words` is not empty, indices into it
  std::vector<std::string> words;
  std::string advice;
};

std::vector<size_t> FoldOfPictures(const Dataset& dataset) {
  // Clusters in the order of their first picture, dealt out within each class.
  std::map<int, size_t> fold_of_cluster;
  std::vector<size_t> next(dataset.labels.size());
  std::vector<size_t> folds;
  for (const Picture& picture : dataset.pictures) {
    const auto [it, is_new] = fold_of_cluster.try_emplace(picture.cluster, 0);
    if (is_new) it->second = next[static_cast<size_t>(picture.label)]++ % kFolds;
    folds.push_back(it->second);
  }
  return folds;
}

// The most frequent label of each bin of the training pictures.
class BinVote {
 public:
  BinVote(const Property& property, size_t labels) : property_(property), labels_(labels) {}

  void Learn(const std::vector<size_t>& rows, const std::vector<int>& truth) {
    edges_.clear();
    if (property_.words.empty()) {
      std::vector<double> sorted;
      for (const size_t i : rows) sorted.push_back(property_.values[i]);
      std::sort(sorted.begin(), sorted.end());
      for (size_t b = 1; b < kBins && !sorted.empty(); ++b)
        edges_.push_back(sorted[b * sorted.size() / kBins]);
    }
    counts_.clear();
    all_.assign(labels_, 0);
    for (const size_t i : rows) {
      auto& bin = counts_[BinOf(property_.values[i])];
      bin.resize(labels_);
      ++bin[static_cast<size_t>(truth[i])];
      ++all_[static_cast<size_t>(truth[i])];
    }
  }

  int Predict(size_t row) const {
    const auto it = counts_.find(BinOf(property_.values[row]));
    const auto& votes = it == counts_.end() ? all_ : it->second;
    return static_cast<int>(std::max_element(votes.begin(), votes.end()) - votes.begin());
  }

 private:
  size_t BinOf(double value) const {
    if (!property_.words.empty()) return static_cast<size_t>(value);
    return static_cast<size_t>(std::upper_bound(edges_.begin(), edges_.end(), value) - edges_.begin());
  }

  const Property& property_;
  size_t labels_;
  std::vector<double> edges_;
  std::map<size_t, std::vector<size_t>> counts_;
  std::vector<size_t> all_;
};

size_t CountCorrect(const Property& property, const std::vector<int>& truth, const std::vector<size_t>& folds,
                    size_t labels) {
  size_t correct = 0;
  BinVote vote(property, labels);
  for (size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<size_t> rows;
    for (size_t i = 0; i < truth.size(); ++i) {
      if (folds[i] != fold) rows.push_back(i);
    }
    vote.Learn(rows, truth);
    for (size_t i = 0; i < truth.size(); ++i)
      correct += folds[i] == fold && vote.Predict(i) == truth[i] ? 1 : 0;
  }
  return correct;
}

Property Words(std::string name, const Dataset& dataset, const std::function<std::string(size_t)>& word,
               std::string advice) {
  Property property{std::move(name), kTechnicalSkill, {}, {}, std::move(advice)};
  std::map<std::string, size_t> number;
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    const auto [it, is_new] = number.try_emplace(word(i), number.size());
    if (is_new) property.words.push_back(it->first);
    property.values.push_back(static_cast<double>(it->second));
  }
  return property;
}

Property Numbers(std::string name, double least_skill, const std::vector<double>& values,
                 std::string advice) {
  return {std::move(name), least_skill, values, {}, std::move(advice)};
}

std::vector<double> Measures(size_t count, const std::function<double(size_t)>& measure) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) values[i] = measure(i);
  return values;
}

std::vector<Property> Properties(const Dataset& dataset, std::span<const Look> looks) {
  const auto& p = dataset.pictures;
  const auto pixels = [&](size_t i) { return static_cast<double>(p[i].width) * p[i].height; };
  const std::string same_source =
      "take the pictures of all classes from the same source, or save all of them anew the same way";
  const std::string same_camera =
      "photograph all classes with the same camera, light and background, or make sure that the subject "
      "itself differs so";
  std::vector<Property> all;
  all.push_back(Words(
      "format", dataset, [&](size_t i) { return p[i].format; }, same_source));
  all.push_back(Words(
      "colour", dataset, [&](size_t i) { return p[i].colour; },
      "convert all pictures to the same colour mode"));
  all.push_back(Words(
      "bits a channel", dataset, [&](size_t i) { return fmt::format("{}", looks[i].bits); }, same_source));
  all.push_back(Words(
      "colour profile", dataset,
      [&](size_t i) { return std::string(looks[i].has_icc ? "present" : "absent"); }, same_source));
  all.push_back(Words(
      "grey or tinted", dataset,
      [&](size_t i) { return std::string(looks[i].colourfulness < 0.5 ? "grey" : "tinted"); },
      "convert all pictures to grey, or none"));
  all.push_back(Words(
      "size", dataset, [&](size_t i) { return fmt::format("{} x {}", p[i].width, p[i].height); },
      same_source));
  all.push_back(Numbers("number of pixels", kTechnicalSkill, Measures(p.size(), pixels), same_source));
  all.push_back(Numbers(
      "aspect", 0.35,
      Measures(p.size(), [&](size_t i) { return static_cast<double>(p[i].width) / p[i].height; }),
      "crop all pictures to the same shape (the fits crop and letterbox hide or show it differently)"));
  all.push_back(
      Numbers("bytes a pixel", 0.35,
              Measures(p.size(), [&](size_t i) { return static_cast<double>(p[i].bytes) / pixels(i); }),
              same_source));
  all.push_back(Numbers("border", kContentSkill,
                        Measures(p.size(), [&](size_t i) { return looks[i].border_mean; }), same_camera));
  all.push_back(Numbers(
      "mean brightness", kContentSkill,
      Measures(p.size(),
               [&](size_t i) { return (looks[i].mean[0] + looks[i].mean[1] + looks[i].mean[2]) / 3; }),
      same_camera));
  all.push_back(Numbers("contrast", kContentSkill,
                        Measures(p.size(), [&](size_t i) { return looks[i].deviation; }), same_camera));
  return all;
}

// The value that tells most: ", e.g. 43 of 43 with rgb are Covid-19".
std::string Example(const Property& property, const Dataset& dataset) {
  if (property.words.empty()) return "";
  std::vector<std::vector<size_t>> counts(property.words.size(), std::vector<size_t>(dataset.labels.size()));
  for (size_t i = 0; i < property.values.size(); ++i) {
    ++counts[static_cast<size_t>(property.values[i])][static_cast<size_t>(dataset.pictures[i].label)];
  }
  size_t best = 0, word = 0, label = 0, total = 0;
  for (size_t w = 0; w < counts.size(); ++w) {
    size_t sum = 0;
    for (const size_t n : counts[w]) sum += n;
    const auto most =
        static_cast<size_t>(std::max_element(counts[w].begin(), counts[w].end()) - counts[w].begin());
    const size_t gain = 2 * counts[w][most] > sum ? 2 * counts[w][most] - sum : 0;
    if (gain <= best) continue;
    best = gain;
    word = w;
    label = most;
    total = sum;
  }
  if (best == 0) return "";
  return fmt::format(", for example {} of {} with {} are {}", counts[word][label], total,
                     property.words[word], dataset.labels[label]);
}

}  // namespace

std::vector<Shortcut> FindShortcuts(const Dataset& dataset, std::span<const Look> looks) {
  std::vector<int> truth;
  std::vector<size_t> counts(dataset.labels.size());
  for (const Picture& picture : dataset.pictures) {
    truth.push_back(picture.label);
    ++counts[static_cast<size_t>(picture.label)];
  }
  std::vector<Shortcut> found;
  if (truth.size() < 2 * kFolds || counts.size() < 2) return found;
  const std::vector<size_t> folds = FoldOfPictures(dataset);
  const double n = static_cast<double>(truth.size());
  const double chance = static_cast<double>(*std::max_element(counts.begin(), counts.end())) / n;
  for (const Property& property : Properties(dataset, looks)) {
    const size_t correct = CountCorrect(property, truth, folds, counts.size());
    const double accuracy = static_cast<double>(correct) / n;
    const Interval interval = Wilson95(correct, truth.size());
    const double skill = chance < 1 ? (accuracy - chance) / (1 - chance) : 0;
    if (skill < property.least_skill || interval.low <= chance) continue;
    found.push_back(
        {property.name, accuracy, chance,
         fmt::format(
             "The {} of a picture alone tells its class in {:.0f} % of the cases ({:.0f} "
             "to {:.0f} %, chance is {:.0f} %){}; a model can learn that instead of the subject, so {}.",
             property.name, 100 * accuracy, 100 * interval.low, 100 * interval.high, 100 * chance,
             Example(property, dataset), property.advice)});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Shortcut& a, const Shortcut& b) { return a.accuracy > b.accuracy; });
  return found;
}

}  // namespace handlens::dataset
