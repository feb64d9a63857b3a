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

// Where the text goes on behind the string that begins at `at`; at the end of a line that breaks it off; or
// at a letter beyond ASCII that a backslash stands before, which is no TOML.
size_t BehindString(std::string_view text, size_t at) {
  const bool is_long = text.substr(at).starts_with(std::string(3, text[at]));
  const std::string_view quotes = text.substr(at, is_long ? 3 : 1);
  for (size_t i = at + quotes.size(); i < text.size(); ++i) {
    if (text[i] == '\n' && !is_long) return i;
    if (text[i] == '\\' && quotes[0] == '"') {
      if (++i < text.size() && BeyondAscii(text[i])) return i;
    } else if (text.substr(i).starts_with(quotes)) {
      const size_t others = text.find_first_not_of(quotes[0], i);  // """a""""" ends in two quotes of its own
      return std::min({others, i + (is_long ? 5 : 1), text.size()});
    }
  }
  return text.size();
}

// The line of the first letter beyond ASCII outside of strings and comments; 0 = none. The library asks
// whether such a letter is a space of a table with holes, which is undefined.
int LineOfBareLetter(std::string_view text) {
  for (size_t i = text.starts_with("\xEF\xBB\xBF") ? 3 : 0; i < text.size();) {
    if (BeyondAscii(text[i])) {
      const std::string_view before = text.substr(0, i);
      return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
    }
    if (text[i] == '#') i = std::min(text.find('\n', i), text.size());
    else if (text[i] == '"' || text[i] == '\'') i = BehindString(text, i);
    else ++i;
  }
  return 0;
}

}  // namespace

Result<ConfigFile> ReadConfig(const std::filesystem::path& path) {
  ConfigFile config;
  config.path = path;
  auto text = ReadText(path);
  HL_TRY_MACHINE(text);
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
