// Reading handlens.toml (declared in settings.h). The TOML library stays in this file and own_*.cc.
#include "base/disk.h"
#include "base/suggest.h"
#include "pipeline/options/toml_at.h"
#include "pipeline/settings.h"

namespace handlens::pipeline {
namespace {

// A TOML value as the user would write it after the flag.
Result<std::string> AsText(const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  if (const auto* array = node.as_array()) {
    std::vector<std::string> items;
    for (const toml::node& item : *array) {
      if (item.is_array()) return Fail(ErrorKind::kUsage, "{}: a list within a list", where);
      HL_ASSIGN(std::string text, AsText(item, where));
      items.push_back(std::move(text));
    }
    return fmt::format("{}", fmt::join(items, ","));
  }
  return Fail(ErrorKind::kUsage, "{}: neither text, number, true/false nor a list", where);
}

Result<void> ReadKey(const std::string& key, const toml::node& node, ConfigFile& config) {
  const std::string where = fmt::format("{}:{}: {}", config.path.string(), node.source().begin.line, key);
  std::vector<std::string> known = {"model", "generator", "recipe"};
  for (const Option& option : Options()) {
    if (option.scope == Scope::kCommandLine) continue;
    known.push_back(TomlKey(option));
    if (known.back() != key) continue;
    const bool list = option.kind == Kind::kIntegers || option.kind == Kind::kWords;
    if (node.is_array() && !list) return Fail(ErrorKind::kUsage, "{}: one value, not a list", where);
    HL_ASSIGN(const std::string text, AsText(node, where));
    HL_ASSIGN(config.values[std::string(option.name)], CheckValue(option, text, where));
    return {};
  }
  return Fail(ErrorKind::kUsage, "{}:{}: unknown key '{}'{}", config.path.string(), node.source().begin.line,
              key, DidYouMean(key, known));
}

}  // namespace

Result<ConfigFile> ReadConfig(const std::filesystem::path& path) {
  ConfigFile config;
  config.path = path;
  auto text = ReadText(path);
  if (!text) return Fail(ErrorKind::kUsage, "{}", text.error().message);
  toml::table table;
  try {
    table = toml::parse(*text, path.string());
  } catch (const toml::parse_error& e) {
    return Fail(ErrorKind::kUsage, "{}:{}: {}", path.string(), e.source().begin.line, e.description());
  } catch (const std::logic_error&) {
    return Fail(ErrorKind::kUsage, "{}: no TOML that can be read", path.string());
  }
  for (const auto& [key, node] : table) {
    const std::string name(key.str());
    if (name == "model" || name == "generator" || name == "recipe") continue;
    HL_TRY(ReadKey(name, node, config));
  }
  HL_ASSIGN(config.own, ReadOwnModels(table, path.string()));
  return config;
}

}  // namespace handlens::pipeline
