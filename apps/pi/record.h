// The record "handlens-phone", version 1 (docs/formats-app.md of handlens): what this device is and what it
// measured. On the computer, `handlens verify RUN --import FILE` reads it.
#pragma once

#include <filesystem>

#include "self_check.h"

namespace handlens::device {

// Writes the record of a self-check.
Result<void> WriteSelfCheck(const std::filesystem::path& path, const Facts& facts, const SelfCheck& check);

// What every record begins with: when, which app, which device, the labels.
Json BeginRecord(const Facts& facts);
// JSON has no word for what is not a number.
Json Numbers(const std::vector<float>& scores);

// Where this program keeps what is of this installation: $STATE_DIRECTORY of systemd, else ~/.config/PROGRAM.
std::filesystem::path StateFolder(const Facts& facts);

std::string Now();  // "2026-11-23T10:00:00Z"

}  // namespace handlens::device
