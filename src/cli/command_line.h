// The parser of the command line: words in, checked values by option name out.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "pipeline/settings.h"

namespace handlens::cli {

struct CommandLine {
  std::string command;                 // empty when none was given
  std::vector<std::string> arguments;  // what is neither command nor option
  pipeline::Values values;             // option name -> checked value
};

// Reads argv without the program's name: `--x=y`, `--x y`, `-xy`, `-x y`, `--`. The first word that is not an
// option is the command. Kind kUsage: unknown words with the nearest right one, options of another command,
// missing values.
Result<CommandLine> ParseCommandLine(std::span<const std::string> words,
                                     std::span<const std::string> commands);

}  // namespace handlens::cli
