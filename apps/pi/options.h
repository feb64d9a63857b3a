// The command line of the program.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "field_log.h"

namespace handlens::device {

struct Options {
  std::vector<std::string> pictures;
  std::string camera, record, field_test;
  Conditions conditions;
  int hold = 3, port = 8443, shots = 10, pause_s = 1;
  bool serve = false, loopback = false, repeat = false, every_frame = false;
  bool self_check = false, about = false, help = false;
};

// Kind kUsage, by the option's name.
Result<Options> ReadOptions(int argc, const char* const* argv);
std::string HelpText(const std::string& program);

}  // namespace handlens::device
