// The command on pre-trained networks that trainings may begin with: add, list, remove.
#include <algorithm>
#include <cstdlib>
#include <optional>

#include "backbone/backbone.h"
#include "backbone/import.h"
#include "base/text.h"
#include "cli/commands/command.h"
#include "cli/commands/picture_arguments.h"
#include "image/image.h"
#include "pipeline/backbones.h"

namespace handlens::cli {
namespace fs = std::filesystem;
namespace {

using pipeline::Wanted;

constexpr size_t kMostProofPictures = 50;

// The pictures of the arguments as bytes of the model's size; of many, some from all of them alike.
Result<std::vector<Bytes>> ProofPictures(const std::vector<std::string>& arguments, int size_px,
                                         Progress& progress) {
  std::vector<Bytes> pictures;
  if (arguments.empty()) return pictures;
  HL_ASSIGN(const PictureFiles found, FindPictures(arguments, progress));
  const size_t count = std::min(found.files.size(), kMostProofPictures);
  for (size_t i = 0; i < count; ++i) {
    const PictureFile& file = found.files[i * found.files.size() / count];
    HL_ASSIGN(const image::Decoded decoded, image::DecodeFile(file.path));
    pictures.push_back(image::ModelInput(decoded.image, size_px, image::Fit::kCrop));
  }
  return pictures;
}

// "127.5,127.5": mean and standard deviation in levels of 0..255.
Result<backbone::Scaling> ParseScaling(const std::string& text) {
  std::vector<float> numbers;
  for (const std::string& word : pipeline::SplitList(text)) {
    char* end = nullptr;
    numbers.push_back(std::strtof(word.c_str(), &end));
    if (*end != '\0') return Fail(ErrorKind::kUsage, "--scaling {}: \"{}\" is no number", text, word);
  }
  if (numbers.size() == 2) return backbone::Scaling{{numbers[0]}, {numbers[1]}};
  return Fail(ErrorKind::kUsage,
              "--scaling {}: two numbers are needed, the mean and the standard deviation, as 127.5,127.5",
              text);
}

// A file's name without what a backbone's name cannot hold.
std::string NameFor(const Wanted::Call& asked, const fs::path& source) {
  if (!asked.as.empty()) return asked.as;
  std::string name = fs::absolute(source).lexically_normal().stem().string();
  if (name.empty()) name = fs::absolute(source).lexically_normal().parent_path().filename().string();
  for (char& c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_' || c == '.';
    if (!good) c = '-';
  }
  return name;
}

int64_t Numbers(const backbone::Backbone& backbone) {
  int64_t numbers = 0;
  for (const nn::Tensor& tensor : backbone.weights) numbers += static_cast<int64_t>(tensor.values.size());
  return numbers;
}

Json ToJson(const backbone::Backbone& backbone, const fs::path& path) {
  return {{"name", backbone.name},
          {"path", path.string()},
          {"hash", backbone.hash},
          {"numbers", Numbers(backbone)},
          {"size_px", backbone.spec.size_px},
          {"cuts", backbone.cuts.size()},
          {"notice", backbone.notice}};
}

std::string Line(const backbone::Backbone& backbone, const fs::path& path) {
  return fmt::format("{}: {} numbers, made for {} px, may be cut at {}; {}\n  {}\n", backbone.name,
                     Thousands(Numbers(backbone)), backbone.spec.size_px,
                     Plural(backbone.cuts.size(), "place", "places"), path.string(), backbone.notice);
}

Result<backbone::Backbone> FromFile(const Call& call, const Wanted::Call& asked, Outcome& outcome) {
  const fs::path file = call.arguments[1];
  HL_ASSIGN(const Bytes bytes, ReadFile(file));
  std::optional<backbone::Scaling> scaling;
  if (!asked.scaling.empty()) {
    HL_ASSIGN(scaling, ParseScaling(asked.scaling));
  }
  const auto named = [&](const Error& error) {
    return Fail(error.kind, "{}: {}", file.string(), error.message);
  };
  const auto imported = backbone::ImportClassifier(bytes, scaling ? &*scaling : nullptr);
  if (!imported) return named(imported.error());
  HL_ASSIGN(const auto pictures, ProofPictures({call.arguments.begin() + 2, call.arguments.end()},
                                               imported->model.spec.size_px, *call.terminal));
  const auto proof = backbone::Prove(bytes, *imported, pictures);
  if (!proof) return named(proof.error());
  outcome.json["proof"] = {{"pictures", proof->pictures},
                           {"made", pictures.empty()},
                           {"largest_difference", proof->largest_difference}};
  outcome.text = fmt::format("scores of {} {}: within {:.1g} of the official runtime's\n",
                             Plural(static_cast<size_t>(proof->pictures), "picture", "pictures"),
                             pictures.empty() ? "that were made" : "of yours", proof->largest_difference);
  auto made = backbone::FromClassifier(
      NameFor(asked, file), imported->model,
      fmt::format("From {}; whose it is and what its licence allows, its source says.",
                  file.filename().string()));
  if (!made) return named(made.error());
  return made;
}

Result<Outcome> Add(const Call& call, const Wanted& wanted) {
  if (call.arguments.size() < 2)
    return Fail(ErrorKind::kUsage, "handlens backbone add needs a .tflite file or a run folder");
  Outcome outcome;
  const fs::path source = call.arguments[1];
  std::error_code error;
  const bool is_run = fs::is_directory(source, error);
  if (is_run && (call.arguments.size() > 2 || !wanted.call.scaling.empty())) {
    return Fail(ErrorKind::kUsage, "{} is a run folder: it needs no pictures and no --scaling",
                source.string());
  }
  HL_ASSIGN(const backbone::Backbone made, is_run
                                               ? pipeline::BackboneOfRun(source, NameFor(wanted.call, source))
                                               : FromFile(call, wanted.call, outcome));
  const fs::path path = pipeline::OwnBackbones(wanted, call.around) / (made.name + ".safetensors");
  if (fs::exists(path, error)) {
    const auto there = backbone::Read(path);
    if (!there || there->hash != made.hash) {
      return Fail(ErrorKind::kUsage,
                  "{} is there already, and another one; choose a name by --as, or `handlens backbone remove "
                  "{}` first",
                  path.string(), made.name);
    }
  }
  HL_TRY(backbone::Write(path, made));
  outcome.json["command"] = "backbone add";
  outcome.json["backbone"] = ToJson(made, path);
  outcome.text +=
      Line(made, path) + fmt::format("Train from it with: handlens run PICTURES --models {}\n", made.name);
  return outcome;
}

Result<Outcome> List(const Call& call, const Wanted& wanted) {
  const std::vector<fs::path> folders = pipeline::BackboneFolders(wanted, call.around);
  HL_ASSIGN(const auto entries, backbone::List(folders));
  Outcome outcome;
  outcome.json = {{"command", "backbone list"}, {"backbones", Json::array()}, {"unusable", Json::array()}};
  for (const backbone::Entry& entry : entries) {
    const auto read = backbone::Read(entry.path);
    if (read) outcome.json["backbones"].push_back(ToJson(*read, entry.path));
    else outcome.json["unusable"].push_back(read.error().message);
    outcome.text += read ? Line(*read, entry.path) : read.error().message + "\n";
  }
  if (!entries.empty()) return outcome;
  outcome.text = "no backbones; looked in\n";
  for (const fs::path& folder : folders) outcome.text += "  " + folder.string() + "\n";
  outcome.text +=
      "`./dev weights` fetches lite0 for a build of one's own; `handlens backbone add` takes one of yours\n";
  return outcome;
}

Result<Outcome> Remove(const Call& call, const Wanted& wanted) {
  if (call.arguments.size() != 2) return Fail(ErrorKind::kUsage, "handlens backbone remove needs one name");
  const std::string& name = call.arguments[1];
  const std::vector<fs::path> own = {pipeline::OwnBackbones(wanted, call.around)};
  HL_ASSIGN(const auto entries, backbone::List(own));
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const backbone::Entry& e) { return e.name == name; });
  if (found == entries.end()) {
    return Fail(ErrorKind::kUsage,
                "no backbone \"{}\" of yours in {}; `handlens backbone list` shows what is where", name,
                own[0].string());
  }
  std::error_code error;
  if (!fs::remove(found->path, error))
    return Fail(ErrorKind::kBadInput, "{}: cannot be removed: {}", found->path.string(), error.message());
  Outcome outcome;
  outcome.json = {{"command", "backbone remove"}, {"removed", found->path.string()}};
  outcome.text =
      fmt::format("removed {}; runs that began with it have their own copy\n", found->path.string());
  return outcome;
}

}  // namespace

Result<Outcome> CommandBackbone(Call& call) {
  HL_ASSIGN(const pipeline::Settings settings, MergeSettings(call));
  const std::string& verb = call.arguments[0];
  if (verb == "add") return Add(call, settings.wanted());
  if (verb == "list") return List(call, settings.wanted());
  if (verb == "remove") return Remove(call, settings.wanted());
  return Fail(ErrorKind::kUsage, "handlens backbone {}: it is add, list or remove", verb);
}

}  // namespace handlens::cli
