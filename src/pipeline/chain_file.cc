// Reads and writes chain.json; hashes and lists files.
#include "pipeline/chain_file.h"

#include "base/disk.h"
#include "base/file_writer.h"
#include "base/hash.h"
#include "base/json.h"

namespace handlens::pipeline {
namespace {

namespace fs = std::filesystem;
constexpr const char* kFormat = "handlens-chain";

Hashes ReadHashes(const Json& json) {
  Hashes hashes;
  for (const auto& [path, hash] : json.items()) hashes[path] = hash.get<std::string>();
  return hashes;
}

Json HashesJson(const Hashes& hashes) {
  Json json = Json::object();
  for (const auto& [path, hash] : hashes) json[path] = hash;
  return json;
}

}  // namespace

Result<Chain> ReadChain(const fs::path& run) {
  const fs::path path = run / "chain.json";
  HL_ASSIGN(const bool there, IsThere(path));
  if (!there) return Chain();
  HL_ASSIGN(const Json record, ReadRecord(path, kFormat, 1));
  return FromJson(record, path.string(), [](const Json& json) {
    Chain chain;
    for (const Json& step : json.at("steps")) {
      chain.push_back({step.at("step").get<std::string>(), step.at("program").get<std::string>(),
                       step.at("options_sha256").get<std::string>(), ReadHashes(step.at("inputs")),
                       ReadHashes(step.at("outputs")), step.value("options", Json::object())});
    }
    return chain;
  });
}

Result<void> WriteChain(const fs::path& run, const Chain& chain) {
  Json steps = Json::array();
  for (const RecordedStep& step : chain) {
    Json json = {{"step", step.name}, {"program", step.program}, {"options_sha256", step.options_sha256}};
    if (!step.options.empty()) json["options"] = step.options;
    json["inputs"] = HashesJson(step.inputs);
    json["outputs"] = HashesJson(step.outputs);
    steps.push_back(std::move(json));
  }
  return WriteRecord(run / "chain.json", kFormat, 1, {{"steps", steps}});
}

fs::path PlaceOf(const fs::path& run, const std::string& path) {
  const fs::path place(path);
  return place.is_absolute() ? place : run / place;
}

Result<std::optional<std::string>> HashOnDisk(const fs::path& run, const std::string& path) {
  const fs::path place = PlaceOf(run, path);
  HL_ASSIGN(const fs::file_type kind, KindOfFile(place));
  if (kind != fs::file_type::regular) return std::optional<std::string>();
  HL_ASSIGN(std::string hash, Sha256OfFile(place));
  return std::optional(std::move(hash));
}

Result<std::vector<std::string>> Expand(const fs::path& run, const std::string& path) {
  std::vector<std::string> files;
  std::vector<std::string> open = {path};
  while (!open.empty()) {
    std::string next = std::move(open.back());
    open.pop_back();
    const fs::path place = PlaceOf(run, next);
    HL_ASSIGN(const fs::file_type kind, KindOfFile(place));
    if (kind == fs::file_type::regular) files.push_back(next);
    if (kind != fs::file_type::directory) continue;
    while (next.size() > 1 && next.back() == '/') next.pop_back();
    HL_ASSIGN(const std::vector<std::string> names, ListFolder(place));
    // Last name on top of the stack is taken first, so the files come out in rising order.
    for (auto name = names.rbegin(); name != names.rend(); ++name) open.push_back(next + "/" + *name);
  }
  return files;
}

}  // namespace handlens::pipeline
