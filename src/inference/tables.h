// Tables as C text. Private to the room.
#pragma once

#include <string>
#include <string_view>

#include "inference/lower.h"

namespace handlens::inference {

// "static const int8_t @P@NAME[N] = {...};", aligned to 16 bytes, in lines of readable length.
std::string TableText(const Table& table);

// A C string literal of UTF-8: whatever is not plain ASCII as octal escapes.
std::string Literal(std::string_view text);
// Text that may stand in a C comment.
std::string CommentText(std::string_view text);

}  // namespace handlens::inference
