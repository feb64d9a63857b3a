// The pictures and how they were divided: counts, refused files, duplicates, shortcuts, the contact sheet,
// the folds.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/base64.h"
#include "base/disk.h"
#include "base/hash.h"
#include "base/text.h"
#include "dataset/look.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

// Together about 1 MB of page; more makes the page slow on a phone.
constexpr size_t kContactSheetPictures = 200;
constexpr size_t kThumbnailBytes = 24 * 1024;
// Above this many points a scatter plot is a blot and the page heavy.
constexpr size_t kScatterPoints = 1500;

std::vector<std::vector<int>> ByClass(const dataset::Dataset& dataset) {
  std::vector<std::vector<int>> pictures(dataset.labels.size());
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    pictures[static_cast<size_t>(dataset.pictures[i].label)].push_back(static_cast<int>(i));
  }
  return pictures;
}

// `count` of `all`, evenly spread, so that every part of a class is seen; the same ones every time.
std::vector<int> Spread(const std::vector<int>& all, size_t count) {
  if (all.size() <= count) return all;
  std::vector<int> some;
  for (size_t i = 0; i < count; ++i) some.push_back(all[i * all.size() / count]);
  return some;
}

void AddCounts(const Records& records, Section& section) {
  const dataset::Dataset& dataset = records.dataset;
  const auto classes = ByClass(dataset);
  const auto total = static_cast<double>(dataset.pictures.size());
  Table table{.id = "classes",
              .caption = "Pictures of each class",
              .columns = {{"Class"},
                          {"Pictures", Align::kNumber},
                          {"Share", Align::kNumber},
                          {"Groups", Align::kNumber},
                          {"Smallest", Align::kNumber},
                          {"Largest", Align::kNumber}}};
  Json names = Json::array(), counts = Json::array();
  for (size_t c = 0; c < classes.size(); ++c) {
    std::set<std::string> groups;
    const dataset::Picture* smallest = nullptr;
    const dataset::Picture* largest = nullptr;
    for (const int i : classes[c]) {
      const dataset::Picture& picture = dataset.pictures[static_cast<size_t>(i)];
      const auto area = [](const dataset::Picture* p) { return static_cast<int64_t>(p->width) * p->height; };
      if (!picture.group.empty()) groups.insert(picture.group);
      if (smallest == nullptr || area(&picture) < area(smallest)) smallest = &picture;
      if (largest == nullptr || area(&picture) > area(largest)) largest = &picture;
    }
    const auto size = [](const dataset::Picture* p) {
      return p == nullptr ? Missing() : Text(fmt::format("{} × {}", p->width, p->height));
    };
    table.rows.push_back({Text(dataset.labels[c]), Count(static_cast<int64_t>(classes[c].size())),
                          Percent(static_cast<double>(classes[c].size()) / total),
                          groups.empty() ? Missing() : Count(static_cast<int64_t>(groups.size())),
                          size(smallest), size(largest)});
    names.push_back(dataset.labels[c]);
    counts.push_back(classes[c].size());
  }
  section.blocks.emplace_back(Chart{
      .id = "class-counts",
      .kind = "bars",
      .caption =
          "How many pictures each class has. A class with far fewer than the others is learnt less well.",
      .height_px = static_cast<int>(70 + 34 * names.size()),
      .data = {{"categories", names},
               {"series", {{{"name", "pictures"}, {"values", counts}}}},
               {"x_name", "pictures"},
               {"unit", "pictures"}}});
  section.blocks.emplace_back(std::move(table));
}

void AddSizes(const Records& records, Section& section) {
  const dataset::Dataset& dataset = records.dataset;
  const auto classes = ByClass(dataset);
  Json series = Json::array();
  for (size_t c = 0; c < classes.size() && c < 10; ++c) {
    Json points = Json::array();
    for (const int i : Spread(classes[c], kScatterPoints / std::max<size_t>(1, classes.size()))) {
      const dataset::Picture& picture = dataset.pictures[static_cast<size_t>(i)];
      points.push_back(Json::array({picture.width, picture.height}));
    }
    series.push_back({{"name", dataset.labels[c]}, {"points", points}});
  }
  section.blocks.emplace_back(Chart{.id = "sizes",
                                    .kind = "scatter",
                                    .caption = "Width and height of the pictures. Classes in separate clouds "
                                               "mean that size alone gives the class away.",
                                    .height_px = 340,
                                    .data = {{"x_name", "width in pixels"},
                                             {"y_name", "height in pixels"},
                                             {"log_x", false},
                                             {"series", series}}});
  std::map<std::string, std::vector<int64_t>> formats;  // format and colour -> count by class
  for (const dataset::Picture& picture : dataset.pictures) {
    auto& counts =
        formats.try_emplace(picture.format + " " + picture.colour, dataset.labels.size(), 0).first->second;
    ++counts[static_cast<size_t>(picture.label)];
  }
  Table table{.id = "formats",
              .caption = "File formats by class",
              .columns = {{"Format and colour"}},
              .fold = Fold::kClosed};
  for (const std::string& label : dataset.labels) table.columns.push_back({label, Align::kNumber});
  for (const auto& [format, counts] : formats) {
    table.rows.push_back({Text(format)});
    for (const int64_t n : counts) table.rows.back().push_back(Count(n));
  }
  section.blocks.emplace_back(std::move(table));
}

void AddRejected(const Records& records, Section& section) {
  if (records.dataset.rejected.empty()) {
    section.blocks.emplace_back(Paragraph{"Every file could be read."});
    return;
  }
  Table table{
      .id = "rejected", .caption = "Files that were refused, and why", .columns = {{"File"}, {"Reason"}}};
  for (const dataset::Rejected& file : records.dataset.rejected)
    table.rows.push_back({Text(file.path), Text(file.reason)});
  table.shown_rows = 25;
  section.blocks.emplace_back(std::move(table));
}

void AddDuplicates(const Records& records, Section& section) {
  const auto& pairs = records.dataset.duplicates;
  if (pairs.empty()) {
    section.blocks.emplace_back(Paragraph{"No picture is a copy, or nearly a copy, of another."});
    return;
  }
  const auto across =
      std::count_if(pairs.begin(), pairs.end(), [](const auto& p) { return p.across_labels; });
  if (across > 0) {
    section.blocks.emplace_back(Note{Tone::kWarning,
                                     "The same picture stands in two classes",
                                     {fmt::format("{} of copies with different labels (marked below). One of "
                                                  "the two labels must be wrong; please look at them.",
                                                  Plural(static_cast<size_t>(across), "pair", "pairs"))}});
  }
  Table table{.id = "duplicates",
              .caption =
                  "Copies and near-copies; they stay together, so that no model is tested on a picture that "
                  "it has learnt",
              .columns = {{"Picture"}, {"Copy"}, {"Kind"}, {"Similarity", Align::kNumber}, {"Labels"}},
              .fold = Fold::kClosed};
  for (const dataset::DuplicatePair& pair : pairs) {
    Cell labels = Text(pair.across_labels ? "different" : "same");
    if (pair.across_labels) labels.mark = "look here";
    table.rows.push_back({Text(pair.path_a), Text(pair.path_b),
                          Text(pair.kind == dataset::DuplicateKind::kExact ? "identical" : "nearly the same"),
                          Number(pair.similarity, 3), labels});
  }
  std::stable_sort(table.rows.begin(), table.rows.end(),
                   [](const auto& a, const auto& b) { return a[4].mark.size() > b[4].mark.size(); });
  section.blocks.emplace_back(std::move(table));
}

void AddShortcuts(const Records& records, Section& section) {
  if (records.dataset.shortcuts.empty()) return;
  Table table{.id = "shortcuts",
              .caption = "What gives the class away without looking at the subject",
              .columns = {{"Property"},
                          {"Accuracy from it alone", Align::kNumber},
                          {"By chance", Align::kNumber},
                          {"What was seen"}}};
  for (const dataset::Shortcut& shortcut : records.dataset.shortcuts) {
    table.rows.push_back({Text(shortcut.property), Percent(shortcut.accuracy), Percent(shortcut.chance),
                          Text(shortcut.explanation)});
  }
  section.blocks.emplace_back(
      Note{Tone::kWarning,
           "A model may learn a shortcut",
           {"The properties below tell the classes apart better than chance, without a look at the subject. "
            "A model that learns them does well here and fails on a phone."}});
  section.blocks.emplace_back(std::move(table));
}

void AddContactSheet(const Records& records, Section& section) {
  const dataset::Dataset& dataset = records.dataset;
  const auto classes = ByClass(dataset);
  const std::set<std::string> odd(dataset.odd_ones_out.begin(), dataset.odd_ones_out.end());
  const size_t each = std::max<size_t>(1, kContactSheetPictures / std::max<size_t>(1, classes.size()));
  size_t left = kContactSheetPictures;
  for (size_t c = 0; c < classes.size() && left > 0; ++c) {
    Gallery gallery{.title = dataset.labels[c], .note = "", .pictures = {}, .fold = Fold::kClosed};
    for (const int i : Spread(classes[c], std::min(each, left))) {
      const dataset::Picture& picture = dataset.pictures[static_cast<size_t>(i)];
      std::string source = ThumbnailUri(records, picture);
      if (source.empty()) continue;
      gallery.pictures.push_back({std::move(source), picture.path, {}, i});
      if (odd.count(picture.path) > 0) gallery.pictures.back().lines.emplace_back("unlike the rest");
    }
    if (gallery.pictures.empty()) continue;
    left -= gallery.pictures.size();
    gallery.note = fmt::format("{} of {} shown.", Plural(gallery.pictures.size(), "picture", "pictures"),
                               Thousands(static_cast<int64_t>(classes[c].size())));
    section.blocks.emplace_back(std::move(gallery));
  }
  if (left == kContactSheetPictures)
    section.blocks.emplace_back(
        Paragraph{"No thumbnails are in the run folder, so there is no contact sheet."});
}

}  // namespace

namespace {

// Of large sets no thumbnails are kept; those few that are shown are made here, from the picture if it is
// still the same.
Result<Bytes> ThumbnailNow(const Records& records, const dataset::Picture& picture) {
  const auto hidden = records.hidden_paths.find(picture.id);
  const std::filesystem::path path = hidden != records.hidden_paths.end()
                                         ? std::filesystem::path(hidden->second)
                                         : std::filesystem::path(records.dataset.root) / picture.path;
  HL_ASSIGN(const Bytes file, ReadFile(path));
  if (Sha256(file) != picture.id) return Fail(ErrorKind::kBadInput, "{}: has changed", path.string());
  HL_ASSIGN(const image::Decoded decoded, image::Decode(file));
  return dataset::Thumbnail(decoded.image, dataset::kThumbnailSide_px);
}

}  // namespace

std::string JpegUri(std::span<const uint8_t> jpeg) { return "data:image/jpeg;base64," + Base64(jpeg); }

std::string ThumbnailUri(const Records& records, const dataset::Picture& picture) {
  auto bytes = ReadFile(records.run / "thumbnails" / (picture.id + ".jpg"));
  if (!bytes && records.dataset.pictures.size() > dataset::kMostThumbnails)
    bytes = ThumbnailNow(records, picture);
  if (!bytes || bytes->empty() || bytes->size() > kThumbnailBytes) return {};
  return JpegUri(*bytes);
}

Section DataSection(const Records& records) {
  const dataset::Dataset& dataset = records.dataset;
  Section section{.id = "data",
                  .title = "The pictures",
                  .lead = "What was found in the folder, and what could make an accuracy too good.",
                  .blocks = {}};
  std::set<int> clusters;
  for (const dataset::Picture& picture : dataset.pictures) clusters.insert(picture.cluster);
  std::string sizes;
  for (const int size : dataset.recommended_sizes_px)
    sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
  section.blocks.emplace_back(
      Facts{{{Thousands(static_cast<int64_t>(dataset.pictures.size())), "usable pictures",
              Plural(dataset.labels.size(), "class", "classes")},
             {Thousands(static_cast<int64_t>(dataset.rejected.size())), "files refused",
              dataset.rejected.empty() ? "" : "each with its reason"},
             {Thousands(static_cast<int64_t>(dataset.duplicates.size())), "pairs of copies",
              "identical or nearly so"},
             {Thousands(static_cast<int64_t>(clusters.size())), "units",
              "pictures that must stay together count as one"},
             {sizes.empty() ? "–" : sizes, "advised sizes in pixels",
              fmt::format("fit: {}", image::FitName(dataset.recommended_fit))}}});
  std::vector<std::string> groups = {dataset::GroupsSentence(dataset)};
  const std::string shared = dataset::SharedGroupsSentence(dataset);
  if (!shared.empty()) groups.push_back(shared);
  section.blocks.emplace_back(
      Note{dataset::GroupsKnown(dataset) && shared.empty() ? Tone::kPlain : Tone::kWarning,
           "Which pictures belong together", std::move(groups)});
  if (!dataset.warnings.empty())
    section.blocks.emplace_back(Note{Tone::kWarning, "Please read", dataset.warnings});
  AddCounts(records, section);
  AddShortcuts(records, section);
  AddRejected(records, section);
  AddDuplicates(records, section);
  AddSizes(records, section);
  if (!dataset.odd_ones_out.empty()) {
    Table table{.id = "odd-ones-out",
                .caption = "Pictures unlike the rest of their class; please check that they belong there",
                .columns = {{"Picture"}},
                .fold = Fold::kClosed};
    for (const std::string& path : dataset.odd_ones_out) table.rows.push_back({Text(path)});
    section.blocks.emplace_back(std::move(table));
  }
  Table noted{.id = "picture-warnings",
              .caption = "Remarks about single pictures",
              .columns = {{"Picture"}, {"Remark"}},
              .fold = Fold::kClosed};
  for (const dataset::Picture& picture : dataset.pictures) {
    for (const std::string& warning : picture.warnings)
      noted.rows.push_back({Text(picture.path), Text(warning)});
  }
  if (!noted.rows.empty()) section.blocks.emplace_back(std::move(noted));
  AddContactSheet(records, section);
  return section;
}

Section FoldsSection(const Records& records) {
  Section section{
      .id = "folds",
      .title = "How the pictures were divided",
      .lead = "Every model is tested on pictures that it did not learn from and that did not choose it.",
      .blocks = {}};
  if (!records.split) {
    section.made_by = "split RUN";
    return section;
  }
  const split::Split& split = *records.split;
  const auto total = static_cast<double>(records.dataset.pictures.size());
  Table table{.id = "folds",
              .caption = "Pictures of each fold",
              .columns = {{"Fold"},
                          {"Training", Align::kNumber},
                          {"Validation", Align::kNumber},
                          {"Test", Align::kNumber},
                          {"Share train / validation / test", Align::kNumber}}};
  for (size_t f = 0; f < split.folds.size(); ++f) {
    const split::Fold& fold = split.folds[f];
    const auto share = [&](const std::vector<int>& part) {
      return 100 * static_cast<double>(part.size()) /
             std::max(1.0, total - static_cast<double>(split.holdout.size()));
    };
    table.rows.push_back({Count(static_cast<int64_t>(f + 1)), Count(static_cast<int64_t>(fold.train.size())),
                          Count(static_cast<int64_t>(fold.validation.size())),
                          Count(static_cast<int64_t>(fold.test.size())),
                          Text(fmt::format("{:.0f} / {:.0f} / {:.0f} %", share(fold.train),
                                           share(fold.validation), share(fold.test)))});
  }
  section.blocks.emplace_back(Paragraph{fmt::format(
      "Training pictures teach the model, validation pictures choose among models, test pictures judge the "
      "choice. The division is made several times (each is a fold), so that every picture is a test picture "
      "once. {} in none of them: held out for the phone. Seed {}.",
      split.holdout.size() == 1 ? "1 picture is"
                                : Thousands(static_cast<int64_t>(split.holdout.size())) + " pictures are",
      split.seed)});
  if (const std::string held = dataset::TestFolderSentence(records.dataset); !held.empty())
    section.blocks.emplace_back(Paragraph{held});
  if (split.order == split::Order::kPaper) {
    section.blocks.emplace_back(
        Note{Tone::kWarning,
             "The paper's folds",
             {"As in the paper's code, these folds are blocks of file names in their order, and copies may "
              "stand on both sides. They serve only to compare with the paper."}});
  }
  if (!split.warnings.empty())
    section.blocks.emplace_back(Note{Tone::kWarning, "Please read", split.warnings});
  section.blocks.emplace_back(std::move(table));
  return section;
}

}  // namespace handlens::report
