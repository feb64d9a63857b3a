// Settings: what the user asked for, from the command line, the environment and handlens.toml, by the precedence
// flag > environment > handlens.toml > default. Every value is checked where it is read. Knows no step.
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
#include "pipeline/options.h"
#include "pipeline/own_models.h"
#include "pipeline/wanted.h"

namespace handlens::pipeline {

// Checked values by option name.
using Values = std::map<std::string, std::string>;

// What one call asks for, before the settings of a run folder are known.
struct Asked {
  Values flags, environment;
  Values defaults = {};      // of this command, in place of the option table's
};

// A handlens.toml: checked values by option name, and the user's own models and generators.
struct ConfigFile {
  std::filesystem::path path;
  Values values;
  OwnModels own;
};
Result<ConfigFile> ReadConfig(const std::filesystem::path& path);

// Checked values of HANDLENS_* variables. An unknown HANDLENS_ name is an error with the nearest right one.
Result<Values> ReadEnvironment(std::span<const std::pair<std::string, std::string>> variables);

enum class Source { kDefault, kConfig, kEnvironment, kFlag };

class Settings {
 public:
  Settings() = default;
  Settings(const Asked& asked, const ConfigFile& config);

  // What the steps and commands read.
  const Wanted& wanted() const { return wanted_; }
  const OwnModels& own() const { return own_; }
  // For writing them down: the checked text of an option and where it came from; nothing when it has no value.
  struct Value {
    std::string text;
    Source source = Source::kDefault;
  };
  const Value* Find(std::string_view option) const;

 private:
  std::map<std::string, Value, std::less<>> values_;
  Wanted wanted_;
  OwnModels own_;
};

// What the flags alone say, for the few that decide where settings are read from.
Wanted FlagsOnly(const Asked& asked);

// The effective configuration as a commented handlens.toml that ReadConfig reads back to the same settings. How a
// call talks (jobs, json, quiet, ...) is not part of it.
std::string EffectiveToml(const Settings& settings);

}  // namespace handlens::pipeline
