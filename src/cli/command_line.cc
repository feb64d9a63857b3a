// The parser of the command line.
#include <algorithm>

#include "base/suggest.h"
#include "cli/command_line.h"

namespace handlens::cli {
using namespace pipeline;
namespace {

std::vector<std::string> OptionNames(std::string_view command) {
  std::vector<std::string> names;
  for (const Option& option : Options()) {
    if (command.empty() || AppliesTo(option, command)) names.push_back("--" + std::string(option.name));
  }
  return names;
}

// One pass over the words; remembers which options were seen to check them against the command at the end.
class Parser {
 public:
  Parser(std::span<const std::string> words, std::span<const std::string> commands)
      : words_(words), commands_(commands) {}

  Result<CommandLine> Parse() {
    for (; next_ < words_.size(); ++next_) {
      const std::string& word = words_[next_];
      if (options_ended_ || word == "-" || !word.starts_with('-')) HL_TRY(Positional(word));
      else if (word == "--") options_ended_ = true;
      else if (word.starts_with("--")) HL_TRY(Long(word));
      else HL_TRY(Letters(word));
    }
    HL_TRY(CheckOwner());
    return std::move(line_);
  }

 private:
  Result<void> Positional(const std::string& word) {
    if (!line_.command.empty()) {
      line_.arguments.push_back(word);
      return {};
    }
    if (word == "--version") return {};
    if (std::find(commands_.begin(), commands_.end(), word) == commands_.end()) {
      return Fail(ErrorKind::kUsage, "unknown command '{}'{}; `handlens help` lists the commands", word,
                  DidYouMean(word, commands_));
    }
    line_.command = word;
    return {};
  }

  Result<void> Long(const std::string& word) {
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? std::string::npos : equals - 2);
    if (name == "version" && line_.command.empty()) {
      line_.command = "version";
      return {};
    }
    const Option* option = FindOption(name);
    if (option == nullptr) {
      return Fail(ErrorKind::kUsage, "unknown option '--{}'{}", name,
                  DidYouMean("--" + name, OptionNames(line_.command)));
    }
    if (equals != std::string::npos) return Set(*option, word.substr(equals + 1), "--" + name);
    if (option->kind == Kind::kFlag) return Set(*option, "true", "--" + name);
    return TakeNext(*option, "--" + name);
  }

  Result<void> Letters(const std::string& word) {
    for (size_t i = 1; i < word.size(); ++i) {
      const std::string shown = std::string("-") + word[i];
      const auto options = Options();
      const auto option =
          std::find_if(options.begin(), options.end(), [&](const Option& o) { return o.letter == word[i]; });
      if (option == options.end()) {
        return Fail(ErrorKind::kUsage, "unknown option '{}'{}", shown,
                    word.size() > 2 ? DidYouMean("-" + word, OptionNames(line_.command)) : "");
      }
      if (option->kind == Kind::kFlag) {
        HL_TRY(Set(*option, "true", shown));
        continue;
      }
      if (i + 1 < word.size()) return Set(*option, word.substr(i + 1), shown);
      return TakeNext(*option, shown);
    }
    return {};
  }

  Result<void> TakeNext(const Option& option, const std::string& shown) {
    if (next_ + 1 >= words_.size()) {
      return Fail(ErrorKind::kUsage, "{} needs a value ({}): {}", shown, option.value, option.help);
    }
    return Set(option, words_[++next_], shown);
  }

  Result<void> Set(const Option& option, const std::string& text, const std::string& shown) {
    HL_ASSIGN(std::string value, CheckValue(option, text, shown));
    std::string& place = line_.values[std::string(option.name)];
    if (option.kind == Kind::kPaths && !place.empty()) value = place + "\n" + value;
    place = std::move(value);
    return {};
  }

  Result<void> CheckOwner() const {
    if (line_.command.empty()) return {};
    for (const auto& [name, value] : line_.values) {
      const Option& option = *FindOption(name);
      if (AppliesTo(option, line_.command)) continue;
      return Fail(ErrorKind::kUsage, "--{} is no option of `{}`; it belongs to: {}", name, line_.command,
                  fmt::join(CommandsOf(option), ", "));
    }
    return {};
  }

  std::span<const std::string> words_;
  std::span<const std::string> commands_;
  size_t next_ = 0;
  bool options_ended_ = false;
  CommandLine line_;
};

}  // namespace

Result<CommandLine> ParseCommandLine(std::span<const std::string> words,
                                     std::span<const std::string> commands) {
  return Parser(words, commands).Parse();
}

}  // namespace handlens::cli
