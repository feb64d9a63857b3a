// Backbones as files: safetensors, everything that is not a number of the network in its metadata.
#include <algorithm>
#include <charconv>
#include <map>

#include "backbone/backbone.h"
#include "backbone/check.h"
#include "base/disk.h"

namespace handlens::backbone {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "handlens backbone";
constexpr int kVersion = 1;
constexpr std::string_view kSuffix = ".safetensors";

Result<std::string> Note(const nn::WeightsFile& file, std::string_view key) {
  for (const auto& [name, text] : file.metadata) {
    if (name == key) return text;
  }
  return Fail(ErrorKind::kBadInput, "it is no backbone of handlens: its metadata has no \"{}\"", key);
}

Result<void> CheckFormat(const nn::WeightsFile& file) {
  HL_ASSIGN(const std::string format, Note(file, "format"));
  if (format != kFormat) return Fail(ErrorKind::kBadInput, "it is \"{}\", not \"{}\"", format, kFormat);
  HL_ASSIGN(const std::string text, Note(file, "version"));
  int version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  if (version < 1 || version > kVersion) {
    return Fail(ErrorKind::kBadInput,
                "it has version \"{}\"; this program reads up to {}; use a newer handlens", text, kVersion);
  }
  return {};
}

// Weights in the order of the spec's layers, whatever the file's.
void Sort(nn::Weights& weights) {
  constexpr std::string_view kWhats[] = {"kernel", "bias", "gamma", "beta", "mean", "variance", "std"};
  const auto place = [&](const nn::Tensor& t) {
    const std::string_view what =
        std::string_view(t.name).substr(std::min(t.name.size(), t.name.find('.') + 1));
    return std::pair(std::atoi(t.name.c_str()),
                     std::find(std::begin(kWhats), std::end(kWhats), what) - std::begin(kWhats));
  };
  std::stable_sort(weights.begin(), weights.end(),
                   [&](const nn::Tensor& a, const nn::Tensor& b) { return place(a) < place(b); });
}

Result<Backbone> Decode(const Bytes& bytes) {
  HL_ASSIGN(nn::WeightsFile file, nn::DecodeWeightsFile(bytes));
  HL_TRY(CheckFormat(file));
  Backbone backbone;
  HL_ASSIGN(backbone.name, Note(file, "name"));
  HL_ASSIGN(backbone.hash, Note(file, "hash"));
  HL_ASSIGN(backbone.notice, Note(file, "notice"));
  HL_ASSIGN(const std::string spec, Note(file, "spec"));
  HL_ASSIGN(const Json spec_json, ParseJson(spec, "its spec"));
  HL_ASSIGN(backbone.spec, nn::ModelFromJson(spec_json));
  HL_ASSIGN(const std::string cuts, Note(file, "cuts"));
  HL_ASSIGN(const Json cuts_json, ParseJson(cuts, "its cuts"));
  HL_ASSIGN(backbone.cuts,
            FromJson(cuts_json, "its cuts", [](const Json& j) { return j.get<std::vector<int>>(); }));
  backbone.weights = std::move(file.weights);
  Sort(backbone.weights);
  HL_TRY(Check(backbone));
  if (HashOf(backbone) != backbone.hash) {
    return Fail(ErrorKind::kBadInput,
                "its numbers are not those that were written (their hash is {}, not {})", HashOf(backbone),
                backbone.hash);
  }
  return backbone;
}

}  // namespace

Result<Backbone> Read(const fs::path& path) {
  HL_ASSIGN(const Bytes bytes, ReadFile(path));
  Result<Backbone> backbone = Decode(bytes);
  if (backbone) return backbone;
  return Fail(ErrorKind::kBadInput, "{}: this backbone cannot be used: {}; fetch or add it again",
              path.string(), backbone.error().message);
}

Result<void> Write(const fs::path& path, const Backbone& backbone) {
  if (auto good = Check(backbone); !good) {
    return Fail(ErrorKind::kUsage, "backbone {}: {}", backbone.name, good.error().message);
  }
  HL_CHECK(backbone.hash == HashOf(backbone));
  const nn::WeightsFile file{backbone.weights,
                             {{"format", std::string(kFormat)},
                              {"version", std::to_string(kVersion)},
                              {"name", backbone.name},
                              {"hash", backbone.hash},
                              {"spec", nn::ToJson(backbone.spec).dump()},
                              {"cuts", Json(backbone.cuts).dump()},
                              {"notice", backbone.notice}}};
  return WriteFileAtomic(path, nn::EncodeWeightsFile(file));
}

Result<std::vector<Entry>> List(std::span<const fs::path> folders) {
  std::map<std::string, fs::path> found;
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (!fs::is_directory(folder, error)) continue;
    HL_ASSIGN(const std::vector<std::string> names, ListFolder(folder));
    for (const std::string& name : names) {
      if (name.ends_with(kSuffix)) found.emplace(name.substr(0, name.size() - kSuffix.size()), folder / name);
    }
  }
  std::vector<Entry> entries;
  for (auto& [name, path] : found) entries.push_back({name, path});
  return entries;
}

}  // namespace handlens::backbone
