// Where the program lies, and so its parts: the runtime, the process apart, backbones, templates of apps, the
// demo's pictures.
#pragma once

#include <filesystem>

namespace handlens {

// The folder of the running program, or the one that UseProgramFolder named. Empty where the system does not
// say.
std::filesystem::path ProgramFolder();

// For programs that use handlens as a library and lie elsewhere: the folder of an installed `handlens`. Call
// it before anything else; not thread-safe.
void UseProgramFolder(std::filesystem::path folder);

}  // namespace handlens
