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
#include "cli/options.h"
#include "cli/own_models.h"
#include "cli/terminal.h"

namespace handlens::cli {

struct CommandLine {
  std::string command;                          // empty when none was given
  std::vector<std::string> arguments;           // what is neither command nor option
  std::map<std::string, std::string> values;    // option name -> checked value
};

// Reads argv without the program's name: `--x=y`, `--x y`, `-xy`, `-x y`, `--`. The first word that is not an option
// is the command. Kind kUsage: unknown words with the nearest right one, options of another command, missing values.
Result<CommandLine> ParseCommandLine(std::span<const std::string> words, std::span<const std::string> commands);

// A handlens.toml: checked values by option name, and the user's own models and generators.
struct ConfigFile {
  std::filesystem::path path;
  std::map<std::string, std::string> values;
  OwnModels own;
};
Result<ConfigFile> ReadConfig(const std::filesystem::path& path);

// Checked values of HANDLENS_* variables. An unknown HANDLENS_ name is an error with the nearest right one.
Result<std::map<std::string, std::string>> ReadEnvironment(std::span<const std::pair<std::string, std::string>> variables);

enum class Source { kDefault, kConfig, kEnvironment, kFlag };

class Settings {
 public:
  Settings() = default;
  Settings(const CommandLine& line, const std::map<std::string, std::string>& environment, const ConfigFile& config);

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

// How a call with these settings talks.
TerminalStyle StyleOf(const Settings& settings);

// The effective configuration as a commented handlens.toml that ReadConfig reads back to the same settings. How a
// call talks (jobs, json, quiet, ...) is not part of it.
std::string EffectiveToml(const Settings& settings);

}  // namespace handlens::cli
