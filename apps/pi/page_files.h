// The files of page/, as the build embedded them.
#pragma once

#include "base/embedded.h"

namespace handlens::device {

std::span<const EmbeddedFile> PageFiles();

}  // namespace handlens::device
