// Help for people, made from the two tables (declared in command.h).
#include <algorithm>

#include "cli/commands/command.h"
#include "package/targets.h"

namespace handlens::cli {
using namespace pipeline;
namespace {

constexpr size_t kWidth = 100;

// Breaks text into lines of at most kWidth, each but the first indented.
std::string Wrap(std::string_view text, size_t indent, size_t first) {
  std::string out(first, ' ');
  size_t column = first;
  bool line_begins = true;
  for (const std::string& word : SplitList(text, ' ')) {
    if (!line_begins && column + 1 + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
      line_begins = true;
    }
    if (!line_begins) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    line_begins = false;
  }
  return out + "\n";
}

std::string Left(const Option& option) {
  std::string left = option.letter != 0 ? fmt::format("-{}, --{}", option.letter, option.name)
                                        : fmt::format("    --{}", option.name);
  if (option.kind == Kind::kFlag) return left;
  return left + " " +
         std::string(option.kind == Kind::kChoice && option.choices.size() < 34 ? option.choices
                                                                                : option.value);
}

// "Default: 5, 2 to 20." as far as it applies.
std::string Facts(const Option& option) {
  std::string facts;
  if (option.kind == Kind::kInteger || option.kind == Kind::kIntegers || option.kind == Kind::kNumber) {
    facts = fmt::format("{:.15g} to {:.15g}", option.low, option.high);
  }
  std::string preset(option.fallback);
  if (!option.fallback_words.empty())
    preset += fmt::format("{}{}", preset.empty() ? "" : ", ", option.fallback_words);
  if (!preset.empty()) facts += fmt::format("{}default: {}", facts.empty() ? "" : "; ", preset);
  return facts;
}

std::string OptionLines(const Option& option) {
  constexpr size_t kColumn = 36;
  const std::string left = "  " + Left(option);
  const std::string facts = Facts(option);
  const std::string text = std::string(option.help) + (facts.empty() ? "" : " [" + facts + "]");
  std::string body = Wrap(text, kColumn, kColumn);
  if (left.size() + 2 > kColumn) return left + "\n" + body;
  return left + body.substr(left.size());
}

// The targets of `app`, a paragraph each.
std::string TargetLines() {
  constexpr size_t kColumn = 13;
  std::string text = "\nTargets\n";
  for (const package::TargetFacts& facts : package::kTargets) {
    const std::string body = Wrap(
        fmt::format("{}. Writes RUN/apps/{}: {}.", facts.summary, facts.name, facts.files), kColumn, kColumn);
    text += fmt::format("  {:<11}{}", facts.name, body.substr(kColumn));
  }
  return text;
}

// Of all that counts for `run`, what a first run needs.
constexpr std::string_view kOfRun[] = {
    "out",         "dry-run",      "yes",    "merge-splits", "subfolders",   "group-pattern", "skip-broken",
    "sizes",       "preset",       "models", "budget",       "from-scratch", "name",          "for",
    "backgrounds", "min-accuracy", "jobs",   "seed",         "json",         "quiet",         "help"};
// Of what every command takes, what each page shows.
constexpr std::string_view kEverywhere[] = {"jobs", "json", "quiet", "help"};

// Whether the page of a command shows the option: what counts from its step on, or is of few commands, not
// what it inherits from the steps before it.
bool IsOwn(const Option& option, std::string_view command) {
  const auto among = [&](std::span<const std::string_view> names) {
    return std::find(names.begin(), names.end(), option.name) != names.end();
  };
  if (command == "run" || command == "demo") return among(kOfRun);
  if (option.commands == "*") return among(kEverywhere);
  const std::vector<std::string> commands = SplitList(option.commands, ' ');
  return option.since == command || std::find(commands.begin(), commands.end(), command) != commands.end();
}

std::vector<std::string_view> OptionGroups() {
  std::vector<std::string_view> groups;
  for (const Option& option : Options()) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  return groups;
}

std::vector<std::string_view> CommandGroups() {
  std::vector<std::string_view> groups;
  for (const Command& command : Commands()) {
    if (std::find(groups.begin(), groups.end(), command.group) == groups.end())
      groups.push_back(command.group);
  }
  return groups;
}

std::string Usage(const Command& command) {
  return fmt::format("handlens {}{}{} [options]", command.name, command.arguments.empty() ? "" : " ",
                     command.arguments);
}

constexpr std::string_view kExitCodes =
    "0 done, 1 internal error, 2 usage, 3 bad input data, 4 a check of the verdict failed, "
    "5 out of disk, memory or time, or the run folder is in use, 75 stopped by the system: saved, run it "
    "again, 130 interrupted";

std::string Troff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '-') out += "\\-";
    else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n')) out += std::string("\\&") + c;
    else out += c;
  }
  return out;
}

std::string MarkdownCell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string TargetsMarkdown() {
  std::string text =
      "\n## Targets of `app`\n\nMade from the table in `src/package/targets.h`.\n\n"
      "| `--target` | what | files in `RUN/apps/TARGET` | proves itself by | may ask for | tested with | "
      "never tested on |\n|---|---|---|---|---|---|---|\n";
  for (const package::TargetFacts& facts : package::kTargets) {
    text +=
        fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", facts.name, MarkdownCell(facts.summary),
                    MarkdownCell(facts.files), MarkdownCell(facts.checks), MarkdownCell(facts.permissions),
                    MarkdownCell(facts.tested), MarkdownCell(facts.not_tested));
  }
  return text;
}

std::vector<std::string> FlagsOf(std::string_view command) {
  std::vector<std::string> flags;
  for (const Option& option : Options()) {
    if (AppliesTo(option, command)) flags.push_back("--" + std::string(option.name));
  }
  return flags;
}

std::string BashCompletion() {
  std::string text =
      "# bash completion of handlens, made from its tables\n_handlens() {\n  local "
      "cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do [[ $word == -* ]] || { command=$word; break; }; "
      "done\n  case $prev in\n";
  for (const Option& option : Options()) {
    if (option.kind != Kind::kChoice) continue;
    text += fmt::format("    --{}) COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return ;;\n", option.name,
                        fmt::join(SplitList(option.choices, '|'), " "));
  }
  text += fmt::format(
      "  esac\n  if [ -z \"$command\" ]; then COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return; fi\n",
      fmt::join(CommandNames(), " "));
  text +=
      "  if [[ $cur != -* ]]; then COMPREPLY=($(compgen -f -- \"$cur\")); return; fi\n  case $command in\n";
  for (const Command& command : Commands()) {
    text += fmt::format("    {}) COMPREPLY=($(compgen -W '{}' -- \"$cur\")) ;;\n", command.name,
                        fmt::join(FlagsOf(command.name), " "));
  }
  return text + "  esac\n}\ncomplete -o filenames -F _handlens handlens\n";
}

// Single quotes cannot stand inside single quotes of a shell.
std::string Quotable(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '\'' || c == '`' ? "" : c == ':' || c == '[' || c == ']' ? " " : std::string(1, c);
  return out;
}

std::string ZshCompletion() {
  std::string text =
      "#compdef handlens\n# zsh completion of handlens, made from its tables\n_handlens() {\n  local -a "
      "commands\n  commands=(\n";
  for (const Command& command : Commands())
    text += fmt::format("    '{}:{}'\n", command.name, Quotable(command.summary));
  text += "  )\n  if (( CURRENT == 2 )); then _describe command commands; return; fi\n  case $words[2] in\n";
  for (const Command& command : Commands()) {
    text += fmt::format("    {}) _arguments \\\n", command.name);
    for (const Option& option : Options()) {
      if (!AppliesTo(option, command.name)) continue;
      std::string value;
      if (option.kind == Kind::kChoice)
        value = fmt::format(":value:({})", fmt::join(SplitList(option.choices, '|'), " "));
      else if (option.kind == Kind::kPath || option.kind == Kind::kPaths) value = ":path:_files";
      else if (option.kind != Kind::kFlag) value = fmt::format(":{}:", Quotable(option.value));
      text += fmt::format("      '--{}[{}]{}' \\\n", option.name, Quotable(option.help), value);
    }
    text += "      '*:file:_files' ;;\n";
  }
  return text + "  esac\n}\n_handlens \"$@\"\n";
}

std::string FishCompletion() {
  std::string text = "# fish completion of handlens, made from its tables\n";
  for (const Command& command : Commands()) {
    text += fmt::format("complete -c handlens -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name,
                        Quotable(command.summary));
  }
  for (const Option& option : Options()) {
    const std::string commands = option.commands == "*"
                                     ? fmt::format("{}", fmt::join(CommandNames(), " "))
                                     : fmt::format("{}", fmt::join(CommandsOf(option), " "));
    text +=
        fmt::format("complete -c handlens -n '__fish_seen_subcommand_from {}' -l {}", commands, option.name);
    if (option.letter != 0) text += fmt::format(" -s {}", option.letter);
    if (option.kind == Kind::kChoice)
      text += fmt::format(" -x -a '{}'", fmt::join(SplitList(option.choices, '|'), " "));
    else if (option.kind == Kind::kPath || option.kind == Kind::kPaths) text += " -r";
    else if (option.kind != Kind::kFlag) text += " -x";
    text += fmt::format(" -d '{}'\n", Quotable(option.help));
  }
  return text;
}

}  // namespace

std::string HelpOverview() {
  std::string text =
      "handlens turns a folder of labelled pictures into a verified classifier for phones.\n\n"
      "usage: handlens COMMAND [arguments] [options]\n";
  for (std::string_view group : CommandGroups()) {
    text += fmt::format("\n{}\n", group);
    for (const Command& command : Commands()) {
      if (command.group == group) text += fmt::format("  {:<10} {}\n", command.name, command.summary);
    }
  }
  text += "\nCommon options\n";
  for (const Option& option : Options()) {
    if (option.commands == "*") text += OptionLines(option);
  }
  return text +
         "\n`handlens help COMMAND` explains a command and its options.\n"
         "Start with:  handlens run PICTURES   (one folder per class inside PICTURES), or:  handlens demo\n";
}

std::string HelpCommand(const Command& command, HelpDepth depth) {
  std::string text =
      fmt::format("handlens {}: {}\n\nusage: {}\n", command.name, command.summary, Usage(command));
  if (!command.details.empty()) text += "\n" + Wrap(command.details, 0, 0);
  if (command.name == pipeline::kAppCommand) text += TargetLines();
  std::vector<std::string> others;
  for (std::string_view group : OptionGroups()) {
    std::string lines;
    for (const Option& option : Options()) {
      if (option.group != group || !AppliesTo(option, command.name)) continue;
      if (depth == HelpDepth::kAll || IsOwn(option, command.name)) lines += OptionLines(option);
      else others.push_back("--" + std::string(option.name));
    }
    if (!lines.empty()) text += fmt::format("\n{}\n{}", group, lines);
  }
  if (!others.empty()) {
    text += fmt::format("\nMore options, explained by `handlens help {} --all`\n  {}", command.name,
                        Wrap(fmt::format("{}", fmt::join(others, " ")), 2, 2).substr(2));
  }
  text += "\nExamples\n";
  for (const std::string& line : SplitList(command.examples, '\n')) text += "  " + line + "\n";
  return text;
}

std::string ManPage() {
  std::string text = ".TH HANDLENS 1 \"\" \"handlens " HANDLENS_VERSION
                     "\" \"User commands\"\n"
                     ".SH NAME\nhandlens \\- from labelled pictures to a verified classifier for phones\n"
                     ".SH SYNOPSIS\n.B handlens\n.I COMMAND\n[arguments] [options]\n"
                     ".SH COMMANDS\n";
  for (const Command& command : Commands()) {
    text += fmt::format(".TP\n.B {}\n{}.\n{}\n", Troff(Usage(command)), Troff(command.summary),
                        Troff(command.details));
  }
  text += ".SH OPTIONS\n";
  for (std::string_view group : OptionGroups()) {
    text += fmt::format(".SS {}\n", group);
    for (const Option& option : Options()) {
      if (option.group != group) continue;
      std::string left = Left(option);
      left.erase(0, left.find_first_not_of(' '));
      const std::string facts = Facts(option);
      text += fmt::format(
          ".TP\n.B {}\n{}{}\nCommands: {}.\n", Troff(left), Troff(option.help),
          facts.empty() ? "" : " [" + Troff(facts) + "]",
          option.commands == "*" ? "all" : fmt::format("{}", fmt::join(CommandsOf(option), ", ")));
    }
  }
  text += ".SH TARGETS OF APP\n";
  for (const package::TargetFacts& facts : package::kTargets) {
    text += fmt::format(".TP\n.B {}\n{}.\nWrites RUN/apps/{}: {}.\n", facts.name, Troff(facts.summary),
                        facts.name, Troff(facts.files));
  }
  text +=
      ".SH CONFIGURATION\nA flag has precedence over the environment variable, that over\n.I handlens.toml\n"
      "and that over the default. The variable of \\-\\-min\\-accuracy is HANDLENS_MIN_ACCURACY, its key "
      "min_accuracy.\n";
  return text + fmt::format(".SH EXIT STATUS\n{}.\n", Troff(kExitCodes));
}

std::string OptionsMarkdown() {
  std::string text =
      "# Options\n\n"
      "Made by `handlens help --markdown` from the option table in `src/pipeline/options/options.cc`; a test "
      "fails when this page differs.\n"
      "Precedence: flag, then environment variable, then `handlens.toml`, then default.\n";
  for (std::string_view group : OptionGroups()) {
    text += fmt::format(
        "\n## {}\n\n| flag | variable | key in handlens.toml | range and default | commands | effect "
        "|\n|---|---|---|---|---|---|\n",
        group);
    for (const Option& option : Options()) {
      if (option.group != group) continue;
      std::string flag = Left(option);
      flag.erase(0, flag.find_first_not_of(' '));
      const std::string variable = EnvironmentName(option), key = TomlKey(option);
      std::string facts = Facts(option);
      if (option.kind == Kind::kChoice)
        facts = fmt::format("{}{}{}", fmt::join(SplitList(option.choices, '|'), ", "),
                            facts.empty() ? "" : "; ", facts);
      text +=
          fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", MarkdownCell(flag),
                      variable.empty() ? "" : "`" + variable + "`", key.empty() ? "" : "`" + key + "`",
                      MarkdownCell(facts),
                      option.commands == "*" ? "all" : fmt::format("{}", fmt::join(CommandsOf(option), ", ")),
                      MarkdownCell(option.help));
    }
  }
  return text + TargetsMarkdown();
}

std::string Completion(Shell shell) {
  if (shell == Shell::kBash) return BashCompletion();
  return shell == Shell::kZsh ? ZshCompletion() : FishCompletion();
}

}  // namespace handlens::cli
