// A field test with photographs for this room's tests, about the run of sample_run.h. Not for the program.
#pragma once

#include <zip.h>

#include <string>
#include <utility>
#include <vector>

#include "verify/sample_phone.h"

namespace handlens::verify::sample {

using Members = std::vector<std::pair<std::string, std::string>>;

inline std::string TextOf(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

// One colour, with a stripe that makes picture `k` differ from the others.
inline image::Image Square(int side, int label, int k) {
  image::Image picture{side, side, {}};
  for (int i = 0; i < side * side; ++i) {
    for (int c = 0; c < 3; ++c)
      picture.rgb.push_back(static_cast<uint8_t>(c == label ? 180 : 20 + (i < 4 * side ? 4 * k : 0)));
  }
  return picture;
}

// `count` shots of green, five a series, one series an hour; all but the last are right, and what the phone
// said is what the runtime says here. Each shot has its photograph.
inline Json PhotographedRecord(const Run& run, const std::string& installation, int count, Members& members) {
  Json record = Facts(run, installation), shots = Json::array();
  const auto judge = tflite::Judge::Load(*ReadFile(run.folder / "model" / "quantizedmodel.tflite"),
                                         tflite::Kernels::kXnnpack);
  for (int i = 0; i < count; ++i) {
    const int shown = i + 1 < count ? 1 : 0;
    const image::Image seen = Square(describe::sample::kSizePx, shown, i), whole = Square(48, shown, i);
    const auto scores = *(*judge)->Classify(seen.rgb);
    members.emplace_back(fmt::format("seen/{:03}.png", i + 1),
                         TextOf(image::EncodePng(seen.rgb, seen.width, seen.height)));
    members.emplace_back(fmt::format("whole/{:03}.jpg", i + 1),
                         TextOf(image::EncodeJpeg(whole.rgb, whole.width, whole.height, 90)));
    shots.push_back({{"series", 1 + i / 5},
                     {"at", fmt::format("2026-11-23T{:02}:00:{:02}Z", 8 + i / 5, i)},
                     {"camera", "back"},
                     {"label", "2 green"},
                     {"distance", "fills"},
                     {"place", "centre"},
                     {"background", "plain"},
                     {"predicted", record["labels"][static_cast<size_t>(shown)]},
                     {"not_sure", false},
                     {"scores", scores},
                     {"milliseconds", 12.5},
                     {"picture", i + 1}});
  }
  record["field_test"] = {{"shots", shots}};
  return record;
}

// Writes a zip file of these members, with libzip; a password where one is given.
inline std::string Pack(const Run& run, const std::string& name, const Members& members,
                        const char* password = nullptr) {
  const fs::path path = run.pictures.parent_path() / "sent" / name;
  fs::create_directories(path.parent_path());
  fs::remove(path);
  zip_t* zip = zip_open(path.c_str(), ZIP_CREATE, nullptr);
  for (const auto& [member, text] : members) {
    const zip_int64_t at = zip_file_add(
        zip, member.c_str(), zip_source_buffer(zip, text.data(), text.size(), 0), ZIP_FL_ENC_UTF_8);
    EXPECT_GE(at, 0) << zip_strerror(zip);
    const int set = password == nullptr ? 0
                                        : zip_file_set_encryption(zip, static_cast<zip_uint64_t>(at),
                                                                  ZIP_EM_AES_256, password);
    EXPECT_EQ(set, 0);
  }
  EXPECT_EQ(zip_close(zip), 0);
  return path.string();
}

inline std::string PackField(const Run& run, const std::string& name, const Json& record, Members members) {
  members.insert(members.begin(), {"record.json", record.dump(1)});
  return Pack(run, name, members);
}

}  // namespace handlens::verify::sample
