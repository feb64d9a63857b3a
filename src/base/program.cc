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

std::filesystem::path FindPart(std::string_view name, std::initializer_list<std::string_view> places) {
  std::error_code error;
  std::filesystem::path folder = ProgramFolder();
  for (int up = 0; up < 3 && !folder.empty(); ++up, folder = folder.parent_path()) {
    for (const std::string_view place : places) {
      const std::filesystem::path part = folder / place / name;
      if (std::filesystem::is_regular_file(part, error)) return part;
    }
  }
  return {};
}

void UseProgramFolder(std::filesystem::path folder) { Named() = std::move(folder); }

}  // namespace handlens
