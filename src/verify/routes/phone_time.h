// How long one answer takes on phones that are not at hand. An estimate, not a measurement: a network whose
// times on phones are published, MobileNet v1, is timed on this computer by the same library, and the model
// at hand is taken to be as much slower or faster on the phone as MobileNet is. run.cc's MeasureMemory asks
// for it. Not for other rooms.
#pragma once

#include <vector>

#include "base/disk.h"
#include "verify/verify.h"

namespace handlens::verify {

// A file of MobileNet v1 (Howard et al. 2017; width 1, 224 px, 1000 classes, float32; 569 million
// multiply-adds). Its weights are averages, since its answers do not matter.
Bytes ReferenceNetwork();
inline constexpr const char* kReferenceName = "MobileNet v1, 224 px, float32";

// For every class of phones, from the times of one answer of the model and of the reference network on this
// computer, both with one thread, in ms. Pure.
std::vector<PhoneTime> PhoneTimes(double answer_ms, double reference_ms);

}  // namespace handlens::verify
