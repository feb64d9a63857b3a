// preprocess.json: written and read. Nothing else.
#include <set>

#include "describe/describe.h"

namespace handlens::describe {
namespace {

constexpr const char* kFormat = "handlens-preprocess";
constexpr int kVersion = 1;

// Floats as the shortest decimal that reads back, so that 0.1f is not 0.10000000149011612.
Json Number(float value) { return Json::parse(fmt::format("{}", value)); }

Json Numbers(const std::vector<float>& values) {
  Json array = Json::array();
  for (const float v : values) array.push_back(Number(v));
  return array;
}

Result<void> Validate(const Description& d, std::string_view where) {
  const auto bad = [&](std::string_view what) {
    return Fail(ErrorKind::kBadInput, "{}: {}; make it again with `handlens describe`", where, what);
  };
  if (d.size_px < 1 || d.size_px > 4096) return bad(fmt::format("size_px {} is not in 1..4096", d.size_px));
  if (d.fit != "crop" && d.fit != "stretch" && d.fit != "letterbox")
    return bad(fmt::format("unknown fit '{}'", d.fit));
  if (d.labels.empty()) return bad("no labels");
  if (std::set<std::string>(d.labels.begin(), d.labels.end()).size() != d.labels.size())
    return bad("a label twice");
  if (!(d.not_sure_below >= 0 && d.not_sure_below <= 1)) return bad("not_sure_below is not in 0..1");
  if (d.referral &&
      (d.referral->label >= d.labels.size() || d.labels[d.referral->label] != d.referral->wanted.label))
    return bad("refer names no label");
  return {};
}

Result<void> CheckKind(const Json& json, std::string_view where) {
  const auto is = [&](const char* key, const Json& value) {
    return json.contains(key) && json.at(key) == value;
  };
  HL_TRY(CheckRecordKind(json, where, kFormat, kVersion));
  if (!is("pixel_contract", kPixelContract)) {
    return Fail(ErrorKind::kBadInput, "{}: made for another pixel contract (this handlens follows {})", where,
                kPixelContract);
  }
  return {};
}

}  // namespace

std::string PreprocessJson(const Description& d) {
  Json json;
  json["format"] = kFormat;
  json["version"] = kVersion;
  json["name"] = d.name;
  json["model_version"] = d.version;
  json["author"] = d.author;
  json["license"] = d.license;
  json["notice"] = d.notice;
  json["size_px"] = d.size_px;
  json["fit"] = d.fit;
  json["channel_order"] = "RGB";
  json["layout"] = "NHWC";
  json["resize"] = "pillow-bilinear v1";
  json["pixel_contract"] = kPixelContract;
  json["golden_sha256"] = d.golden_sha256;
  json["feed"] = {{"float32", "byte / 255"}, {"uint8", "byte"}, {"int8", "byte - 128"}};
  json["image_min"] = Number(d.image_min);
  json["image_max"] = Number(d.image_max);
  json["mean"] = Numbers(d.mean.empty() ? std::vector<float>{0} : d.mean);
  json["std"] = Numbers(d.std.empty() ? std::vector<float>{255} : d.std);
  json["num_classes"] = d.labels.size();
  json["labels"] = d.labels;
  json["not_sure_below"] = d.not_sure_below;
  if (d.answering) json["answering"] = ToJson(*d.answering);
  if (d.referral) json["refer"] = ToJson(*d.referral);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

double PossibleFrom(const Description& d) {
  return d.answering && d.answering->sets ? d.answering->sets->from : 0;
}

Result<Description> DescriptionFromJson(std::string_view text, std::string_view where) {
  HL_ASSIGN(const Json json, ParseJson(text, where));
  HL_TRY(CheckKind(json, where));
  HL_ASSIGN(Description d, FromJson(json, where, [](const Json& j) {
              Description read;
              read.name = j.at("name").get<std::string>();
              read.version = j.at("model_version").get<std::string>();
              read.author = j.at("author").get<std::string>();
              read.license = j.at("license").get<std::string>();
              read.notice = j.at("notice").get<std::string>();
              read.size_px = j.at("size_px").get<int>();
              read.fit = j.at("fit").get<std::string>();
              read.labels = j.at("labels").get<std::vector<std::string>>();
              read.image_min = j.at("image_min").get<float>();
              read.image_max = j.at("image_max").get<float>();
              read.mean = j.at("mean").get<std::vector<float>>();
              read.std = j.at("std").get<std::vector<float>>();
              read.not_sure_below = j.at("not_sure_below").get<double>();
              read.golden_sha256 = j.at("golden_sha256").get<std::string>();
              return read;
            }));
  if (json.contains("answering")) {
    HL_ASSIGN(Answering answering, AnsweringFromJson(json["answering"], where));
    answering.not_sure_below = d.not_sure_below;
    d.answering = std::move(answering);
  }
  if (json.contains("refer")) {
    HL_ASSIGN(d.referral, ReferralFromJson(json["refer"], where));
  }
  HL_TRY(Validate(d, where));
  return d;
}

}  // namespace handlens::describe
