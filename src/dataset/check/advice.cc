// Sizes and fit to train at, and the warnings that need no statistics beyond counting.
#include <algorithm>
#include <array>
#include <map>

#include "base/text.h"
#include "dataset/check/checks.h"
#include "dataset/rejected.h"

namespace handlens::dataset {
namespace {

constexpr int kFewPictures = 20;      // a class: the paper's smallest class has 20
constexpr double kImbalance = 3;      // largest class to smallest
constexpr int kSmallPicture_px = 30;  // the smallest size that the paper trains at
constexpr size_t kMostNamed = 8;

std::vector<int> ShortSides(const Dataset& dataset) {
  std::vector<int> sides;
  for (const Picture& picture : dataset.pictures) sides.push_back(std::min(picture.width, picture.height));
  std::sort(sides.begin(), sides.end());
  return sides;
}

// "3 files are not used: a.txt: a text file, not a picture; ...": all of them, or some and where the list is.
std::string NotUsed(const std::vector<Rejected>& rejected) {
  constexpr size_t kMostKinds = 4;
  const std::vector<std::string> kinds = RejectedLines(rejected);
  std::string text = Plural(rejected.size(), "file is", "files are") + " not used: ";
  for (size_t i = 0; i < kinds.size() && i < kMostKinds; ++i) text += (i > 0 ? "; " : "") + kinds[i];
  if (kinds.size() > kMostKinds) text += fmt::format("; and {} more", kinds.size() - kMostKinds);
  const bool all = kinds.size() == rejected.size() && kinds.size() <= kMostKinds;
  return text + (all ? "." : ". Each file with its reason: \"rejected\" in the run's dataset.json.");
}

void AdviseOnCounts(const Dataset& dataset, std::vector<std::string>& warnings) {
  std::vector<size_t> counts(dataset.labels.size());
  for (const Picture& picture : dataset.pictures) ++counts[static_cast<size_t>(picture.label)];
  std::vector<std::string> few;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] < kFewPictures) few.push_back(fmt::format("{} ({})", dataset.labels[i], counts[i]));
  }
  if (!few.empty()) {
    warnings.push_back(fmt::format(
        "{} of {} classes {} fewer than {} pictures: {}. Accuracies of so few are guesses; add pictures.",
        few.size(), counts.size(), few.size() == 1 ? "has" : "have", kFewPictures,
        NameSome(few, kMostNamed)));
  }
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  if (static_cast<double>(*most) > kImbalance * static_cast<double>(*least)) {
    warnings.push_back(fmt::format(
        "The classes are uneven: {} has {} pictures, {} has {}. A model that always says {} is right {:.0f} "
        "% of the time; add pictures to the small classes, or read the per-class scores rather than the "
        "accuracy.",
        dataset.labels[static_cast<size_t>(most - counts.begin())], *most,
        dataset.labels[static_cast<size_t>(least - counts.begin())], *least,
        dataset.labels[static_cast<size_t>(most - counts.begin())],
        100.0 * static_cast<double>(*most) / static_cast<double>(dataset.pictures.size())));
  }
}

void AdviseOnDuplicates(const Dataset& dataset, std::vector<std::string>& warnings) {
  size_t exact = 0, near = 0, exact_across = 0;
  const DuplicatePair* first = nullptr;  // of the near ones
  std::vector<const DuplicatePair*> near_across;
  for (const DuplicatePair& pair : dataset.duplicates) {
    if (pair.kind == DuplicateKind::kExact) ++(pair.across_labels ? exact_across : exact);
    else if (near++ == 0) first = &pair;
    if (pair.kind == DuplicateKind::kNear && pair.across_labels) near_across.push_back(&pair);
  }
  if (exact > 0)
    warnings.push_back(Plural(exact, "file is an exact copy of another of its class and counts once.",
                              "files are exact copies of others of their class and count once."));
  if (exact_across > 0) {
    warnings.push_back(
        fmt::format("{} in another class than the original; neither is used until one is removed.",
                    Plural(exact_across, "exact copy lies", "exact copies lie")));
  }
  if (near > 0) {
    warnings.push_back(fmt::format(
        "{} the same photograph, such as {} and {}; they stay together in one fold, so that no test picture "
        "has a sibling in training.",
        Plural(near, "pair of pictures shows", "pairs of pictures show"), first->path_a, first->path_b));
  }
  if (!near_across.empty()) {
    std::string named;
    for (size_t i = 0; i < near_across.size() && i < kMostNamed; ++i) {
      named += fmt::format("{}{} and {}", i > 0 ? "; " : "", near_across[i]->path_a, near_across[i]->path_b);
    }
    warnings.push_back(
        fmt::format("{} of them carry different labels, so one label is probably wrong: {}{}. Look at them "
                    "and remove or move one of each.",
                    near_across.size(), named, near_across.size() > kMostNamed ? " and more" : ""));
  }
}

void AdviseOnClusters(const Dataset& dataset, std::vector<std::string>& warnings) {
  std::map<int, size_t> sizes;
  for (const Picture& picture : dataset.pictures) ++sizes[picture.cluster];
  size_t largest = 0;
  for (const auto& [cluster, size] : sizes) largest = std::max(largest, size);
  if (largest * 5 <= dataset.pictures.size() || largest < 10) return;
  warnings.push_back(
      fmt::format("{} of {} pictures belong together (one group, or a chain of near-duplicates) and fall "
                  "into one fold; folds will be uneven. Check the groups, or remove repeated pictures.",
                  largest, dataset.pictures.size()));
}

void AdviseOnPictures(const Dataset& dataset, std::vector<std::string>& warnings) {
  size_t small = 0, icc = 0, warned = 0;
  for (const Picture& picture : dataset.pictures) {
    small += std::min(picture.width, picture.height) < kSmallPicture_px ? 1 : 0;
    for (const std::string& warning : picture.warnings)
      ++(warning.find("profile") != std::string::npos ? icc : warned);
  }
  if (small > 0) {
    warnings.push_back(
        fmt::format("{} smaller than {} pixels and will be blown up; use larger originals if there are any.",
                    Plural(small, "picture is", "pictures are"), kSmallPicture_px));
  }
  if (icc > 0) {
    warnings.push_back(fmt::format("{} a colour profile, which is ignored here and on the phone alike.",
                                   Plural(icc, "picture carries", "pictures carry")));
  }
  if (warned > 0) {
    warnings.push_back(
        fmt::format("{} beside the pictures (cut short, odd headers).",
                    Plural(warned, "remark about a single file stands", "remarks about single files stand")));
  }
  if (!dataset.rejected.empty()) {
    warnings.push_back(NotUsed(dataset.rejected));
  }
  if (!dataset.odd_ones_out.empty()) {
    constexpr size_t kMostOdd = 3;
    const size_t count = dataset.odd_ones_out.size();
    warnings.push_back(
        fmt::format("{} unlike the rest of the class (brightness, colour or shape): {}; check that {} there.",
                    Plural(count, "picture looks", "pictures look"), NameSome(dataset.odd_ones_out, kMostOdd),
                    count == 1 ? "it belongs" : "they belong"));
  }
}

}  // namespace

std::string NameSome(const std::vector<std::string>& names, size_t most) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < most; ++i) text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > most) text += fmt::format(" and {} more", names.size() - most);
  return text;
}

std::vector<int> RecommendSizes(const Dataset& dataset) {
  constexpr std::array<int, 5> kLadder_px = {32, 64, 96, 128, 192};
  constexpr size_t kManyPictures = 4000;  // beyond this the largest size costs hours and rarely pays
  const std::vector<int> sides = ShortSides(dataset);
  const int quarter = sides.empty() ? 0 : sides[sides.size() / 4];
  std::vector<int> sizes;
  for (const int size_px : kLadder_px) {
    if (sizes.size() >= 3 && (size_px > quarter || (size_px > 128 && sides.size() > kManyPictures))) break;
    sizes.push_back(size_px);
  }
  if (quarter < 64) return {32, 48, 64};  // nothing is gained by blowing small pictures up further
  return sizes;
}

image::Fit RecommendFit(const Dataset& dataset) {
  // Where the middle box would cut off more than a third of the typical picture, the whole picture is kept.
  std::vector<double> kept;
  for (const Picture& picture : dataset.pictures) {
    const auto [low, high] = std::minmax(picture.width, picture.height);
    kept.push_back(static_cast<double>(low) / static_cast<double>(high));
  }
  std::sort(kept.begin(), kept.end());
  return !kept.empty() && kept[kept.size() / 2] < 2.0 / 3 ? image::Fit::kLetterbox : image::Fit::kCrop;
}

std::vector<std::string> Advise(const Dataset& dataset) {
  std::vector<std::string> warnings;
  AdviseOnPictures(dataset, warnings);
  AdviseOnCounts(dataset, warnings);
  AdviseOnDuplicates(dataset, warnings);
  AdviseOnClusters(dataset, warnings);
  if (std::string leaks = LeakSentence(HeldByFolder(dataset)); !leaks.empty())
    warnings.push_back(std::move(leaks));
  for (const Shortcut& shortcut : dataset.shortcuts) warnings.push_back(shortcut.explanation);
  return warnings;
}

}  // namespace handlens::dataset
