// Numbers and nouns in sentences for people; texts of strangers made safe for terminals, JSON on terminals,
// and tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace handlens {

std::string Thousands(int64_t n);                                           // "2,360,965"
std::string Plural(size_t n, std::string_view one, std::string_view many);  // "1 picture", "2,000 pictures"
std::string Count(int64_t number, std::string_view noun);  // the same for nouns that take an s
std::string Duration(double seconds);  // "3.0 s", "4 min 5 s", "2 h 10 min"; "?" where it is not known
std::string Percent(double share);     // 0.658 -> "65.8 %"
std::string ByteCount(double bytes);   // "90 bytes", "90.0 KB", "1.2 GB"; 1 KB = 1000 bytes

// A text of a stranger (a file's name, a record's words) for a terminal or a line of ours: what could move
// the cursor, change colours, start a line or turn the writing around is shown as \xHH (control characters,
// bytes that are not UTF-8) or \u{HHHH} (C1 controls, marks of direction, separators of lines). Everything
// else stays as it is.
std::string Visible(std::string_view text);
// The same; line feeds and tabs stay.
std::string VisibleLines(std::string_view text);
// The same for JSON as text: what is left in its strings becomes \uHHHH, so that it reads back to the same
// values.
std::string VisibleJson(std::string_view json);

// One cell of a CSV file (RFC 4180): quoted when it must be. A text that a spreadsheet would run as a formula
// (it begins with = + - @, a tab or a carriage return and is no number) gets a ' in front.
std::string CsvCell(std::string_view text);
// Takes that ' away again.
std::string_view WithoutCsvGuard(std::string_view cell);

}  // namespace handlens
