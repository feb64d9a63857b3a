#include "pipeline/settings.h"

#include "base/suggest.h"

namespace handlens::pipeline {
namespace {

// How a call talks, not what it computes: kept out of the effective configuration, so that `--json` today
// does not change tomorrow's call, and the file is the same whatever the number of threads.
bool IsManner(const Option& option) { return option.group == "Common options" && option.name != "seed"; }

std::string TomlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else quoted += c;
  }
  return quoted + '"';
}

std::string TomlValue(const Option& option, const std::string& text) {
  switch (option.kind) {
    case Kind::kFlag:
    case Kind::kInteger:
    case Kind::kBytes: return text;
    case Kind::kNumber: return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
    case Kind::kDuration: return TomlString(text + "s");
    case Kind::kIntegers: return fmt::format("[{}]", fmt::join(SplitList(text), ", "));
    case Kind::kWords: {
      std::vector<std::string> words;
      for (const std::string& word : SplitList(text)) words.push_back(TomlString(word));
      return fmt::format("[{}]", fmt::join(words, ", "));
    }
    default: return TomlString(text);
  }
}

// One line of the effective configuration.
std::string TomlLine(const Settings& settings, const Option& option) {
  const std::string key = TomlKey(option);
  const Settings::Value* const value = settings.Find(option.name);
  std::string line, note;
  if (const std::string* const in_file = settings.InFile(option.name);
      option.life == Life::kCall && in_file != nullptr) {
    line = fmt::format("{} = {}", key, TomlValue(option, *in_file));
  } else if (value != nullptr) {
    line =
        fmt::format("{}{} = {}", option.life == Life::kCall ? "# " : "", key, TomlValue(option, value->text));
    if (option.life == Life::kCall) note = " Of the last call alone; without the # it counts for every call.";
  } else if (option.kind == Kind::kFlag) {
    line = fmt::format("{} = false", key);
  } else {
    line = fmt::format("# {} = {}", key, option.value);
    note = fmt::format(" Default: {}.", option.fallback_words);
  }
  return fmt::format("{:<36}  # {}{}\n", line, option.help, note);
}

}  // namespace

Result<Values> ReadEnvironment(std::span<const std::pair<std::string, std::string>> variables) {
  Values values;
  std::vector<std::string> known;
  for (const Option& option : Options()) {
    if (option.scope == Scope::kEverywhere) known.push_back(EnvironmentName(option));
  }
  for (const auto& [name, text] : variables) {
    if (!name.starts_with("HANDLENS_")) continue;
    const Option* found = nullptr;
    for (const Option& option : Options()) {
      if (EnvironmentName(option) == name) found = &option;
    }
    if (found == nullptr)
      return Fail(ErrorKind::kUsage, "unknown environment variable {}{}", name, DidYouMean(name, known));
    HL_ASSIGN(values[std::string(found->name)], CheckValue(*found, text, name));
  }
  return values;
}

Settings::Settings(const Asked& asked, const ConfigFiles& files)
    : in_file_(files.kept.values.begin(), files.kept.values.end()),
      own_(files.asked.own.toml.empty() ? files.kept.own : files.asked.own) {
  for (const Option& option : Options()) {
    if (option.fallback.empty()) continue;
    // Defaults stand in the table as users write them; a default that its own option refuses is a
    // programmer's error.
    const auto checked = CheckValue(option, option.fallback, option.name);
    HL_CHECK(checked.has_value());
    values_[std::string(option.name)] = {*checked, Source::kDefault};
    // Files of earlier versions hold every default.
    if (const auto it = in_file_.find(option.name);
        option.life == Life::kCall && it != in_file_.end() && it->second == *checked)
      in_file_.erase(it);
  }
  const std::pair<const Values*, Source> layers[] = {{&asked.defaults, Source::kDefault},
                                                     {&files.kept.values, Source::kKept},
                                                     {&files.asked.values, Source::kConfig},
                                                     {&asked.environment, Source::kEnvironment},
                                                     {&asked.flags, Source::kFlag}};
  for (const auto& [values, source] : layers) {
    for (const auto& [name, text] : *values) {
      const Value* const before = Find(name);
      if (before == nullptr || before->text != text || source > Source::kKept) values_[name] = {text, source};
    }
  }
  // In the order of the table, so that of two options with one field the later has the last word.
  for (const Option& option : Options()) {
    if (const Value* value = Find(option.name)) option.into(wanted_, value->text);
  }
}

std::vector<std::string> Settings::Kept(std::string_view command) const {
  std::vector<std::string> kept;
  for (const Option& option : Options()) {
    const Value* const value = Find(option.name);
    if (value == nullptr || value->source != Source::kKept || !AppliesTo(option, command)) continue;
    if (option.kind == Kind::kFlag && value->text == "false") continue;  // as without it
    kept.push_back(fmt::format("{} = {}", TomlKey(option), TomlValue(option, value->text)));
  }
  if (!own_.toml.empty()) kept.emplace_back("own models, generators or recipe");
  return kept;
}

const std::string* Settings::InFile(std::string_view option) const {
  const auto it = in_file_.find(option);
  return it == in_file_.end() ? nullptr : &it->second;
}

const Settings::Value* Settings::Find(std::string_view option) const {
  const auto it = values_.find(option);
  return it == values_.end() ? nullptr : &it->second;
}

Wanted FlagsOnly(const Asked& asked) {
  Wanted wanted;
  for (const auto& [name, text] : asked.flags) FindOption(name)->into(wanted, text);
  return wanted;
}

std::string EffectiveToml(const Settings& settings) {
  std::string text =
      "# The settings of this run: what was asked for, and the defaults of handlens " HANDLENS_VERSION
      ".\n"
      "# Later steps on this folder read them; `handlens ... --config FILE` uses them for another run. To "
      "reset one, delete\n"
      "# its line.\n"
      "# A flag or a HANDLENS_ variable has precedence.\n";
  std::string_view group;
  for (const Option& option : Options()) {
    if (option.scope == Scope::kCommandLine || IsManner(option)) continue;
    if (option.group != group) text += fmt::format("\n# {}\n", option.group);
    group = option.group;
    text += TomlLine(settings, option);
  }
  if (!settings.own().toml.empty()) text += "\n# Own models and generators\n" + settings.own().toml;
  return text;
}

}  // namespace handlens::pipeline
