// The files of apps/c that go along with every model in C, as the build embedded them. Private to the room.
#pragma once

#include "base/embedded.h"

namespace handlens::package {

std::span<const EmbeddedFile> CFiles();

}  // namespace handlens::package
