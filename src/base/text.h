// Numbers and nouns in sentences for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace handlens {

std::string Thousands(int64_t n);   // "2,360,965"
std::string Plural(size_t n, std::string_view one, std::string_view many);   // "1 picture", "2,000 pictures"

}  // namespace handlens
