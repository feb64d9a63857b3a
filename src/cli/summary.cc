#include "cli/summary.h"

#include <algorithm>
#include <cctype>

#include "base/json.h"
#include "base/shell_word.h"
#include "base/text.h"
#include "dataset/rejected.h"
#include "pipeline/steps.h"
#include "review/review.h"
#include "verify/verify.h"
#include "verify/words.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

// A record of the run folder as it stands in its file: --json prints records, so that scripts learn one
// format only.
Result<Json> Record(const Run& run, std::string_view name) {
  HL_ASSIGN(const std::string text, ReadText(run.At(name)));
  return ParseJson(text, run.At(name).string());
}

std::string CellLine(const search::CellResult& cell) {
  const search::Candidate& c = cell.candidate;
  if (cell.folds.empty())
    return fmt::format("  {:<18} {:>3} px  {:<8}  not run", c.model, c.size_px, c.generator.name);
  std::string line = fmt::format(
      "  {:<18} {:>3} px  {:<8}  {:>5.1f} ± {:<4.1f}  {:>5.1f} ± {:<4.1f}  [{:.1f}, {:.1f}] n={}  {:>9}",
      c.model, c.size_px, c.generator.name, 100 * cell.validation_accuracy.mean,
      100 * cell.validation_accuracy.std, 100 * cell.test_accuracy.mean, 100 * cell.test_accuracy.std,
      100 * cell.test_ci95.low, 100 * cell.test_ci95.high, cell.test_n, Thousands(cell.parameters));
  if (cell.yardstick != search::Yardstick::kPictures)
    line += fmt::format("  by camera {:.1f} %", 100 * cell.camera_accuracy.mean);
  if (cell.eliminated) line += "  stopped early";
  return line;
}

constexpr std::string_view kCellHead =
    "  model               size  augmentation  validation %  test %  [95 % interval]  parameters\n";

}  // namespace

Result<Outcome> SummarizeDataset(const Run& run) {
  const dataset::Dataset& data = run.space.dataset;
  Outcome outcome;
  // The record of a million pictures is too large to be read for nothing.
  if (run.wanted().manner.json) {
    HL_ASSIGN(outcome.json["dataset"], Record(run, "dataset.json"));
  }
  std::vector<int64_t> counts(data.labels.size(), 0);
  for (const dataset::Picture& picture : data.pictures) ++counts[static_cast<size_t>(picture.label)];
  outcome.text = fmt::format(
      "{} in {} classes\n", Count(static_cast<int64_t>(data.pictures.size()), "picture"), data.labels.size());
  constexpr size_t kShown = 30;
  for (size_t i = 0; i < std::min(kShown, data.labels.size()); ++i) {
    outcome.text += fmt::format("  {:<24} {:>6}\n", Visible(data.labels[i]), counts[i]);
  }
  if (data.labels.size() > kShown)
    outcome.text += fmt::format("  ... and {} more classes\n", data.labels.size() - kShown);
  const auto exact =
      std::count_if(data.duplicates.begin(), data.duplicates.end(),
                    [](const dataset::DuplicatePair& p) { return p.kind == dataset::DuplicateKind::kExact; });
  outcome.text += dataset::GroupsSentence(data) + "\n";
  if (const std::string shared = dataset::SharedGroupsSentence(data); !shared.empty())
    outcome.text += shared + "\n";
  outcome.text +=
      fmt::format("unusable files: {}; exact duplicates: {}; near duplicates: {}; odd ones out: {}\n",
                  data.rejected.size(), exact, static_cast<int64_t>(data.duplicates.size()) - exact,
                  data.odd_ones_out.size());
  const std::vector<std::string> rejected = dataset::RejectedLines(data.rejected);
  for (const std::string& line : rejected) outcome.text += "  " + line + "\n";
  if (rejected.size() < data.rejected.size())
    outcome.text +=
        fmt::format("  each file with its reason: \"rejected\" in {}\n", run.At("dataset.json").string());
  for (const dataset::Shortcut& shortcut : data.shortcuts)
    outcome.text += fmt::format("shortcut: {}\n", shortcut.explanation);
  outcome.text +=
      fmt::format("sizes worth training at: {} px, fit: {}\n", fmt::join(data.recommended_sizes_px, ", "),
                  image::FitName(data.recommended_fit));
  return outcome;
}

Result<Outcome> SummarizePrepared(const Run& run) {
  Outcome outcome;
  HL_ASSIGN(const std::vector<int> sizes, PreparedSizes(run));
  outcome.text = fmt::format("{} at {} px, fit: {}\n",
                             Count(static_cast<int64_t>(run.space.dataset.pictures.size()), "picture"),
                             fmt::join(sizes, ", "), image::FitName(run.fit()));
  outcome.json["sizes"] = sizes;
  outcome.json["fit"] = image::FitName(run.fit());
  outcome.json["pictures"] = run.space.dataset.pictures.size();
  return outcome;
}

Result<Outcome> SummarizeSplit(const Run& run) {
  Outcome outcome;
  HL_ASSIGN(outcome.json["split"], Record(run, "split.json"));
  for (size_t i = 0; i < run.space.split.folds.size(); ++i) {
    const split::Fold& fold = run.space.split.folds[i];
    outcome.text += fmt::format("fold {}: {} train, {} validation, {} test\n", i + 1, fold.train.size(),
                                fold.validation.size(), fold.test.size());
  }
  outcome.text += fmt::format("held out for the phone: {}\n", run.space.split.holdout.size());
  return outcome;
}

Result<Outcome> SummarizeReview(const Run& run) {
  Outcome outcome;
  const dataset::Dataset& data = run.space.dataset;
  HL_ASSIGN(const std::optional<review::Review> review, review::ReadReview(run.space.folder, data));
  if (!review) return outcome;  // too many pictures; the step said so
  HL_ASSIGN(outcome.json["review"], Record(run, "review.json"));
  const Interval ci = Wilson95(review->right, review->n);
  outcome.text = fmt::format(
      "a classifier that never saw the picture is right for {} of {}: {} [{:.1f}, {:.1f}]\n", review->right,
      review->n, Percent(static_cast<double>(review->right) / static_cast<double>(review->n)), 100 * ci.low,
      100 * ci.high);
  outcome.text += review::SuspectsSentence(*review) + "\n";
  constexpr size_t kShown = 10;
  for (size_t i = 0; i < std::min(kShown, review->suspects.size()); ++i) {
    const review::Suspect& s = review->suspects[i];
    const dataset::Picture& picture = data.pictures[static_cast<size_t>(s.picture)];
    outcome.text += fmt::format("  {}: {}? ({:.0f} %, {} {:.0f} %)\n", Visible(picture.path),
                                Visible(data.labels[static_cast<size_t>(s.other)]), 100 * s.other_score,
                                Visible(data.labels[static_cast<size_t>(picture.label)]), 100 * s.own_score);
  }
  if (review->suspects.size() > kShown)
    outcome.text += fmt::format("  ... and {} more in {}\n", review->suspects.size() - kShown,
                                run.At("review.csv").string());
  outcome.text += review::ForecastSentence(*review) + "\n";
  return outcome;
}

Result<Outcome> SummarizeSearch(const Run& run) {
  Outcome outcome;
  HL_ASSIGN(outcome.json["search"], Record(run, "search.json"));
  HL_ASSIGN(const search::SearchResult result, search::ReadSearch(run.space.folder));
  outcome.text = kCellHead;
  for (const search::CellResult& cell : result.cells) outcome.text += CellLine(cell) + "\n";
  outcome.text += fmt::format("chosen:\n{}\n{}\n", CellLine(result.cells[static_cast<size_t>(result.chosen)]),
                              result.rule);
  return outcome;
}

Result<Outcome> SummarizeReduce(const Run& run) {
  Outcome outcome;
  HL_ASSIGN(outcome.json["reduce"], Record(run, "reduce.json"));
  HL_ASSIGN(const reduce::ReduceResult result, reduce::ReadReduce(run.space.folder));
  outcome.text = kCellHead;
  for (const reduce::ReduceCell& cell : result.cells) outcome.text += CellLine(cell.cell) + "\n";
  outcome.text += fmt::format("chosen:\n{}\n{}\nparameters: {} -> {}; float file: {} -> {}\n",
                              CellLine(result.cells[static_cast<size_t>(result.chosen)].cell), result.rule,
                              Thousands(result.parameters_before), Thousands(result.parameters_after),
                              ByteCount(static_cast<double>(result.bytes_before)),
                              ByteCount(static_cast<double>(result.bytes_after)));
  return outcome;
}

Result<Outcome> SummarizeModel(const Run& run) {
  Outcome outcome;
  Json files = Json::array();
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(run.At("model")));
  for (const std::string& name : names) {
    if (!name.ends_with(".tflite")) continue;
    std::error_code error;
    const auto bytes = static_cast<int64_t>(fs::file_size(run.At("model") / name, error));
    outcome.text += fmt::format("  {:<24} {:>10}\n", name, ByteCount(static_cast<double>(bytes)));
    files.push_back({{"file", "model/" + name}, {"bytes", bytes}});
  }
  outcome.json["model"] = files;
  return outcome;
}

namespace {

std::string LowerHeadline(const verify::Verdict& decided) {
  std::string headline = verify::Headline(decided);
  headline[0] = static_cast<char>(headline[0] - 'A' + 'a');
  return headline;
}

}  // namespace

std::string VerdictText(const verify::Verdict& decided) {
  std::string text = "verdict: " + LowerHeadline(decided) + "\n";
  for (const std::string& reason : decided.reasons) text += "  because: " + reason + "\n";
  return text;
}

Result<Outcome> SummarizeVerdict(const Run& run) {
  Outcome outcome;
  HL_ASSIGN(verify::VerdictRecord record, verify::ReadVerdict(run.space.folder));
  for (const verify::Route& route : record.verdict.routes) {
    if (route.status != "done") continue;
    const bool simulated = route.scope.ends_with("simulated");
    outcome.text += fmt::format("  {:<20} {:>6}  [{:.1f}, {:.1f}]  n={}{}\n",
                                route.name + (simulated ? " (simulated)" : ""), Percent(route.accuracy),
                                100 * route.ci95.low, 100 * route.ci95.high, route.n,
                                route.groups > 0 ? fmt::format(" in {} groups", route.groups) : "");
  }
  HL_ASSIGN(const verify::Verdict decided, VerdictByGates(run));
  outcome.text += VerdictText(decided);
  const std::string headline = LowerHeadline(decided);
  if (!decided.deployable)
    outcome.missed.push_back(fmt::format("{}; {} has the details", headline.substr(0, headline.find(':')),
                                         run.At("verdict.json").string()));
  if (const auto& weakest = record.weakest; weakest && weakest->correct < weakest->n) {
    outcome.text += fmt::format("  weakest class: {}, {} of {} right\n", Visible(weakest->label),
                                weakest->correct, weakest->n);
  }
  for (const std::string& sentence : verify::ResamplingSentences(decided.crossvalidation))
    outcome.text += "  note: " + sentence + "\n";
  if (!dataset::GroupsKnown(run.space.dataset))
    outcome.text += "  note: " + dataset::GroupsSentence(run.space.dataset) + "\n";
  outcome.json["verdict"] = std::move(record.json);
  return outcome;
}

namespace {

// After a look at the pictures comes the whole run; other steps go on one by one.
std::string NextCommand(const Run& run, std::string_view command) {
  const std::string folder = ShellWord(run.space.folder.string());
  const Step* const step = FindStep(command);
  if (step == nullptr || !step->facts.shows) return fmt::format("{} {}", CommandAfter(command), folder);
  const dataset::Dataset& pictures = run.space.dataset;
  return fmt::format("run {} -o {}",
                     ShellWord(pictures.labels_file.empty() ? pictures.root : pictures.labels_file), folder);
}

}  // namespace

void AddWritten(const Run& run, std::string_view command, Outcome& outcome) {
  Json json = {{"command", command}, {"run", run.space.folder.string()}};
  json.update(outcome.json);
  json["files"] = run.space.written;
  outcome.json = std::move(json);
  if (!run.space.written.empty()) {
    outcome.text += "wrote:\n";
    for (const std::string& file : run.space.written) outcome.text += "  " + run.At(file).string() + "\n";
  }
  // What cannot be deployed is packed into no app.
  if (CommandAfter(command).empty() || !outcome.missed.empty()) return;
  outcome.text += fmt::format("next: handlens {}\n", NextCommand(run, command));
}

}  // namespace handlens::cli
