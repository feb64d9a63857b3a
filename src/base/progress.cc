#include "base/quiet_progress.h"

namespace handlens {

Progress& SilentProgress() {
  static QuietProgress silent;
  return silent;
}

}  // namespace handlens
