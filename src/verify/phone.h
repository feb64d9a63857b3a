// What a phone sent back: the record "handlens-phone" that the Android app and the web app share
// (docs/formats-app.md). Reading it, keeping it in RUN/phones, telling whose it is. What it means for the
// verdict is in verify.h.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace handlens::verify {

struct PhoneGolden {
  size_t count = 0, equal = 0, within_bound = 0, differing_bytes = 0;
  int largest_jpeg_difference = 0;
  std::vector<std::string> failed;
};

// A held-out picture on the phone.
struct PhonePicture {
  std::string id;  // SHA-256 of the file
  std::string label;
  std::optional<bool> input_equal;  // the model got the computer's bytes; nullopt where it could not be told
  bool ok = false;                  // the phone's own word, by the kernels in use
  std::vector<float> computer,
      scores;  // a label; `scores` by the kernels in use, empty where the picture failed
};

struct PhoneCheck {
  bool ok = false, model_intact = false;
  std::string delegate;  // "used", "disagrees", "missing"
  PhoneGolden golden;
  std::vector<PhonePicture> pictures;
};

struct PhoneShot {
  int series = 0;  // from 1
  std::string at, camera, label, distance, place, background, predicted;
  bool not_sure = false;
  std::vector<float> scores;  // a label
  double milliseconds = 0;
  int picture = 0;      // its photograph's number from 1; 0 = none was kept
  std::string archive;  // the FIELD.zip in RUN/phones that holds it; empty = none does
};

// The title of a phone that nobody named.
inline constexpr const char* kNamelessPhone = "a phone without a name";

struct PhoneRecord {
  std::string made_at;        // UTC, ISO 8601
  std::string key;            // the same for all records of one installation and model
  std::string title, system;  // as in PhoneResult
  std::string app, target, app_version, runtime, kernels, model_file, model_sha256;
  std::vector<std::string> labels;
  std::optional<PhoneCheck> check;
  std::optional<std::vector<PhoneShot>> shots;
  bool photographs = false;  // from a FIELD.zip, which holds those that its shots name
};

// Reads one record and checks that it is whole and agrees with itself: types, lengths, known words, a best
// label that has the highest score, "ok" only where nothing failed, no picture and no shot twice, nothing
// impossible (scores beyond 0..1, a picture that took longer than ten minutes, numbers below 0 or beyond a
// million, dates that are none). Of a FIELD.zip (field_file.h) also that its photographs are what they say.
// Kind kBadInput; the message names the file and what is wrong; a newer version is refused by name.
Result<PhoneRecord> ReadPhoneRecord(const std::filesystem::path& path);
// The same of a record's text; `where` stands in messages for the file.
Result<PhoneRecord> ParsePhoneRecord(std::string_view text, const std::string& where);

// The run's side of the comparison.
struct PhoneRun {
  std::filesystem::path folder;
  std::vector<std::string> labels;
  int size_px = 0;                                           // of the model's input
  std::vector<std::pair<std::string, std::string>> models;   // file in RUN/model, SHA-256
  std::vector<std::pair<std::string, std::string>> holdout;  // picture id, label
};
// From dataset.json, split.json and model/. Kind kBadInput when a record or model is missing.
Result<PhoneRun> ReadPhoneRun(const std::filesystem::path& run);

// Whether the record is about this run: labels, held-out pictures. nullopt = the model is none of the run's
// now, which may only mean that the model was made again. Kind kBadInput, naming `where`, for what cannot be
// this run's, and for a self-check of no pictures where the run held some out.
Result<std::optional<std::string>> ModelOfRecord(const PhoneRun& run, const PhoneRecord& record,
                                                 const std::string& where);

// What became of one imported file.
struct Imported {
  std::string source;  // as given
  std::string stored;  // relative to the run folder
  std::string what;    // "new", "already there", "in place of phones/..."
};

// Takes records, or all *.json and *.zip of folders, into RUN/phones, byte for byte: nothing is stored unless
// all are good. A later self-check of an installation replaces its earlier one, a field test that holds all
// shots and photographs of an earlier record replaces that; an older or equal one is "already there". Kind
// kBadInput: see ReadPhoneRecord and ModelOfRecord; here a model that is none of the run's is refused, too,
// and photographs of another size than its model sees.
Result<std::vector<Imported>> ImportPhoneRecords(const std::filesystem::path& run,
                                                 std::span<const std::filesystem::path> paths);

// RUN/phones, sorted by name; empty when there is none. Kind kBadInput when one cannot be read or was not
// left there by ImportPhoneRecords: names end in the hash of the contents.
struct StoredRecord {
  std::string file;  // relative to the run folder
  PhoneRecord record;
};
Result<std::vector<StoredRecord>> ReadStoredRecords(const std::filesystem::path& run);

}  // namespace handlens::verify
