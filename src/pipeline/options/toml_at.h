// Errors that point into a TOML file. For the readers of handlens.toml alone.
#pragma once

#include <toml++/toml.h>

#include <string>

#include "base/result.h"

namespace handlens::pipeline {

// "mine.toml:12: what". Kind kUsage.
inline tl::unexpected<Error> At(const std::string& file, const toml::node& node, const std::string& what) {
  return Fail(ErrorKind::kUsage, "{}:{}: {}", file, node.source().begin.line, what);
}

}  // namespace handlens::pipeline
