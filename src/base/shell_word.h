// Commands that people paste.
#pragma once

#include <string>
#include <string_view>

namespace handlens {

// A path as one word of a shell: as it is where that is safe, else in single quotes. A path that begins with
// '-' gets "./" before it, so that it is no option.
std::string ShellWord(std::string_view text);

}  // namespace handlens
