// Settings: what the user asked for, from the command line, the environment and handlens.toml, by the
// precedence flag > environment > --config FILE > handlens.toml (of the run folder, else of the current
// folder) > default. Every value is checked where it is read. Knows no step.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pipeline/options/options.h"
#include "pipeline/options/own_models.h"
#include "pipeline/surroundings.h"
#include "pipeline/wanted.h"

namespace handlens::pipeline {

// Checked values by option name.
using Values = std::map<std::string, std::string>;

// What one call asks for, before the settings of a run folder are known.
struct Asked {
  Values flags, environment;
  Values defaults = {};  // of this command, in place of the option table's
  Surroundings around = {};
};

// A handlens.toml: checked values by option name, and the user's own models and generators.
struct ConfigFile {
  std::filesystem::path path;
  Values values;
  OwnModels own;
};
// Kind kUsage when the file cannot be read, is no TOML, or has keys or values that handlens does not have:
// with the line, and the nearest right name.
Result<ConfigFile> ReadConfig(const std::filesystem::path& path);

// Checked values of HANDLENS_* variables. An unknown HANDLENS_ name is an error with the nearest right one.
Result<Values> ReadEnvironment(std::span<const std::pair<std::string, std::string>> variables);

// The files that settings come from; either may be empty.
struct ConfigFiles {
  ConfigFile kept;   // handlens.toml of the run folder, else of the current folder
  ConfigFile asked;  // --config FILE
};

// Where a value comes from, the weakest first.
enum class Source { kDefault, kKept, kConfig, kEnvironment, kFlag };

// All settings of a call, merged; a value, never changed afterwards.
class Settings {
 public:
  Settings() = default;
  Settings(const Asked& asked, const ConfigFiles& files);

  // What the steps and commands read.
  const Wanted& wanted() const { return wanted_; }
  const OwnModels& own() const { return own_; }
  // For writing them down: the checked text of an option and where it came from; nothing when it has no
  // value.
  struct Value {
    std::string text;
    Source source = Source::kDefault;
  };
  const Value* Find(std::string_view option) const;
  // Options that count here only because handlens.toml has them, and not by default: "preset = \"quick\"".
  std::vector<std::string> Kept(std::string_view command) const;
  // The value that handlens.toml has, whatever this call says; nothing when it has none or just the default.
  const std::string* InFile(std::string_view option) const;

 private:
  std::map<std::string, Value, std::less<>> values_;
  std::map<std::string, std::string, std::less<>> in_file_;
  Wanted wanted_;
  OwnModels own_;
};

// What the flags alone say, for the few that decide where settings are read from.
Wanted FlagsOnly(const Asked& asked);

// The effective configuration as a commented handlens.toml that ReadConfig reads back to the same settings.
// How a call talks (jobs, json, quiet, ...) is not part of it; what counts for this call alone (Life::kCall)
// stands in a comment.
std::string EffectiveToml(const Settings& settings);

}  // namespace handlens::pipeline
