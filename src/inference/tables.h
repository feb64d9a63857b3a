// Tables as C text. Private to the room.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace handlens::inference {

// "static const int8_t @P@NAME[N] = {...};", aligned to 16 bytes, in lines of readable length.
std::string Int8Table(std::string_view name, std::span<const int8_t> values);
std::string Uint8Table(std::string_view name, std::span<const uint8_t> values);
std::string Int32Table(std::string_view name, std::span<const int32_t> values);

// A C string literal of UTF-8: whatever is not plain ASCII as octal escapes.
std::string Literal(std::string_view text);
// Text that may stand in a C comment.
std::string CommentText(std::string_view text);

}  // namespace handlens::inference
