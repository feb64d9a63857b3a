// The command table: every command of handlens, written once; help, the manual page, completion and dispatch
// read it.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "base/staged_folder.h"
#include "cli/command_line.h"
#include "cli/terminal.h"
#include "pipeline/run_folder.h"

namespace handlens::cli {

// What a command works with. Arguments are as the user wrote them; settings are merged when its run is
// opened.
struct Call {
  std::string_view command;
  std::vector<std::string> arguments;
  CommandLine line;
  pipeline::Values environment;
  pipeline::Values defaults;  // of this command
  pipeline::Surroundings around;
  Terminal* terminal = nullptr;
  std::vector<StagedFolder> unpacked = {};  // archives, for a dry run; they go with the call

  pipeline::Asked asked() const {
    return {.flags = line.values, .environment = environment, .defaults = defaults, .around = around};
  }
};

// The run folder of a command, opened as in pipeline/run_folder.h; the terminal then talks as its settings
// say.
Result<std::unique_ptr<pipeline::Run>> Open(Call& call, const std::filesystem::path& folder,
                                            pipeline::Hold hold = pipeline::Hold::kAlone);
Result<std::unique_ptr<pipeline::Run>> OpenFor(Call& call, const std::filesystem::path& pictures);
Result<std::unique_ptr<pipeline::Run>> OpenToLook(Call& call, const std::filesystem::path& pictures);
// The settings of a command that works on no run folder.
Result<pipeline::Settings> MergeSettings(Call& call);

// The pictures that a call's argument names. An archive (.zip) is unpacked to a folder of the current one,
// under the archive's own name, and that folder is given; with --dry-run to a folder for temporary files,
// which goes with the call.
Result<std::filesystem::path> PicturesOf(Call& call, const std::string& argument);

// What a command found: text for people, JSON for machines. Missed gates make the exit code 4 after both are
// printed.
struct Outcome {
  std::string text;
  Json json = Json::object();
  std::vector<std::string> missed;
  bool says_missed = false;  // in its text already, so that nothing is printed after it
};

struct Command {
  std::string_view name;
  std::string_view arguments;  // as in the usage line: "PICTURES [-o RUN]"
  std::string_view summary;    // one line
  std::string_view details;    // paragraphs
  std::string_view examples;   // lines: command, then a comment after "  # "
  std::string_view group;
  int min_arguments, max_arguments;  // -1 = any number
  // Trains without being asked again, although it is no step's own command.
  bool trains = false;
  Result<Outcome> (*function)(Call& call);
};

std::span<const Command> Commands();
const Command* FindCommand(std::string_view name);
std::vector<std::string> CommandNames();

// Help in levels: the overview, one command's page; the manual page, docs/options.md, completion scripts.
std::string HelpOverview();
// A command's page: the options that are its own, or (kAll) all that count for it.
enum class HelpDepth { kOwn, kAll };
std::string HelpCommand(const Command& command, HelpDepth depth);
std::string ManPage();
std::string OptionsMarkdown();
std::string Completion(pipeline::Shell shell);

// The whole program: argv as words, the program's name first. Returns the exit code.
int Main(const std::vector<std::string>& words);

// The functions of the table, by file of this folder.
Result<Outcome> CommandInspect(Call& call);  // steps.cc
Result<Outcome> CommandPrepare(Call& call);
Result<Outcome> CommandSplit(Call& call);
Result<Outcome> CommandReview(Call& call);
Result<Outcome> CommandSearch(Call& call);
Result<Outcome> CommandReduce(Call& call);
Result<Outcome> CommandConvert(Call& call);
Result<Outcome> CommandDescribe(Call& call);
Result<Outcome> CommandVerify(Call& call);
Result<Outcome> CommandReport(Call& call);
Result<Outcome> CommandRun(Call& call);  // run.cc
Result<Outcome> CommandDemo(Call& call);
Result<Outcome> CommandPredict(Call& call);   // predict.cc
Result<Outcome> CommandDoctor(Call& call);    // doctor.cc
Result<Outcome> CommandCheck(Call& call);     // use.cc
Result<Outcome> CommandApp(Call& call);       // app.cc
Result<Outcome> CommandServe(Call& call);     // serve.cc
Result<Outcome> CommandBackbone(Call& call);  // backbone.cc
Result<Outcome> CommandMerge(Call& call);     // shards.cc
Result<Outcome> CommandCluster(Call& call);   // cluster.cc
Result<Outcome> CommandList(Call& call);      // list.cc
Result<Outcome> CommandHelp(Call& call);      // use.cc
Result<Outcome> CommandVersion(Call& call);

}  // namespace handlens::cli
