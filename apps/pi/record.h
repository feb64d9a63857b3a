// The record "handlens-phone", version 1 (docs/formats-app.md of handlens): what this device is and what it
// measured. On the computer, `handlens verify RUN --import FILE` reads it.
#pragma once

#include <filesystem>

#include "self_check.h"

namespace handlens::device {

// Writes the record of a self-check.
Result<void> WriteSelfCheck(const std::filesystem::path& path, const Facts& facts, const SelfCheck& check);

struct Conditions {
  std::string label, distance = "fills", place = "centre", background = "usual";
};

// The shots of a field test, in a record that grows: each shot is in the file before the next is taken.
class FieldLog {
 public:
  // Goes on with the record at `path`, or begins one. Kind kBadInput when it is another model's, or none;
  // kUsage when the conditions are none of those that the record knows, or the label is none of the model's.
  static Result<FieldLog> Open(const std::filesystem::path& path, const Facts& facts,
                               const Conditions& conditions);

  Result<void> Add(const Answer& answer);
  size_t taken() const { return taken_; }  // in this series, of them
  size_t right() const { return right_; }

 private:
  std::filesystem::path path_;
  const Facts* facts_ = nullptr;
  Conditions conditions_;
  Json shots_ = Json::array();
  int series_ = 1;
  size_t taken_ = 0, right_ = 0;
};

// Where this program keeps what is of this installation: $STATE_DIRECTORY of systemd, else ~/.config/PROGRAM.
std::filesystem::path StateFolder(const Facts& facts);

std::string Now();  // "2026-11-23T10:00:00Z"

}  // namespace handlens::device
