// The wrapper templates of src/describe/templates as the build embedded them. Filling them in is in wrappers.cc.
#pragma once

#include <span>
#include <string_view>

namespace handlens::describe {

struct Template {
  std::string_view name;  // "HandlensClassifier.java.in"
  std::string_view text;
};

// All of them, sorted by name.
std::span<const Template> Templates();

}  // namespace handlens::describe
