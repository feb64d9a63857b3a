// Where the program lies, and so its parts: the runtime, the process apart, backbones, templates of apps, the
// demo's pictures.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string_view>

namespace handlens {

// The folder of the running program, or the one that UseProgramFolder named. Empty where the system does not
// say.
std::filesystem::path ProgramFolder();

// A part of the program that is a file of its own: the first regular file PLACE/NAME, looked for from the
// program's folder and from the two above it ("" = the folder itself). Empty when there is none.
std::filesystem::path FindPart(std::string_view name, std::initializer_list<std::string_view> places);

// For programs that use handlens as a library and lie elsewhere: the folder of an installed `handlens`. Call
// it before anything else; not thread-safe.
void UseProgramFolder(std::filesystem::path folder);

}  // namespace handlens
