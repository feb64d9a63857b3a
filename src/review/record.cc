// RUN/review.json, format "handlens-review" version 1, and RUN/review.csv; and the review in sentences.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/disk.h"
#include "base/json.h"
#include "base/text.h"
#include "review/review.h"

namespace handlens::review {
namespace {

constexpr std::string_view kFormat = "handlens-review";
constexpr int kVersion = 1;

// "+1.2"; a gain that rounds to nothing is +0.0.
std::string Points(double share) { return fmt::format("{:+.1f}", std::max(0.0, 100 * share)); }

Json ToJson(const dataset::Dataset& dataset, const Review& review) {
  const auto id = [&](size_t picture) { return dataset.pictures[picture].id; };
  Json json = {{"dataset", dataset::Fingerprint(dataset)},
               {"basis", review.basis},
               {"backbone", review.backbone},
               {"size_px", review.size_px},
               {"right", review.right},
               {"n", review.n},
               {"suspects", Json::array()},
               {"curve", Json::array()},
               {"map", Json::array()}};
  for (const Suspect& s : review.suspects) {
    json["suspects"].push_back({{"picture", id(static_cast<size_t>(s.picture))},
                                {"other", s.other},
                                {"own_score", s.own_score},
                                {"other_score", s.other_score}});
  }
  for (const CurvePoint& p : review.curve)
    json["curve"].push_back({{"pictures", p.pictures}, {"right", p.right}, {"n", p.n}});
  if (review.twice)
    json["twice"] = {{"gain", review.twice->gain},
                     {"ci95", {review.twice->ci95.low, review.twice->ci95.high}}};
  for (size_t i = 0; i < review.map.size(); ++i)
    json["map"].push_back({id(i), review.map[i][0], review.map[i][1]});
  return json;
}

}  // namespace

Result<void> WriteReview(const std::filesystem::path& run, const dataset::Dataset& dataset,
                         const Review& review) {
  std::string csv = "path,label,other,own_score,other_score\n";
  for (const Suspect& s : review.suspects) {
    const dataset::Picture& picture = dataset.pictures[static_cast<size_t>(s.picture)];
    csv += fmt::format("{},{},{},{:.4f},{:.4f}\n", CsvCell(picture.path),
                       CsvCell(dataset.labels[static_cast<size_t>(picture.label)]),
                       CsvCell(dataset.labels[static_cast<size_t>(s.other)]), s.own_score, s.other_score);
  }
  HL_TRY(WriteFileAtomic(run / "review.csv", csv));
  return WriteRecord(run / "review.json", kFormat, kVersion, ToJson(dataset, review));
}

Result<std::optional<Review>> ReadReview(const std::filesystem::path& run, const dataset::Dataset& dataset) {
  const std::filesystem::path path = run / "review.json";
  HL_ASSIGN(const bool there, IsThere(path));
  if (!there) return std::optional<Review>();
  HL_ASSIGN(const Json json, ReadRecord(path, kFormat, kVersion));
  if (json.value("dataset", Json()) != dataset::Fingerprint(dataset)) return std::optional<Review>();
  std::map<std::string, int> index;
  for (size_t i = 0; i < dataset.pictures.size(); ++i)
    index.emplace(dataset.pictures[i].id, static_cast<int>(i));
  const int classes = static_cast<int>(dataset.labels.size());
  bool known = true;
  const auto find = [&](const Json& id) {
    const auto found = index.find(id.get<std::string>());
    known &= found != index.end();
    return found == index.end() ? 0 : found->second;
  };
  HL_ASSIGN(
      Review read, FromJson(json, path.string(), [&](const Json& j) {
        Review review;
        review.basis = j.at("basis").get<std::string>();
        review.backbone = j.at("backbone").get<std::string>();
        review.size_px = j.at("size_px").get<int>();
        review.right = j.at("right").get<size_t>();
        review.n = j.at("n").get<size_t>();
        for (const Json& s : j.at("suspects")) {
          review.suspects.push_back({find(s.at("picture")), s.at("other").get<int>(),
                                     s.at("own_score").get<double>(), s.at("other_score").get<double>()});
          known &= review.suspects.back().other >= 0 && review.suspects.back().other < classes;
        }
        for (const Json& p : j.at("curve"))
          review.curve.push_back(
              {p.at("pictures").get<double>(), p.at("right").get<double>(), p.at("n").get<size_t>()});
        if (j.contains("twice")) {
          const Json& twice = j.at("twice");
          review.twice =
              Forecast{twice.at("gain").get<double>(),
                       {twice.at("ci95").at(0).get<double>(), twice.at("ci95").at(1).get<double>()}};
        }
        review.map.resize(dataset.pictures.size());
        for (const Json& place : j.at("map")) {
          const int picture = find(place.at(0));
          if (!known) break;  // there may be no picture at all
          review.map[static_cast<size_t>(picture)] = {place.at(1).get<float>(), place.at(2).get<float>()};
        }
        return review;
      }));
  if (!known)
    return Fail(ErrorKind::kBadInput,
                "{}: names a picture or a label that dataset.json does not hold; make it again with "
                "`handlens review`",
                path.string());
  return std::optional(std::move(read));
}

std::string SuspectsSentence(const Review& review) {
  if (review.suspects.empty()) return "no picture looks mislabelled";
  return review.suspects.size() == 1
             ? "1 picture looks more like another class: look at it before you train, it may be mislabelled"
             : fmt::format(
                   "{} pictures look more like another class: look at them before you train, some may "
                   "be mislabelled",
                   Thousands(static_cast<int64_t>(review.suspects.size())));
}

std::string ForecastSentence(const Review& review) {
  if (!review.twice) return "too few pictures to tell what more of them would bring";
  const Forecast& f = *review.twice;
  // Too narrow an interval to plan with (docs/studies/review.md), so it says what it leaves out.
  return fmt::format(
      "twice the pictures would bring about {} points of accuracy ({} to {} by the test pictures' chance "
      "alone; which pictures you add matters more)",
      Points(f.gain), Points(f.ci95.low), Points(f.ci95.high));
}

}  // namespace handlens::review
