#include "base/json.h"

#include <charconv>
#include <limits>

#include "base/disk.h"

namespace handlens {
namespace {

constexpr size_t kHeadBytes = 512;

tl::unexpected<Error> Newer(std::string_view where, std::string_view found, int known) {
  return Fail(ErrorKind::kBadInput,
              "{}: written by a newer handlens (version {}, this one reads {}); update handlens", where,
              found, known);
}

bool IsTooDeep(std::string_view text) {
  int levels = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    else if (quoted) i += c == '\\' ? 1 : 0;
    else if (c == '[' || c == '{') ++levels;
    else if (c == ']' || c == '}') --levels;
    if (levels > kMostJsonLevels) return true;
  }
  return false;
}

// The text of `"key": VALUE` after the key, blanks and quotes taken away; empty when there is none.
std::string_view ValueOf(std::string_view text, std::string_view key) {
  const size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  const size_t begin = text.find_first_not_of(" \t\r\n:\"", at + key.size());
  if (begin == std::string_view::npos) return {};
  const size_t end = text.find_first_of(" \t\r\n,\"}", begin);
  return text.substr(begin, end == std::string_view::npos ? end : end - begin);
}

}  // namespace

Result<Json> ParseJson(std::string_view text, std::string_view where) {
  if (IsTooDeep(text)) {
    return Fail(ErrorKind::kBadInput, "{}: no JSON that handlens reads (more than {} levels of lists)", where,
                kMostJsonLevels);
  }
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorKind::kBadInput, "{}: not valid JSON ({})", where, e.what());
  }
}

Result<void> CheckRecordKind(const Json& json, std::string_view where, std::string_view format, int version) {
  if (!json.is_object() || !json.contains("format") || json["format"] != format) {
    return Fail(ErrorKind::kBadInput, "{}: not a {} file", where, format);
  }
  const Json found = json.value("version", Json());
  // The parser makes whole numbers unsigned unless they are negative, and those that are too large floats.
  if (found.is_number_unsigned() && found.get<uint64_t>() >= 1 &&
      found.get<uint64_t>() <= static_cast<uint64_t>(version))
    return {};
  const bool newer = found.is_number() && found.get<double>() > version;
  if (newer) return Newer(where, found.dump(), version);
  return Fail(ErrorKind::kBadInput, "{}: a {} file without a version that handlens ever wrote ({})", where,
              format, found.dump());
}

Result<Json> ReadRecord(const std::filesystem::path& path, std::string_view format, int version) {
  HL_ASSIGN(std::string text, ReadText(path));
  HL_ASSIGN(Json json, ParseJson(text, path.string()));
  HL_TRY(CheckRecordKind(json, path.string(), format, version));
  return json;
}

Result<std::optional<RecordHead>> ReadRecordHead(const std::filesystem::path& path) {
  HL_ASSIGN(const std::optional<std::string> text, ReadHead(path, kHeadBytes));
  if (!text) return std::optional<RecordHead>();
  const std::string_view format = ValueOf(*text, "\"format\""), version = ValueOf(*text, "\"version\"");
  RecordHead head{std::string(format), 0};
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), head.version);
  if (error == std::errc::result_out_of_range) head.version = std::numeric_limits<uint64_t>::max();
  if (format.empty() || version.empty() || error == std::errc::invalid_argument)
    return std::optional<RecordHead>();
  return std::optional(head);
}

Result<void> RefuseNewerRecord(const std::filesystem::path& path, std::string_view format, int version) {
  HL_ASSIGN(const std::optional<RecordHead> head, ReadRecordHead(path));
  if (!head || head->format != format || head->version <= static_cast<uint64_t>(version)) return {};
  return Newer(path.string(), fmt::format("{}", head->version), version);
}

std::string RecordText(std::string_view format, int version, const Json& record, int indent) {
  Json json = {{"format", format}, {"version", version}};
  json.update(record);
  return json.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<void> WriteRecord(const std::filesystem::path& path, std::string_view format, int version,
                         const Json& record) {
  HL_TRY(RefuseNewerRecord(path, format, version));
  return WriteFileAtomic(path, RecordText(format, version, record, 2));
}

}  // namespace handlens
