// The commands on finished runs, and help: check, help, version.
#include <algorithm>
#include <map>

#include "base/suggest.h"
#include "base/text.h"
#include "cli/commands/command.h"
#include "pipeline/chain.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

// A line a finding; of more than ten of a kind the first five, and how many more there are.
std::string FindingLines(const std::vector<Finding>& findings) {
  std::map<FindingKind, size_t> counts, written;
  for (const Finding& finding : findings) ++counts[finding.kind];
  std::string lines;
  for (const Finding& finding : findings) {
    const bool many = counts[finding.kind] > 10;
    const size_t place = ++written[finding.kind];
    if (!many || place <= 5)
      lines += fmt::format("  {}: {}\n", FindingName(finding.kind), Visible(finding.text));
    if (many && place == 5)
      lines += fmt::format("  {}: {} more like these (--json lists all)\n", FindingName(finding.kind),
                           counts[finding.kind] - place);
  }
  return lines;
}

std::string NotShownLines(const std::vector<std::string>& sentences) {
  constexpr size_t kMost = 5;
  std::string lines;
  for (size_t i = 0; i < std::min(sentences.size(), kMost); ++i)
    lines += fmt::format("  not shown: {}\n", Visible(sentences[i]));
  if (sentences.size() > kMost)
    lines += fmt::format("  not shown: {} more like these (--json lists all)\n", sentences.size() - kMost);
  return lines;
}

}  // namespace

Result<Outcome> CommandCheck(Call& call) {
  const fs::path folder = call.arguments[0];
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, folder));
  HL_ASSIGN(const ChainCheck check, CheckRun(folder, run->space.jobs, *call.terminal));
  Outcome outcome;
  outcome.json = {{"command", "check"},       {"run", folder.string()},     {"holds", check.findings.empty()},
                  {"steps", check.steps},     {"pictures", check.pictures}, {"hashed_files", check.files},
                  {"findings", Json::array()}};
  outcome.text =
      fmt::format("hashed {} and {}; steps: {}\n", Count(static_cast<int64_t>(check.pictures), "picture"),
                  Count(static_cast<int64_t>(check.files), "file"), fmt::join(check.steps, ", "));
  for (const Finding& finding : check.findings) {
    outcome.json["findings"].push_back(
        {{"kind", FindingName(finding.kind)}, {"path", finding.path}, {"text", finding.text}});
  }
  outcome.json["not_shown"] = check.not_shown;
  outcome.text += FindingLines(check.findings) + NotShownLines(check.not_shown);
  outcome.text += check.findings.empty() ? "the chain from the pictures to the model files holds\n"
                                         : "the chain is broken\n";
  if (check.findings.empty()) return outcome;
  call.terminal->PrintResult(outcome.text, outcome.json);
  return Fail(ErrorKind::kBadInput, "{}: {} not as recorded", folder.string(),
              Count(static_cast<int64_t>(check.findings.size()), "thing"));
}

Result<Outcome> CommandHelp(Call& call) {
  Outcome outcome;
  const Wanted::Call asked = FlagsOnly(call.asked()).call;
  if (asked.man) {
    outcome.text = ManPage();
  } else if (asked.markdown) {
    outcome.text = OptionsMarkdown();
  } else if (asked.completion) {
    outcome.text = Completion(*asked.completion);
  } else if (call.arguments.empty()) {
    outcome.text = HelpOverview();
  } else {
    const Command* command = FindCommand(call.arguments[0]);
    if (command == nullptr) {
      return Fail(ErrorKind::kUsage, "unknown command '{}'{}; `handlens help` lists the commands",
                  call.arguments[0], DidYouMean(call.arguments[0], CommandNames()));
    }
    outcome.text = HelpCommand(*command, asked.all ? HelpDepth::kAll : HelpDepth::kOwn);
  }
  outcome.json = {{"help", outcome.text}};
  return outcome;
}

Result<Outcome> CommandVersion(Call&) {
  Outcome outcome;
  outcome.text = "handlens " HANDLENS_VERSION "\n";
  outcome.json = {{"version", HANDLENS_VERSION}};
  return outcome;
}

}  // namespace handlens::cli
