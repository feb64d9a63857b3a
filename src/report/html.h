// The document as one HTML page and its tables as CSV. Everything that came from a file, a folder or a user
// is escaped here and nowhere else; what a figure shows without JavaScript is its table.
#pragma once

#include <string>
#include <string_view>

#include "report/document.h"

namespace handlens::report {

// & < > " ' as references, control characters as U+FFFD: safe as text and inside a quoted attribute.
std::string EscapeHtml(std::string_view text);

// JSON that may stand inside a <script> element: no "<" remains, so neither "</script" nor "<!--" can end it
// early.
std::string ScriptSafe(const Json& json);

// The whole page, with style, script, plotting library and pictures inside.
std::string ToHtml(const Document& document);

// RFC 4180 text with a header line; values for machines where a cell has one, full precision.
std::string ToCsv(const Table& table);

}  // namespace handlens::report
