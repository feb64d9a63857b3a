// What generated C is told of a model besides its numbers: how pictures are fitted, what is referred.
#pragma once

#include <string_view>

#include "describe/describe.h"

namespace handlens::package {

// HL_FIT_* of pixels.h.
inline int FitCode(std::string_view fit) { return fit == "stretch" ? 1 : fit == "letterbox" ? 2 : 0; }

// The label that must not be missed, and from which score on it is referred; -1 and 1 for none.
inline int ReferClass(const describe::Description& d) {
  return d.referral ? static_cast<int>(d.referral->label) : -1;
}
inline double ReferFrom(const describe::Description& d) { return d.referral ? d.referral->from : 1; }

}  // namespace handlens::package
