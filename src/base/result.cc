#include "base/result.h"

#include <cstdio>
#include <cstdlib>

namespace handlens {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "handlens: internal error: %s does not hold at %s:%d; please report it\n", condition,
               file, line);
  std::abort();
}

}  // namespace handlens
