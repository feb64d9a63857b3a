// Identity: SHA-256 of bytes, as 64 lower-case hexadecimal digits. A picture's id is the hash of its file's
// bytes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace handlens {

std::string Sha256(std::span<const uint8_t> bytes);
std::string Sha256(std::string_view text);

}  // namespace handlens
