// How a pre-trained network sees the pictures before anything is trained: probable mislabels, what more
// pictures would bring, the map.
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

constexpr size_t kShown = 24;         // suspects as pictures; the table holds all
constexpr size_t kMostPlaces = 3000;  // of the map; more make the page slow on a phone

void AddSuspects(const Records& records, const review::Review& review, Section& section) {
  if (review.suspects.empty()) {
    section.blocks.emplace_back(Paragraph{"No picture looks mislabelled."});
    return;
  }
  const auto& labels = records.dataset.labels;
  Gallery gallery{.title = "Perhaps mislabelled",
                  .note =
                      "Each was judged by a classifier that never saw it. Many are right and only unusual: "
                      "look before you correct. Correcting only what a model gets wrong makes its accuracy "
                      "look better than it is.",
                  .pictures = {}};
  Table table{.id = "suspects",
              .caption = "All pictures that look more like another class, the most suspect first",
              .columns = {{"Picture"},
                          {"Its label"},
                          {"Looks like"},
                          {"Score of its label", Align::kNumber},
                          {"Score of the other", Align::kNumber}},
              .fold = Fold::kClosed};
  for (const review::Suspect& s : review.suspects) {
    const dataset::Picture& picture = records.dataset.pictures[static_cast<size_t>(s.picture)];
    const std::string &own = labels[static_cast<size_t>(picture.label)],
                      &other = labels[static_cast<size_t>(s.other)];
    table.rows.push_back(
        {Text(picture.path), Text(own), Text(other), Percent(s.own_score), Percent(s.other_score)});
    if (gallery.pictures.size() < kShown) {
      gallery.pictures.push_back(
          {ThumbnailUri(records, picture), picture.path, {"labelled " + own, "looks like " + other}});
    }
  }
  section.blocks.emplace_back(std::move(gallery));
  section.blocks.emplace_back(std::move(table));
}

void AddCurve(const review::Review& review, Section& section) {
  if (review.curve.size() < 2) return;
  Table table{.id = "learning-curve",
              .caption = "Accuracy by how many pictures were learnt from",
              .columns = {{"Pictures"},
                          {"Accuracy", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"n", Align::kNumber}},
              .fold = Fold::kClosed};
  Json points = Json::array();
  for (const review::CurvePoint& p : review.curve) {
    const double share = p.right / static_cast<double>(p.n);
    const Interval ci = Wilson95(static_cast<size_t>(std::llround(p.right)), p.n);
    points.push_back(
        {std::round(p.pictures), 100 * share, fmt::format("n = {}, 95 % interval {}", p.n, RangeText(ci))});
    table.rows.push_back(
        {Count(std::llround(p.pictures)), Percent(share), Range(ci), Count(static_cast<int64_t>(p.n))});
  }
  Json series = {
      {{"name", "measured"}, {"style", "solid"}, {"colour", 0}, {"symbols", true}, {"points", points}}};
  if (review.twice) {
    const review::CurvePoint& last = review.curve.back();
    const double share = 100 * last.right / static_cast<double>(last.n);
    series.push_back({{"name", "expected of twice the pictures"},
                      {"style", "dashed"},
                      {"colour", 1},
                      {"symbols", true},
                      {"points",
                       {{std::round(last.pictures), share},
                        {std::round(2 * last.pictures), share + 100 * review.twice->gain,
                         fmt::format("{:+.1f} to {:+.1f} points", 100 * review.twice->ci95.low,
                                     100 * review.twice->ci95.high)}}}});
  }
  section.blocks.emplace_back(
      Chart{.id = "learning-curve",
            .kind = "lines",
            .caption = fmt::format("Would more pictures help? Accuracy on test pictures (up) by the number "
                                   "of pictures learnt from (right). {} The trained model learns from more "
                                   "(augmented views, all its layers), so its curve may differ.",
                                   AsSentence(review::ForecastSentence(review))),
            .height_px = 300,
            .data = {{"x_name", "pictures learnt from"},
                     {"y_name", "accuracy in %"},
                     {"unit", "%"},
                     {"x_min", 0},
                     {"series", series}}});
  section.blocks.emplace_back(std::move(table));
}

void AddMap(const Records& records, const review::Review& review, Section& section) {
  const size_t step = (review.map.size() + kMostPlaces - 1) / kMostPlaces;
  if (step == 0) return;
  Json series = Json::array();
  for (const std::string& label : records.dataset.labels)
    series.push_back({{"name", label}, {"points", Json::array()}});
  for (size_t i = 0; i < review.map.size(); i += step) {
    const dataset::Picture& picture = records.dataset.pictures[i];
    series[static_cast<size_t>(picture.label)]["points"].push_back(
        {std::round(1000 * review.map[i][0]) / 1000, std::round(1000 * review.map[i][1]) / 1000,
         picture.path});
  }
  section.blocks.emplace_back(Chart{
      .id = "picture-map",
      .kind = "scatter",
      .caption =
          fmt::format("A map of the pictures: what looks alike to the network lies close together. The two "
                      "axes along which the pictures differ most (principal components of its features); "
                      "they have no unit.{}",
                      step > 1 ? fmt::format(" One of {} pictures is shown.", step) : ""),
      .height_px = 420,
      .data = {{"x_name", "first axis"}, {"y_name", "second axis"}, {"log_x", false}, {"series", series}}});
}

}  // namespace

Section ReviewSection(const Records& records) {
  Section section{.id = "review", .title = "A second look at the labels", .lead = "", .blocks = {}};
  if (!records.review) return section;
  const review::Review& review = *records.review;
  section.lead = fmt::format(
      "How {}, a network that learnt from other pictures, sees yours at {} pixels. Nothing that is trained "
      "depends on it.",
      review.backbone, review.size_px);
  const Interval ci = Wilson95(review.right, review.n);
  section.blocks.emplace_back(Paragraph{fmt::format(
      "A simple classifier on its features is right for {} of {} pictures that it never saw: {} (95 % "
      "interval {}).",
      Thousands(static_cast<int64_t>(review.right)), Thousands(static_cast<int64_t>(review.n)),
      PercentText(static_cast<double>(review.right) / static_cast<double>(std::max<size_t>(1, review.n))),
      RangeText(ci))});
  AddSuspects(records, review, section);
  AddCurve(review, section);
  AddMap(records, review, section);
  return section;
}

}  // namespace handlens::report
