// What SetRuntimeLibrary was told; empty when nothing. Not for other rooms.
#pragma once

#include <filesystem>

namespace handlens::tflite {

std::filesystem::path ChosenRuntimeLibrary();

}  // namespace handlens::tflite
