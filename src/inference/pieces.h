// The C text that every model's file is made of, as the build embedded it. Private to the room.
#pragma once

#include "base/embedded.h"

namespace handlens::inference {

std::span<const EmbeddedFile> Pieces();

}  // namespace handlens::inference
