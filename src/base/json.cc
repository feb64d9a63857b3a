#include "base/json.h"

#include "base/disk.h"

namespace handlens {

Result<Json> ParseJson(std::string_view text, std::string_view where) {
  try {
    return Json::parse(text);
  } catch (const nlohmann::json::exception& e) {
    return Fail(ErrorKind::kBadInput, "{}: not valid JSON ({})", where, e.what());
  }
}

Result<Json> ReadRecord(const std::filesystem::path& path, std::string_view format, int version) {
  HL_ASSIGN(std::string text, ReadText(path));
  HL_ASSIGN(Json json, ParseJson(text, path.string()));
  if (!json.is_object() || !json.contains("format") || json["format"] != format) {
    return Fail(ErrorKind::kBadInput, "{}: not a {} file", path.string(), format);
  }
  if (!json.contains("version") || !json["version"].is_number_integer() || json["version"].get<int>() > version) {
    return Fail(ErrorKind::kBadInput, "{}: written by a newer handlens (version {}, this one reads {}); update handlens",
                path.string(), json.value("version", Json()).dump(), version);
  }
  return json;
}

Result<void> WriteRecord(const std::filesystem::path& path, std::string_view format, int version, const Json& record) {
  Json json = {{"format", format}, {"version", version}};
  json.update(record);
  // Names of files may hold any bytes; what is not UTF-8 is written as U+FFFD rather than refused.
  return WriteFileAtomic(path, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace handlens
