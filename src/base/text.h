// Numbers and nouns in sentences for people.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace handlens {

std::string Thousands(int64_t n);   // "2,360,965"
std::string Plural(size_t n, std::string_view one, std::string_view many);   // "1 picture", "2,000 pictures"
std::string Count(int64_t number, std::string_view noun);                    // the same for nouns that take an s
std::string Duration(double seconds);   // "3.0 s", "4 min 5 s", "2 h 10 min"; "?" where it is not known
std::string ByteCount(double bytes);    // "90 bytes", "90.0 KB", "1.2 GB"; 1 KB = 1000 bytes

}  // namespace handlens
