// The option table: every option of handlens, written once. The parser, --help, the man page,
// docs/options.md, shell completion, handlens.toml and the HANDLENS_* variables are all read from it. What an
// option does to a step is not here but in the step's Read (step.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "pipeline/step_names.h"

namespace handlens::pipeline {

enum class Kind {
  kFlag,      // present or not; elsewhere true/false
  kText,      // any text
  kPath,      // a file or folder
  kPaths,     // the same; the option may be repeated, its values are joined by line feeds
  kInteger,   // a whole number in low..high
  kNumber,    // a number in low..high
  kDuration,  // "90s", "30m", "2h"; seconds inside
  kBytes,     // "90000", "64K", "2M"; bytes inside, 1K = 1024
  kChoice,    // one of `choices`
  kIntegers,  // whole numbers in low..high, separated by commas
  kWords      // names separated by commas
};

// kEverywhere: also a key of handlens.toml and an environment variable. kCommandLine: makes sense for one
// call only.
enum class Scope { kEverywhere, kCommandLine };

// kKept: a value once given counts for later calls on the run folder too, until another is given. kCall: it
// counts for one call, unless the user writes it into handlens.toml: gates and the budget.
enum class Life { kKept, kCall };

struct Wanted;

struct Option {
  std::string_view name;                                   // without dashes: "min-accuracy"
  void (*into)(Wanted& wanted, std::string_view checked);  // writes its typed field
  char letter = 0;                                         // of the short form; 0 = none
  Kind kind = Kind::kText;
  std::string_view value = {};           // what help writes for the value: "N", "DIR"
  std::string_view fallback = {};        // default as the user would write it; empty = see `fallback_words`
  std::string_view fallback_words = {};  // what an absent value means, for people: "chosen from the pictures"
  double low = 0, high = 0;              // numbers only
  std::string_view choices = {};         // "a|b|c", kChoice only
  std::string_view group = {};           // heading in help
  std::string_view commands = {};        // names separated by blanks, "*" = all; or, or besides:
  std::string_view since =
      {};  // the step that obeys it: its command and those of all later steps, `run` and `demo`
  Scope scope = Scope::kEverywhere;
  Life life = Life::kKept;
  std::string_view help = {};  // a sentence
};

std::span<const Option> Options();
const Option* FindOption(std::string_view name);
std::vector<std::string> CommandsOf(const Option& option);  // in the order of the steps; {"*"} = all
bool AppliesTo(const Option& option, std::string_view command);

// "HANDLENS_MIN_ACCURACY" and "min_accuracy". Empty for Scope::kCommandLine.
std::string EnvironmentName(const Option& option);
std::string TomlKey(const Option& option);

// Checks a value as written and gives its plain form (durations in seconds, bytes as a number, flags
// "true"/"false"). `where` says where the user wrote it ("--jobs", "HANDLENS_JOBS", "handlens.toml:3: jobs").
// Kind kUsage; the message names the place, the value and what would be right.
Result<std::string> CheckValue(const Option& option, std::string_view text, std::string_view where);

// "a,b ,c" -> a, b, c; empty pieces are dropped.
std::vector<std::string> SplitList(std::string_view text, char separator = ',');

}  // namespace handlens::pipeline
