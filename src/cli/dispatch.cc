// From words and variables to an exit code: parse, find the command, run it, print (declared in command.h).
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <iostream>

#include "base/disk.h"
#include "cli/commands/command.h"
#include "cli/commands/share.h"
#include "dataset/unpack.h"
#include "pipeline/steps.h"

namespace handlens::cli {
namespace {

std::vector<std::pair<std::string, std::string>> Environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = ::environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

// Folders of the user as the XDG Base Directory Specification has them; without a home, those of the current
// folder.
std::filesystem::path UserFolder(const char* variable, std::string_view below_home) {
  if (const std::string own = FromEnvironment(variable); !own.empty()) return own;
  const std::string home = FromEnvironment("HOME");
  return std::filesystem::path(home.empty() ? "." : home) / below_home;
}

pipeline::Surroundings SurroundingsOfUser() {
  return {.config = UserFolder("XDG_CONFIG_HOME", ".config"),
          .data = UserFolder("XDG_DATA_HOME", ".local/share"),
          .now_s = [] { return int64_t{std::time(nullptr)}; }};
}

tl::unexpected<Error> UsageError(const Command& command, std::string_view what) {
  return Fail(ErrorKind::kUsage, "{}\nusage: handlens {} {} [options]; `handlens help {}` explains", what,
              command.name, command.arguments, command.name);
}

Result<void> CheckArguments(const Command& command, const std::vector<std::string>& arguments) {
  const int count = static_cast<int>(arguments.size());
  if (count < command.min_arguments)
    return UsageError(command, fmt::format("`{}` needs {}", command.name, command.arguments));
  if (command.max_arguments >= 0 && count > command.max_arguments) {
    return UsageError(command, fmt::format("`{}` has no use for '{}'", command.name, arguments.back()));
  }
  return {};
}

Result<Outcome> Dispatch(Call& call) {
  if (call.line.command.empty()) {
    if (pipeline::FlagsOnly(call.asked()).call.help) return CommandHelp(call);
    return Fail(ErrorKind::kUsage, "no command given\n\n{}", HelpOverview());
  }
  const Command& command = *FindCommand(call.line.command);
  call.command = command.name;
  if (pipeline::FlagsOnly(call.asked()).call.help) {
    Outcome outcome;
    outcome.text = HelpCommand(command, HelpDepth::kOwn);
    outcome.json = {{"help", outcome.text}};
    return outcome;
  }
  HL_TRY(CheckArguments(command, call.line.arguments));
  return command.function(call);
}

// Before the settings are known, the flags on the command line say how to talk.
TerminalStyle StyleFor(const std::vector<std::string>& words) {
  TerminalStyle style = DetectStyle();
  for (const std::string& word : words) {
    if (word == "--") break;
    style.json |= word == "--json" || word == "--json=true";
  }
  return style;
}

int Finish(Terminal& terminal, const Result<Outcome>& outcome) {
  if (!outcome) {
    Error error = outcome.error();
    if (error.kind == ErrorKind::kInterrupted && StoppedBySystem()) error.kind = ErrorKind::kSaved;
    terminal.PrintError(error);
    return static_cast<int>(error.kind);
  }
  errno = 0;
  terminal.PrintResult(outcome->text, outcome->json);
  std::cout.flush();
  // A reader that has seen enough, such as `head`, is no failure.
  if (!std::cout && errno != EPIPE) {
    terminal.PrintError({ErrorKind::kResources, "stdout: the result could not be written"});
    return static_cast<int>(ErrorKind::kResources);
  }
  for (const std::string& miss : outcome->says_missed ? std::vector<std::string>() : outcome->missed)
    terminal.PrintError({ErrorKind::kGate, miss});
  return outcome->missed.empty() ? 0 : static_cast<int>(ErrorKind::kGate);
}

void SetCommand(pipeline::Run& run, std::string_view command) {
  run.command = command;
  run.trains = FindCommand(command)->trains || pipeline::EndsWithTraining(command);
}

// The terminal talks as the settings say, once they are known.
void TalkAs(Call& call, const pipeline::Settings& settings) {
  call.terminal->SetStyle(StyleOf(settings.wanted()));
}

}  // namespace

Result<std::unique_ptr<pipeline::Run>> Open(Call& call, const std::filesystem::path& folder,
                                            pipeline::Hold hold) {
  HL_ASSIGN(std::unique_ptr<pipeline::Run> run,
            pipeline::OpenRun(call.asked(), folder, *call.terminal, hold));
  SetCommand(*run, call.command);
  TalkAs(call, run->settings);
  return run;
}

Result<std::unique_ptr<pipeline::Run>> OpenFor(Call& call, const std::filesystem::path& pictures) {
  HL_ASSIGN(std::unique_ptr<pipeline::Run> run, pipeline::OpenRunFor(call.asked(), pictures, *call.terminal));
  SetCommand(*run, call.command);
  TalkAs(call, run->settings);
  return run;
}

Result<std::unique_ptr<pipeline::Run>> OpenToLook(Call& call, const std::filesystem::path& pictures) {
  HL_ASSIGN(std::unique_ptr<pipeline::Run> run, pipeline::OpenToLook(call.asked(), pictures, *call.terminal));
  SetCommand(*run, call.command);
  TalkAs(call, run->settings);
  return run;
}

Result<pipeline::Settings> MergeSettings(Call& call) {
  HL_ASSIGN(pipeline::Settings settings, pipeline::MergeSettings(call.asked(), {}));
  TalkAs(call, settings);
  return settings;
}

Result<std::filesystem::path> PicturesOf(Call& call, const std::string& argument) {
  const std::filesystem::path archive = argument;
  if (!dataset::IsZip(archive)) return archive;
  const std::filesystem::path folder = archive.stem();
  std::error_code error;
  if (pipeline::FlagsOnly(call.asked()).call.dry_run && !std::filesystem::exists(folder, error)) {
    // Not here, where nothing may be left; under the same name, which the run's is made of.
    HL_ASSIGN(StagedFolder place,
              StagedFolder::Begin(std::filesystem::temp_directory_path() / "handlens-pictures"));
    call.unpacked.push_back(std::move(place));
    const std::filesystem::path elsewhere = call.unpacked.back().path() / folder;
    HL_TRY(MakeFolder(elsewhere));
    HL_TRY(dataset::UnpackInto(archive, elsewhere, *call.terminal));
    return elsewhere;
  }
  HL_TRY(dataset::UnpackTo(archive, folder, *call.terminal));
  call.terminal->Say(fmt::format("the pictures of {} are in the folder {}", argument, folder.string()));
  return folder;
}

int Main(const std::vector<std::string>& words) {
  InstallSignalHandlers();
  Terminal early(StyleFor(words));
  Call call;
  auto line = ParseCommandLine(std::span(words).subspan(1), CommandNames());
  if (!line) return Finish(early, tl::make_unexpected(line.error()));
  call.line = std::move(*line);
  call.arguments = call.line.arguments;
  auto environment = pipeline::ReadEnvironment(Environment());
  if (!environment) return Finish(early, tl::make_unexpected(environment.error()));
  call.environment = std::move(*environment);
  call.around = SurroundingsOfUser();
  if (const int threads = ThreadsOfTask(FromEnvironment); threads > 0)
    call.defaults["jobs"] = std::to_string(threads);
  // A configuration file may change this once a command reads it.
  Terminal terminal(StyleOf(pipeline::Settings(call.asked(), {}).wanted()));
  call.terminal = &terminal;
  return Finish(terminal, Dispatch(call));
}

}  // namespace handlens::cli
