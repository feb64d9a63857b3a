// JSON records: what every file of a run folder is read and written with. Keys keep their order, numbers are
// written in the shortest form that reads back to the same value, so equal records are equal bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace handlens {

using Json = nlohmann::ordered_json;

// Lists and objects within each other: more are refused, since the library copies and prints a document level
// by level on the stack.
inline constexpr int kMostJsonLevels = 100;

// Parses text; an error names `where` and the byte. Kind kBadInput.
Result<Json> ParseJson(std::string_view text, std::string_view where);

// Whether `json` is a record of `format` in a version from 1 to `version`; an error names `where`. Kind
// kBadInput.
Result<void> CheckRecordKind(const Json& json, std::string_view where, std::string_view format, int version);

// Reads a record written by WriteRecord and checks its "format" and "version" keys: a file of another format
// or of a newer version is refused by name, never misread. Kind kBadInput.
Result<Json> ReadRecord(const std::filesystem::path& path, std::string_view format, int version);

// What a record says of itself, read from the beginning of its file, however long that is; nullopt when the
// file is not there or does not begin as a record.
struct RecordHead {
  std::string format;
  uint64_t version = 0;  // the greatest number for those that are greater still
};
Result<std::optional<RecordHead>> ReadRecordHead(const std::filesystem::path& path);

// Kind kBadInput, by name, when there is a record of `format` in a newer version than `version` at `path`.
Result<void> RefuseNewerRecord(const std::filesystem::path& path, std::string_view format, int version);

// `record` with "format" and "version" in front, `indent` blanks a level, a final newline. Names of files may
// hold any bytes: what is not UTF-8 is written as U+FFFD.
std::string RecordText(std::string_view format, int version, const Json& record, int indent);

// Writes RecordText atomically, two blanks a level. Never over a newer version of itself: kind kBadInput.
Result<void> WriteRecord(const std::filesystem::path& path, std::string_view format, int version,
                         const Json& record);

// Runs `read(json)`, which may throw nlohmann's exceptions on missing keys or wrong types, and turns those
// into an error that names `where`. The one edge at which the library's exceptions are caught.
template <class F>
auto FromJson(const Json& json, std::string_view where, F&& read) -> Result<decltype(read(json))> {
  try {
    return read(json);
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorKind::kBadInput, "{}: not as expected ({}); make it again with the step that wrote it",
                where, e.what());
  }
}

}  // namespace handlens
