// A file that the program carries within it (cmake/embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace handlens {

struct EmbeddedFile {
  std::string_view name;  // without folders: "HandlensClassifier.java.in"
  std::string_view text;
};

}  // namespace handlens
