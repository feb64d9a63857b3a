#include "base/shell_word.h"

#include <algorithm>
#include <cctype>

namespace handlens {

std::string ShellWord(std::string_view text) {
  const bool plain =
      !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<unsigned char>(c) >= 0x80 ||
               std::string_view("/._-+:,@%=").find(c) != std::string_view::npos;
      });
  if (plain) return std::string(text);
  std::string word = text.starts_with('-') ? "'./" : "'";  // a path that looks like an option
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace handlens
