#include "report/anonymous.h"

#include <fmt/format.h>

#include <set>
#include <unordered_map>

#include "base/hash.h"
#include "dataset/look.h"
#include "dataset/scan.h"

namespace handlens::report {
namespace {

constexpr size_t kHexDigits = 12;

// Every name of this run and what stands in its place.
class Names {
 public:
  explicit Names(const Records& records) {
    std::string ids;
    for (const dataset::Picture& picture : records.dataset.pictures) ids += picture.id;
    key_ = Sha256(ids);
    for (const dataset::Picture& picture : records.dataset.pictures)
      Add(picture.path, "picture-" + picture.id.substr(0, kHexDigits));
    for (const dataset::Rejected& file : records.dataset.rejected) Add(file.path, Hashed("file", file.path));
    for (const dataset::DuplicatePair& pair : records.dataset.duplicates) {
      Add(pair.path_a, Hashed("file", pair.path_a));
      Add(pair.path_b, Hashed("file", pair.path_b));
    }
    Add(records.dataset.labels_file, "LABELS");
    Add(records.dataset.root, "PICTURES");
    Add(records.dataset.inspected_root, "PICTURES");
    Add(records.run.string(), "RUN");
  }

  std::string Hashed(std::string_view kind, const std::string& name) const {
    if (name.empty()) return "";
    return fmt::format("{}-{}", kind, Sha256(key_ + name).substr(0, kHexDigits));
  }

  // The name alone; what is not known is hashed as a file.
  std::string Alias(const std::string& name) const {
    const auto found = aliases_.find(name);
    return found == aliases_.end() ? Hashed("file", name) : found->second;
  }

  // A sentence with each name replaced, the longest first.
  std::string Sentence(const std::string& text) const {
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t before = at;
      for (auto length = lengths_.rbegin(); length != lengths_.rend() && at == before; ++length) {
        if (at + *length > text.size()) continue;
        const auto found = aliases_.find(text.substr(at, *length));
        if (found == aliases_.end()) continue;
        out += found->second;
        at += *length;
      }
      if (at == before) out += text[at++];
    }
    return out;
  }

  void Everywhere(Json& json) const {
    if (json.is_string()) json = Sentence(json.get<std::string>());
    else if (json.is_structured())
      for (Json& part : json) Everywhere(part);
  }

 private:
  // The first alias of a name stays. Sentences may show odd bytes in words.
  void Add(const std::string& name, const std::string& alias) {
    if (name.empty()) return;
    for (const std::string& form : {name, dataset::Printable(name)}) {
      if (aliases_.try_emplace(form, alias).second) lengths_.insert(form.size());
    }
  }

  std::string key_;
  std::unordered_map<std::string, std::string> aliases_;
  std::set<size_t> lengths_;
};

// key = "a/b" -> key = "(a path)"; comments stay.
std::string WithoutPaths(const std::string& toml) {
  std::string out;
  for (size_t at = 0; at < toml.size();) {
    const size_t end = std::min(toml.find('\n', at), toml.size());
    std::string line = toml.substr(at, end - at);
    const size_t open = line.find('"'), close = open == std::string::npos ? open : line.find('"', open + 1);
    const bool value = !line.starts_with('#') && close != std::string::npos;
    if (value && line.substr(open, close - open).find_first_of("/\\") != std::string::npos)
      line.replace(open + 1, close - open - 1, "(a path)");
    out += line + "\n";
    at = end + 1;
  }
  return out;
}

void Rename(const Names& names, dataset::Dataset& dataset) {
  for (dataset::Picture& picture : dataset.pictures) {
    picture.path = names.Alias(picture.path);
    picture.group = names.Hashed("group", picture.group);
    for (std::string& warning : picture.warnings) warning = names.Sentence(warning);
  }
  for (dataset::Rejected& file : dataset.rejected) {
    file.path = names.Alias(file.path);
    file.reason = names.Sentence(file.reason);
  }
  for (dataset::DuplicatePair& pair : dataset.duplicates) {
    pair.path_a = names.Alias(pair.path_a);
    pair.path_b = names.Alias(pair.path_b);
  }
  for (std::string& path : dataset.odd_ones_out) path = names.Alias(path);
  for (std::string& warning : dataset.warnings) warning = names.Sentence(warning);
  dataset.root.clear();
  dataset.inspected_root.clear();
  dataset.labels_file.clear();
}

}  // namespace

Records WithoutNames(Records records) {
  const Names names(records);
  if (records.dataset.pictures.size() > dataset::kMostThumbnails) {
    for (const dataset::Picture& picture : records.dataset.pictures) {
      records.hidden_paths.emplace(picture.id,
                                   (std::filesystem::path(records.dataset.root) / picture.path).string());
    }
  }
  records.run_name = "RUN";
  Rename(names, records.dataset);
  if (records.split) {
    for (std::string& warning : records.split->warnings) warning = names.Sentence(warning);
  }
  for (Json* record : {&records.conversion, &records.description, &records.verdict, &records.timings})
    names.Everywhere(*record);
  for (std::string& sentence : records.changed) sentence = names.Sentence(sentence);
  for (std::string& problem : records.problems) problem = names.Sentence(problem);
  records.config = WithoutPaths(records.config);
  return records;
}

}  // namespace handlens::report
