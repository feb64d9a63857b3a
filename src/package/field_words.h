// The words of a phone's or device's record (docs/formats-app.md): what programs in C++ write and `verify`
// reads. Of standard C++ alone, since the program for the Raspberry Pi is built from it too.
#pragma once

#include <array>
#include <string_view>

namespace handlens::package {

// `format` and `version` of the record.
inline constexpr const char* kRecordFormat = "handlens-phone";
inline constexpr int kRecordVersion = 1;
// The apps keep no more than this many photographs of a field test.
inline constexpr int kMostPhotographs = 200;
// `runtime` of those that run the model as plain C, which has the bits of TensorFlow Lite's reference
// kernels.
inline constexpr const char* kOwnRuntime = "handlens C inference";
// How much of the frame the thing fills, where in the frame it is, and what is behind it: the three that the
// field test asks for before a picture is taken.
inline constexpr std::array<std::string_view, 3> kDistances = {"fills", "half", "quarter"};
inline constexpr std::array<std::string_view, 2> kPlaces = {"centre", "edge"};
inline constexpr std::array<std::string_view, 3> kBackgrounds = {"usual", "plain", "busy"};

}  // namespace handlens::package
