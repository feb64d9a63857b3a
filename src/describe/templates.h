// The wrapper templates of src/describe/templates as the build embedded them. Filling them in is in
// wrappers.cc.
#pragma once

#include "base/embedded.h"

namespace handlens::describe {

// All of them, sorted by name.
std::span<const EmbeddedFile> Templates();

}  // namespace handlens::describe
