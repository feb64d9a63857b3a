// The TOML library, and errors that point into a TOML file. For the readers of handlens.toml alone.
#pragma once

#include <stdexcept>

namespace handlens::pipeline {
// The parser's own mistakes ("[[" at the end of a line, in 3.3.0) end the reading, not the program:
// ReadConfig catches them.
constexpr void MustHold(bool assumption) {
  if (!assumption) throw std::logic_error("an assumption of the TOML library does not hold");
}
}  // namespace handlens::pipeline
#define TOML_ASSERT(assumption) ::handlens::pipeline::MustHold(static_cast<bool>(assumption))
#include <toml++/toml.h>

#include <string>

#include "base/result.h"

namespace handlens::pipeline {

// "mine.toml:12: what". Kind kUsage.
inline tl::unexpected<Error> At(const std::string& file, const toml::node& node, const std::string& what) {
  return Fail(ErrorKind::kUsage, "{}:{}: {}", file, node.source().begin.line, what);
}

}  // namespace handlens::pipeline
