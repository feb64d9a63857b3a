// Where the program lies, see program.h.
#include "base/program.h"

#include <system_error>
#include <utility>

namespace handlens {
namespace {

// Of the process, as its executable is: set once, before anything reads it.
std::filesystem::path& Named() {
  static std::filesystem::path folder;
  return folder;
}

}  // namespace

std::filesystem::path ProgramFolder() {
  if (!Named().empty()) return Named();
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

void UseProgramFolder(std::filesystem::path folder) { Named() = std::move(folder); }

}  // namespace handlens
