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

bool BeyondAscii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// The line of the first letter beyond ASCII outside of strings and comments, or escaped in a string: no TOML.
// 0 = none. The library asks whether such a letter is a space of a table with holes, which is undefined.
int LineOfBareLetter(std::string_view text) {
  int line = 1;
  std::string_view closing;  // the quotes that end the string we are in
  bool comment = false;
  for (size_t i = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; i < text.size(); ++i) {
    const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\n') {
      ++line;
      comment = false;
      if (closing.size() == 1) closing = {};  // broken: the library says so
    } else if (comment) {
      continue;
    } else if (closing.starts_with('"') && c == '\\') {
      if (BeyondAscii(next)) return line;
      if (next != '\n') ++i;
    } else if (!closing.empty()) {
      if (!text.substr(i).starts_with(closing)) continue;
      i += closing.size() - 1;
      if (closing.size() == 3) i = std::min(text.find_first_not_of(c, i), i + 3) - 1;  // """a"""""
      closing = {};
    } else if (c == '"' || c == '\'') {
      const size_t quotes = text.substr(i).starts_with(std::string(3, c)) ? 3 : 1;
      closing = text.substr(i, quotes);
      i += quotes - 1;
    } else if (c == '#') {
      comment = true;
    } else if (BeyondAscii(c)) {
      return line;
    }
  }
  return 0;
}

}  // namespace

Result<ConfigFile> ReadConfig(const std::filesystem::path& path) {
  ConfigFile config;
  config.path = path;
  auto text = ReadText(path);
  if (!text) return Fail(ErrorKind::kUsage, "{}", text.error().message);
  if (const int line = LineOfBareLetter(*text); line > 0) {
    return Fail(ErrorKind::kUsage, "{}:{}: letters beyond a to z belong in quotes, as in author = \"Müller\"",
                path.string(), line);
  }
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
