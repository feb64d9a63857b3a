// The program: argv in, an exit code out. Everything else is in the tables and their functions.
#include <clocale>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include "cli/commands/command.h"

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "C");
  try {
    return handlens::cli::Main(std::vector<std::string>(argv, argv + argc));
  } catch (const std::bad_alloc&) {
    std::fputs("handlens: error: out of memory; try fewer --jobs, smaller --sizes or a smaller preset\n",
               stderr);
    return static_cast<int>(handlens::ErrorKind::kResources);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "handlens: internal error: %s\n", e.what());
    return static_cast<int>(handlens::ErrorKind::kInternal);
  }
}
