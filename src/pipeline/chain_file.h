// chain.json in memory. Not for other rooms.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace handlens::pipeline {

using Hashes = std::map<std::string, std::string>;  // path -> SHA-256; "" = unknown

struct RecordedStep {
  std::string name, program, options_sha256;
  Hashes inputs, outputs;
  Json options = Json::object();
};
using Chain = std::vector<RecordedStep>;  // in the order in which the steps first ran

// An absent file is an empty chain.
Result<Chain> ReadChain(const std::filesystem::path& run);
Result<void> WriteChain(const std::filesystem::path& run, const Chain& chain);

// A path of Step on disk.
std::filesystem::path PlaceOf(const std::filesystem::path& run, const std::string& path);
// nullopt when there is no such file.
Result<std::optional<std::string>> HashOnDisk(const std::filesystem::path& run, const std::string& path);
// The files that a path stands for: itself, or all below it, sorted; none when it does not exist.
Result<std::vector<std::string>> Expand(const std::filesystem::path& run, const std::string& path);

}  // namespace handlens::pipeline
