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

namespace handlens::pipeline {

// Checked values by option name.
using Values = std::map<std::string, std::string>;

// What one call asks for, before the settings of a run folder are known.
struct Asked {
  Values flags, environment;
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

  // True when the user gave it, or it has a default.
  bool Has(std::string_view option) const;
  Source SourceOf(std::string_view option) const;
  bool Flag(std::string_view option) const;
  std::string Text(std::string_view option) const;      // empty when absent
  int64_t Integer(std::string_view option) const;       // 0 when absent
  double Number(std::string_view option) const;         // 0 when absent
  std::vector<int> Integers(std::string_view option) const;
  std::vector<std::string> Words(std::string_view option) const;
  // A default that depends on the command or the run; a value that the user gave stays.
  void SetDefault(std::string_view option, std::string value);

  const OwnModels& own() const { return own_; }

 private:
  struct Value {
    std::string text;
    Source source = Source::kDefault;
  };
  std::map<std::string, Value, std::less<>> values_;
  OwnModels own_;
};

// The effective configuration as a commented handlens.toml that ReadConfig reads back to the same settings. How a
// call talks (jobs, json, quiet, ...) is not part of it.
std::string EffectiveToml(const Settings& settings);

}  // namespace handlens::pipeline
