// `list`: everything that an option takes by name, in one place.
#include <algorithm>
#include <functional>

#include "backbone/backbone.h"
#include "base/suggest.h"
#include "cli/commands/command.h"
#include "image/image.h"
#include "package/targets.h"
#include "pipeline/backbones.h"
#include "search/known.h"

namespace handlens::cli {
using namespace pipeline;
namespace {

struct NamedList {
  std::string_view name;
  std::string_view how;  // how the names are used
  std::function<Result<std::vector<search::Known>>(const Wanted&, const Surroundings&)> items;
};

Result<std::vector<search::Known>> Backbones(const Wanted& wanted, const Surroundings& around) {
  HL_ASSIGN(const std::vector<backbone::Entry> entries, backbone::List(BackboneFolders(wanted, around)));
  std::vector<search::Known> known;
  for (const backbone::Entry& entry : entries) known.push_back({entry.name, entry.path.string()});
  return known;
}

Result<std::vector<search::Known>> Targets(const Wanted&, const Surroundings&) {
  std::vector<search::Known> known;
  for (const package::TargetFacts& facts : package::kTargets)
    known.push_back({std::string(facts.name), std::string(facts.summary)});
  return known;
}

Result<std::vector<search::Known>> Formats(const Wanted&, const Surroundings&) {
  std::vector<search::Known> known;
  for (const char* const format : {"JPEG", "PNG", "GIF", "BMP", "TIFF", "WebP", "DICOM"})
    known.push_back({format, "read here"});
  for (const char* const format : {"HEIC", "AVIF"}) {
    const auto can = image::CanDecodeHeif(format);
    known.push_back(
        {format, can ? "read here, by the system's libheif" : "not read here: " + can.error().message});
  }
  known.push_back({".zip", "of a folder of pictures"});
  known.push_back({".csv", "with the columns path,label[,group], or other people's"});
  return known;
}

std::vector<NamedList> Lists() {
  return {
      {"models", "--models NAME,...; more by [[model]] in handlens.toml",
       [](const Wanted&, const Surroundings&) { return search::KnownModels(); }},
      {"generators", "--generators NAME,...; more by [[generator]] in handlens.toml",
       [](const Wanted&, const Surroundings&) { return search::KnownGenerators(); }},
      {"presets", "--preset NAME", [](const Wanted&, const Surroundings&) { return search::KnownPresets(); }},
      {"backbones", "--models NAME, NAME-probe, NAME-tail or NAME-tune; more by `handlens backbone add`",
       Backbones},
      {"targets", "handlens app RUN --target NAME", Targets},
      {"formats", "pictures", Formats}};
}

}  // namespace

Result<Outcome> CommandList(Call& call) {
  HL_ASSIGN(const Settings settings, MergeSettings(call));
  const std::vector<NamedList> lists = Lists();
  std::vector<std::string> names;
  for (const NamedList& list : lists) names.emplace_back(list.name);
  const std::string asked = call.arguments.empty() ? "" : call.arguments[0];
  if (!asked.empty() && std::find(names.begin(), names.end(), asked) == names.end()) {
    return Fail(ErrorKind::kUsage, "'{}' is none of the lists {}{}", asked, fmt::join(names, ", "),
                DidYouMean(asked, names));
  }
  Outcome outcome;
  outcome.json["command"] = "list";
  for (const NamedList& list : lists) {
    if (!asked.empty() && asked != list.name) continue;
    HL_ASSIGN(const std::vector<search::Known> items, list.items(settings.wanted(), call.around));
    outcome.text += fmt::format("{}{}  ({})\n", outcome.text.empty() ? "" : "\n", list.name, list.how);
    Json& json = outcome.json[std::string(list.name)] = Json::array();
    for (const search::Known& item : items) {
      outcome.text += fmt::format("  {:<20} {}\n", item.name, item.description);
      json.push_back({{"name", item.name}, {"description", item.description}});
    }
    if (items.empty()) outcome.text += "  none\n";
  }
  return outcome;
}

}  // namespace handlens::cli
