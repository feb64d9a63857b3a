// Phones' records for this room's tests, about the run of sample_run.h. Not for the program.
#pragma once

#include <string>
#include <vector>

#include "tflite/tflite.h"
#include "verify/sample_record.h"
#include "verify/sample_run.h"

namespace handlens::verify::sample {

inline Json Facts(const Run& run, const std::string& installation) {
  const Bytes model = *ReadFile(run.folder / "model" / "quantizedmodel.tflite");
  return RecordFacts("android", installation, Sha256(model), {"1 red", "2 green", "3 blue, dark"});
}

// A green self-check of the hold-out (pictures 24 to 29) with the scores that the runtime gives here.
inline Json SelfCheckRecord(const Run& run, const std::string& installation) {
  Json record = Facts(run, installation), pictures = Json::array();
  const auto judge = tflite::Judge::Load(*ReadFile(run.folder / "model" / "quantizedmodel.tflite"),
                                         tflite::Kernels::kXnnpack);
  for (int i = 24; i < 30; ++i) {
    const Bytes file = *ReadFile(run.pictures / fmt::format("p{:02}.png", i));
    const auto scores = *(*judge)->Classify(
        image::ModelInput({9, 7, PictureRgb(i)}, describe::sample::kSizePx, image::Fit::kCrop));
    pictures.push_back({{"file", fmt::format("{}.png", i - 24)},
                        {"sha256", Sha256(file)},
                        {"label", record["labels"][static_cast<size_t>(i % 3)]},
                        {"input_equal", true},
                        {"computer", scores},
                        {"builtin", scores},
                        {"xnnpack", scores},
                        {"builtin_ok", true},
                        {"xnnpack_ok", true}});
  }
  record["self_check"] = {{"ok", true},          {"model_intact", true},    {"computer_runtime", "2.21.0"},
                          {"tolerance", 0.005},  {"golden", GoldenFacts()}, {"delegate", "used"},
                          {"pictures", pictures}};
  return record;
}

// `right` of `count` shots of green are right, the others taken for red; every other one from afar.
inline Json FieldTestRecord(const Run& run, const std::string& installation, int count, int right) {
  Json record = Facts(run, installation), shots = Json::array();
  for (int i = 0; i < count; ++i) {
    const bool good = i < right;
    shots.push_back({{"series", 1 + i / 5},
                     {"at", fmt::format("2026-11-23T11:00:{:02}Z", i)},
                     {"camera", "back"},
                     {"label", "2 green"},
                     {"distance", i % 2 == 0 ? "fills" : "quarter"},
                     {"place", "centre"},
                     {"background", "plain"},
                     {"predicted", good ? "2 green" : "1 red"},
                     {"not_sure", false},
                     {"scores", good ? Json{0.1, 0.8, 0.1} : Json{0.7, 0.2, 0.1}},
                     {"milliseconds", 12.5}});
  }
  record["field_test"] = {{"shots", shots}};
  return record;
}

inline std::string Save(const Run& run, const std::string& name, const Json& record) {
  const std::filesystem::path path = run.pictures.parent_path() / "sent" / name;
  EXPECT_TRUE(WriteFileAtomic(path, record.dump(1)));
  return path.string();
}

}  // namespace handlens::verify::sample
