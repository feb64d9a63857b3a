// Comma-separated values by RFC 4180, strictly: quotes, doubled quotes, line breaks inside quotes, CRLF or
// LF, an optional UTF-8 byte order mark. Knows nothing of pictures; what labels.csv means is in
// layouts/csv.cc. Own code because the C libraries at hand accept malformed quotes silently or do not tell
// the line.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace handlens::dataset {

struct CsvRow {
  size_t line = 0;  // of its first character, from 1
  std::vector<std::string> fields;
};

// All rows that are not blank. The separator is ',' unless the first line holds ';' or a tab and no ',' (what
// spreadsheet programs write in many countries). Kind kBadInput with the line number: a quote inside a plain
// field, text after a closing quote, a quote never closed, a NUL byte, UTF-16.
Result<std::vector<CsvRow>> ParseCsv(std::string_view text, std::string_view where);

// The same row by row, for tables that should not stand in memory twice: `take` may keep the row's fields;
// its error ends the reading. Same errors.
Result<void> ForEachCsvRow(std::string_view text, std::string_view where,
                           const std::function<Result<void>(CsvRow&)>& take);

}  // namespace handlens::dataset
