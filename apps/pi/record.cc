#include "record.h"

#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <ctime>

#include "base/hash.h"
#include "package/field_words.h"

namespace handlens::device {
namespace fs = std::filesystem;
namespace {

using package::kOwnRuntime;
using package::kRecordFormat;
using package::kRecordVersion;

// The first line of a file of the kernel's, without the zero byte that some end with; empty when there is
// none.
std::string SystemText(const char* path) {
  const auto head = ReadHead(path, 200);
  if (!head || !*head) return "";
  const std::string& text = **head;
  return text.substr(0, text.find_first_of(std::string_view("\n\0", 2)));
}

// PRETTY_NAME="..." of os-release.
std::string SystemName() {
  const auto text = ReadText("/etc/os-release");
  constexpr std::string_view kKey = "PRETTY_NAME=\"";
  const size_t at = text ? text->find(kKey) : std::string::npos;
  if (at == std::string::npos) return "Linux";
  return text->substr(at + kKey.size(), text->find('"', at + kKey.size()) - at - kKey.size());
}

// A random number of this installation, so that records of two devices of one kind are not taken for one's.
// Empty when it cannot be kept.
std::string Installation(const Facts& facts) {
  const fs::path path = StateFolder(facts) / "installation";
  if (const auto known = ReadText(path); known && known->size() == 32) return *known;
  std::array<uint8_t, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) return "";
  const std::string fresh = Sha256(bytes).substr(0, 32);
  return WriteFileAtomic(path, fresh, Access::kOwner) ? fresh : "";
}

Json PictureOf(const Held& held) {
  return {{"file", held.row.at("file")},       {"sha256", held.row.at("sha256")},
          {"label", held.row.at("label")},     {"input_equal", held.input_equal},
          {"computer", held.row.at("scores")}, {"computer_xnnpack", held.row.at("scores_xnnpack")},
          {"builtin", Numbers(held.scores)},   {"xnnpack", nullptr},
          {"builtin_ok", held.right},          {"xnnpack_ok", nullptr}};
}

}  // namespace

Json BeginRecord(const Facts& facts) {
  utsname system{};
  ::uname(&system);
  const std::string board = SystemText("/proc/device-tree/model");
  Json app = {{"name", facts.name},
              {"target", "pi"},
              {"version_name", facts.version_name},
              {"model_file", facts.model_file},
              {"model_sha256", facts.model_sha256},
              {"input_type", facts.input_type},
              {"runtime", kOwnRuntime},
              {"path", "builtin"}};
  if (const std::string installation = Installation(facts); !installation.empty())
    app["installation"] = installation;
  return {
      {"made_at", Now()},
      {"app", std::move(app)},
      {"phone",
       {{"model", board.empty() ? std::string(system.machine) : board},
        {"system", fmt::format("{}, {} {} {}", SystemName(), system.sysname, system.release, system.machine)},
        {"cores", ::sysconf(_SC_NPROCESSORS_ONLN)}}},
      {"labels", facts.labels}};
}

// JSON has no word for what is not a number.
Json Numbers(const std::vector<float>& scores) {
  Json list = Json::array();
  for (const float score : scores) list.push_back(std::isnan(score) ? Json() : Json(score));
  return list;
}

std::string Now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32] = "";
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

fs::path StateFolder(const Facts& facts) {
  for (const char* variable : {"STATE_DIRECTORY", "XDG_CONFIG_HOME", "HOME"}) {
    const char* const value = std::getenv(variable);
    if (value == nullptr || *value == '\0') continue;
    const fs::path folder = value;
    const std::string_view name = variable;
    return name == "STATE_DIRECTORY" ? folder
           : name == "HOME"          ? folder / ".config" / facts.program
                                     : folder / facts.program;
  }
  return fs::path(".config") / facts.program;
}

Result<void> WriteSelfCheck(const fs::path& path, const Facts& facts, const SelfCheck& check) {
  Json record = BeginRecord(facts);
  Json pictures = Json::array();
  for (const Held& held : check.pictures) pictures.push_back(PictureOf(held));
  const Golden& golden = check.golden;
  record["self_check"] = {{"ok", check.passed()},
                          {"model_intact", check.model_intact},
                          {"computer_runtime", check.file.at("runtime")},
                          {"tolerance", check.file.at("tolerance")},
                          {"golden",
                           {{"count", golden.count},
                            {"equal", golden.equal},
                            {"within_bound", golden.within_bound},
                            {"differing_bytes", golden.differing_bytes},
                            {"largest_jpeg_difference", golden.largest_jpeg_difference},
                            {"failed", golden.failed}}},
                          {"delegate", "missing"},
                          {"pictures", std::move(pictures)}};
  return WriteRecord(path, kRecordFormat, kRecordVersion, record);
}

}  // namespace handlens::device
