// The command doctor: any classifier file and labelled pictures in, what is wrong out.
#include <algorithm>

#include "base/disk.h"
#include "base/process.h"
#include "base/stats.h"
#include "base/text.h"
#include "cli/commands/command.h"
#include "cli/commands/picture_arguments.h"
#include "doctor/doctor.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

constexpr size_t kMostWhatIfs = 5;

std::string Share(size_t right, size_t n) {
  const Interval ci = Wilson95(right, n);
  return fmt::format("{} of {} right ({:.1f} %, 95 % interval {:.1f} to {:.1f})", right, n,
                     n == 0 ? 0.0 : 100 * static_cast<double>(right) / static_cast<double>(n), 100 * ci.low,
                     100 * ci.high);
}

std::string TextOf(const doctor::Diagnosis& d) {
  std::string text = fmt::format("as the file says ({}): {}\n", doctor::Words(d.declared),
                                 Share(d.right_declared, d.pictures));
  if (d.findings.empty()) {
    text += "nothing wrong was found\n";
  } else {
    text +=
        fmt::format("repaired ({}): {}\n", doctor::Words(d.repaired), Share(d.right_repaired, d.pictures));
    for (const doctor::Finding& finding : d.findings)
      text += fmt::format("  {}: {}; {}\n", finding.what, finding.text, finding.advice);
  }
  text += "what an app must not get wrong, one mistake each:\n";
  for (size_t i = 0; i < std::min(kMostWhatIfs, d.what_if.size()); ++i) {
    text += fmt::format("  {}: {} of {} right\n", d.what_if[i].change, d.what_if[i].right, d.pictures);
  }
  if (d.left_out > 0) text += fmt::format("{} more pictures were not looked at\n", d.left_out);
  return text;
}

Json FeedJson(const doctor::Feed& feed, size_t right) {
  return {{"feed", doctor::Words(feed)}, {"right", right}};
}

Json JsonOf(const doctor::Diagnosis& d) {
  Json json = {{"command", "doctor"},
               {"model", d.model},
               {"pictures", d.pictures},
               {"left_out", d.left_out},
               {"runtime", d.runtime_version},
               {"declared", FeedJson(d.declared, d.right_declared)},
               {"repaired", FeedJson(d.repaired, d.right_repaired)},
               {"labels", d.labels},
               {"findings", Json::array()},
               {"what_if", Json::array()}};
  for (const doctor::Finding& f : d.findings) {
    json["findings"].push_back({{"what", f.what},
                                {"text", f.text},
                                {"advice", f.advice},
                                {"n", f.n},
                                {"right_before", f.right_before},
                                {"right_after", f.right_after},
                                {"p", f.p},
                                {"in_file", f.in_file}});
  }
  for (const doctor::WhatIf& w : d.what_if)
    json["what_if"].push_back({{"change", w.change}, {"right", w.right}});
  return json;
}

}  // namespace

Result<Outcome> CommandDoctor(Call& call) {
  HL_ASSIGN(const Settings settings, MergeSettings(call));
  const Wanted& wanted = settings.wanted();
  HL_ASSIGN(const fs::path model, FindModel(call.arguments[0], wanted.app.model));
  HL_ASSIGN(const Bytes bytes, ReadFile(model));
  const int jobs = wanted.manner.jobs.value_or(UsableThreads());
  dataset::InspectOptions inspect;
  inspect.pictures = call.arguments[1];
  inspect.layout.splits = dataset::Splits::kMerge;
  inspect.jobs = jobs;
  HL_ASSIGN(const dataset::Dataset pictures, dataset::Inspect(inspect, *call.terminal));
  for (const dataset::Rejected& rejected : pictures.rejected)
    call.terminal->Warn(fmt::format("{}: left out: {}", rejected.path, rejected.reason));
  const doctor::Request request{.model = bytes, .name = model.string(), .pictures = pictures, .jobs = jobs};
  HL_ASSIGN(const doctor::Diagnosis diagnosis, doctor::Examine(request, *call.terminal));
  Outcome outcome{TextOf(diagnosis), JsonOf(diagnosis), {}};
  std::vector<fs::path> files;
  for (const dataset::Picture& picture : pictures.pictures)
    files.push_back(fs::path(pictures.root) / picture.path);
  HL_ASSIGN(const size_t seen, SeenInTraining(model, files));
  outcome.text += SeenSentence(seen);
  outcome.json["seen_in_training"] = seen;
  if (!wanted.call.fix.empty() && !diagnosis.findings.empty()) {
    const auto fixed = doctor::Fix(bytes, diagnosis);
    if (fixed) {
      HL_TRY(WriteFileAtomic(wanted.call.fix, *fixed));
      outcome.text += fmt::format("wrote {}\n", wanted.call.fix.string());
      outcome.json["wrote"] = wanted.call.fix.string();
    } else {
      call.terminal->PrintResult(outcome.text, outcome.json);
      return tl::unexpected(fixed.error());
    }
  } else if (!wanted.call.fix.empty()) {
    outcome.text +=
        fmt::format("{} was not written: there is nothing to correct\n", wanted.call.fix.string());
  }
  if (!diagnosis.findings.empty())
    outcome.missed.push_back(
        fmt::format("{}: {}", model.string(),
                    Count(static_cast<int64_t>(diagnosis.findings.size()), "thing") + " wrong"));
  return outcome;
}

}  // namespace handlens::cli
