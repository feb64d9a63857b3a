// `run` and `demo`: the plan, then all steps, then what was written and what to do next.
#include <algorithm>
#include <filesystem>

#include "base/shell_word.h"
#include "base/text.h"
#include "cli/commands/command.h"
#include "cli/summary.h"
#include "pipeline/plan.h"
#include "pipeline/steps.h"
#include "verify/verify.h"
#include "verify/words.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

// "inspect, prepare, split", and which of them are done; both follow from the step table.
std::string StepsText(const Run& run, const RunPlan& plan) {
  std::vector<std::string_view> all, done;
  for (const Step& step : Steps()) {
    // Not yet known whether its record is there: `run` inspects in any case.
    if (!step.belongs(run) && step.facts.name != kInspectStep && step.facts.name != kPrepareStep) continue;
    all.push_back(step.facts.title);
    const bool counts = step.belongs(run) && step.facts.redo == Redo::kFresh;
    if (counts && !plan.Leaves(step.facts.name)) done.push_back(step.facts.title);
  }
  std::string text = fmt::format("  steps   {}\n", fmt::join(all, ", "));
  if (!done.empty()) text += fmt::format("  done    {}\n", fmt::join(done, ", "));
  return text;
}

// The search and its choice, as far as they are left to do.
Result<std::string> SearchText(const Run& run, const RunPlan& plan) {
  if (!plan.Leaves(kSearchStep)) {
    HL_ASSIGN(const bool cut_short, search::SearchWasCutShort(run.space.folder));
    return std::string(
        cut_short ? "  note    a budget cut the search short; a longer one, or none, goes on from there\n"
                  : "");
  }
  std::vector<std::string> models, generators;
  for (const search::Candidate& c : plan.candidates) {
    if (std::find(models.begin(), models.end(), c.model) == models.end()) models.push_back(c.model);
    if (std::find(generators.begin(), generators.end(), c.generator.name) == generators.end())
      generators.push_back(c.generator.name);
  }
  std::string text = fmt::format(
      "  search  {}{} of {} ({}) at {} px with {} and {} folds{}\n",
      plan.coverage == search::Coverage::kRace ? "a race of about " : "", Count(plan.search.trials, "trial"),
      Count(static_cast<int64_t>(models.size()), "model"), fmt::join(models, ", "),
      fmt::join(SizesOf(plan.candidates), ", "), fmt::join(generators, ", "), run.wanted().folds.folds,
      plan.search.finished > 0 ? fmt::format("; {} more are done", plan.search.finished) : "");
  HL_ASSIGN(const auto compared_by, ComparedBy(run, kSearchStep));
  const search::Yardstick yardstick = compared_by.value_or(search::Yardstick::kPictures);
  const std::filesystem::path& own = run.wanted().gates.backgrounds;
  text += fmt::format("  choice  by {}{}\n", search::YardstickWords(yardstick),
                      own.empty() || yardstick == search::Yardstick::kPictures
                          ? ""
                          : fmt::format(", before the photographs of {}", own.string()));
  if (run.space.backbones.empty() && !run.wanted().search.from_scratch &&
      run.wanted().search.models.empty()) {
    text += "  note    no backbone is installed: all models learn from nothing (`handlens help backbone`)\n";
  }
  return text;
}

Result<std::string> PlanText(const Run& run, const RunPlan& plan) {
  const double budget = run.wanted().search.budget_s;
  std::string text = fmt::format("plan for {}: {} in {} classes, preset {}\n", run.space.folder.string(),
                                 Count(static_cast<int64_t>(run.space.dataset.pictures.size()), "picture"),
                                 run.space.dataset.labels.size(), run.wanted().search.preset);
  text += fmt::format("  groups  {}\n", dataset::GroupsSentence(run.space.dataset));
  if (const std::string held = dataset::TestFolderSentence(run.space.dataset); !held.empty())
    text += fmt::format("  folders {}\n", held);
  text += StepsText(run, plan);
  HL_ASSIGN(const std::string searches, SearchText(run, plan));
  text += searches;
  if (plan.Leaves(kReduceStep))
    text += fmt::format("  reduce  about {} among {}, {}\n", Count(plan.reduction.trials, "trial"),
                        Count(plan.reduction.cells, "smaller model"), Duration(plan.reduction.seconds));
  if (const int64_t most = run.wanted().gates.max_bytes; most > 0) {
    text += fmt::format("  size    at most {} as quantizedmodel.tflite: {}\n",
                        ByteCount(static_cast<double>(most)),
                        plan.Leaves(kReduceStep) ? "the reduction looks for a model that fits"
                                                 : "only models that fit are tried");
  }
  if (plan.again.trials > 0)
    text += fmt::format("  again   about {} of repeated or nested cross-validation, {}\n",
                        Count(plan.again.trials, "trial"), Duration(plan.again.seconds));
  const std::string use = verify::PurposeName(run.wanted().gates.purpose);
  text += fmt::format("  verdict for {} (--for)\n",
                      use == "both" ? "the camera and the gallery" : "the " + use + " alone");
  text += fmt::format(
      "  time    about {} with {}{}\n", Duration(TotalSeconds(plan)), Count(run.space.jobs, "thread"),
      budget > 0 ? fmt::format("; training stops in time for a budget of {}", Duration(budget)) : "");
  if (plan.left.empty()) return text;
  text += fmt::format("  memory  about {}; disk about {} of {} free\n",
                      ByteCount(static_cast<double>(plan.memory_bytes)),
                      ByteCount(static_cast<double>(plan.search.disk_bytes)), ByteCount(plan.free_bytes));
  return text;
}

Json PlanJson(const RunPlan& plan) {
  return {{"trials", plan.search.trials},
          {"seconds", TotalSeconds(plan)},
          {"memory_bytes", plan.memory_bytes},
          {"disk_bytes", plan.search.disk_bytes},
          {"free_bytes", plan.free_bytes},
          {"sizes", SizesOf(plan.candidates)},
          {"candidates", plan.candidates.size()},
          {"reduce", plan.Leaves(kReduceStep)},
          {"search_seconds", plan.search.seconds},
          {"reduce_trials", plan.reduction.trials},
          {"reduce_seconds", plan.reduction.seconds},
          {"again_trials", plan.again.trials},
          {"again_seconds", plan.again.seconds}};
}

// " in 31 groups", which the interval respects.
std::string InGroups(const verify::Route& route) {
  return route.groups > 0 ? fmt::format(" in {} groups", route.groups) : "";
}

// "accuracy: 93.8 % [89.6, 96.3], n=208 in 31 groups, of ...": a route's own number; empty where it was not
// run.
std::string AccuracyLine(const verify::Verdict& verdict, std::string_view route, std::string_view what,
                         std::string_view of) {
  const verify::Route* const found = verify::FindRoute(verdict, route);
  if (found == nullptr || found->status != "done") return "";
  return fmt::format("{}: {:.1f} % [{:.1f}, {:.1f}], n={}{}, {}\n", what, 100 * found->accuracy,
                     100 * found->ci95.low, 100 * found->ci95.high, found->n, InGroups(*found), of);
}

// What `run` ends with: the verdict, the one number, the report, one command to go on with.
Result<std::string> EndText(const Run& run) {
  HL_ASSIGN(const verify::VerdictRecord record, verify::ReadVerdict(run.space.folder));
  HL_ASSIGN(const verify::Verdict decided, VerdictByGates(run));
  std::string text = VerdictText(decided);
  text += AccuracyLine(record.verdict, "quantized", "accuracy",
                       "of quantizedmodel.tflite on pictures that no training saw");
  if (run.space.dataset.test_folder)
    text += AccuracyLine(record.verdict, "quantized-holdout", "test folder",
                         "of quantizedmodel.tflite on what your test folder held out");
  const std::string report = run.At("report.html").string();
  text += fmt::format("report: {}\n", report);
  // What cannot be deployed is packed into no app; the report says why and what would help.
  return text + "next: " +
         (decided.deployable ? verify::CommandAfterPass(run.space.folder.string())
                             : "xdg-open " + ShellWord(report)) +
         "\n";
}

// The chosen model, its files, every route and all that was written; for --verbose.
std::string Details(const Run& run, const search::Candidate& chosen, const std::string& model_files) {
  const search::CellResult& cell = run.space.chosen;
  const bool reduced = cell.candidate.model != chosen.model;
  return fmt::format("chosen: {} at {} px with {}{}: test accuracy {:.1f} % [{:.1f}, {:.1f}], n={}\n",
                     chosen.model, chosen.size_px, chosen.generator.name,
                     reduced ? ", reduced to " + cell.candidate.model : "",
                     cell.test_n == 0
                         ? 0.0
                         : 100.0 * static_cast<double>(cell.test_correct) / static_cast<double>(cell.test_n),
                     100 * cell.test_ci95.low, 100 * cell.test_ci95.high, cell.test_n) +
         model_files;
}

Result<Outcome> Conclude(Run& run, const RunPlan& plan) {
  HL_ASSIGN(Outcome outcome, SummarizeVerdict(run));
  const std::string routes = std::move(outcome.text);
  HL_ASSIGN(const Outcome model, SummarizeModel(run));
  HL_ASSIGN(const search::SearchResult searched, search::ReadSearch(run.space.folder));
  const search::Candidate& chosen = searched.cells[static_cast<size_t>(searched.chosen)].candidate;
  outcome.text = Details(run, chosen, model.text);
  outcome.json["plan"] = PlanJson(plan);
  outcome.json["chosen"] = {{"model", chosen.model},
                            {"reduced_to", run.space.chosen.candidate.model},
                            {"size", chosen.size_px},
                            {"augmentation", chosen.generator.name}};
  outcome.json["model"] = model.json.at("model");
  outcome.json["report"] = run.At("report.html").string();
  AddWritten(run, "run", outcome);
  outcome.text = run.wanted().manner.verbose ? outcome.text + routes + "\n" : "";
  HL_ASSIGN(const std::string end, EndText(run));
  outcome.text += end;
  outcome.says_missed = true;
  return outcome;
}

Result<Outcome> LookAtAll(Call& call, const fs::path& pictures) {
  HL_ASSIGN(const std::unique_ptr<Run> run, OpenToLook(call, pictures));
  SayKept(*run, call.command);
  HL_TRY(CheckByNames(*run, pictures));
  HL_TRY(LookOnly(*run, pictures));
  HL_ASSIGN(const RunPlan plan, MakePlan(*run));
  Outcome outcome;
  HL_ASSIGN(outcome.text, PlanText(*run, plan));
  outcome.json = {{"command", call.command}, {"run", run->space.folder.string()}, {"plan", PlanJson(plan)}};
  // The plan is said all the same: it shows what to change.
  if (auto fine = CheckBeforeBegin(*run, plan); !fine) {
    call.terminal->Say(std::string_view(outcome.text).substr(0, outcome.text.size() - 1));
    return tl::make_unexpected(fine.error());
  }
  return outcome;
}

Result<Outcome> RunAll(Call& call, const fs::path& pictures) {
  if (FlagsOnly(call.asked()).call.dry_run) return LookAtAll(call, pictures);
  HL_ASSIGN(const std::unique_ptr<Run> run, OpenFor(call, pictures));
  SayKept(*run, call.command);
  HL_TRY(CheckByNames(*run, pictures));
  HL_TRY(DoInspect(*run, pictures));
  HL_ASSIGN(const RunPlan plan, MakePlan(*run));
  HL_ASSIGN(const std::string text, PlanText(*run, plan));
  call.terminal->Say(std::string_view(text).substr(0, text.size() - 1));
  HL_TRY(CheckBeforeBegin(*run, plan));
  HL_TRY(SaveSettings(*run));
  HL_TRY(DoStepsUpTo(*run, kReportStep));
  return Conclude(*run, plan);
}

}  // namespace

Result<Outcome> CommandRun(Call& call) {
  HL_ASSIGN(const fs::path pictures, PicturesOf(call, call.arguments[0]));
  return RunAll(call, pictures);
}

Result<Outcome> CommandDemo(Call& call) {
  HL_ASSIGN(const fs::path pictures, DemoPictures());
  call.line.values.try_emplace("out", "demo-run");
  call.defaults["preset"] = "quick";
  call.defaults["name"] = "Hand signs";
  call.defaults["from-scratch"] = "true";  // hand signs need no foreign knowledge, and the demo takes minutes
  return RunAll(call, pictures);
}

}  // namespace handlens::cli
