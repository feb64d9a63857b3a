// Python's pickles, protocol 2, as inert values. Nothing is imported and nothing is called: a global is its
// name, and a call is a value that holds what would have been called with what.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace handlens::backbone {

using PickleRef = uint32_t;  // index in Pickle::values

struct PickleValue {
  enum class Kind { kNone, kBool, kInt, kText, kTuple, kList, kDict, kGlobal, kCall, kPersistent, kMark };
  Kind kind = Kind::kNone;
  int64_t number = 0;     // bool, int; an int beyond 63 bits is not kept (0)
  std::string text = {};  // text; global: "module name"
  std::vector<PickleRef> items =
      {};  // tuple, list; dict: key, value, ...; call: function, arguments; persistent: id
};

struct Pickle {
  std::vector<PickleValue> values;
  PickleRef root = 0;
  const PickleValue& Root() const { return values[root]; }
  const PickleValue& At(PickleRef ref) const { return values[ref]; }
};

// Reads one pickle and moves `bytes` behind it. Kind kBadInput: an opcode that no table of tensors needs,
// with its place; truncated; a stack or memo that is used wrongly. Takes time and memory proportional to the
// bytes.
Result<Pickle> ReadPickle(std::span<const uint8_t>& bytes);

}  // namespace handlens::backbone
