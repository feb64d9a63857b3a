// Bytes as text (RFC 4648, with padding), for data addresses and signatures.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace handlens {

std::string Base64(std::span<const uint8_t> bytes);

}  // namespace handlens
