// `predict`: the scores of pictures, and, where their labels are known, how many are right.
#include <algorithm>
#include <map>
#include <set>

#include "base/stats.h"
#include "base/text.h"
#include "cli/commands/command.h"
#include "cli/commands/picture_arguments.h"
#include "dataset/rejected.h"
#include "verify/predict.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

Json PredictionJson(const verify::Prediction& p, const PictureFile& file, const verify::Predictions& all) {
  const std::vector<std::string>& labels = all.labels;
  const bool refers = all.referral.has_value();
  Json json = {{"path", file.shown}};
  if (!file.label.empty()) json["true_label"] = file.label;
  if (!p.error.empty()) {
    json["error"] = p.error;
    return json;
  }
  json["label"] = p.label;
  json["score"] = p.score;
  json["not_sure"] = p.not_sure;
  if (all.sets) {
    json["possible"] = Json::array();
    for (const size_t label : p.possible) json["possible"].push_back(labels[label]);
  }
  if (refers) json["refer"] = p.referred.has_value();
  Json scores = Json::object();
  for (size_t i = 0; i < labels.size(); ++i) scores[labels[i]] = p.scores[i];
  json["scores"] = std::move(scores);
  if (!p.saved_input.empty()) json["saved_input"] = p.saved_input;
  return json;
}

// "not sure, oak or beech; ", and what it always was where the model has no label sets, or they say nothing.
std::string NotSureText(const verify::Prediction& p, const verify::Predictions& all) {
  constexpr size_t kNamed = 3;  // more names would be no answer
  if (!all.sets || p.possible.size() == 1) return "not sure, perhaps ";
  if (p.possible.empty() || p.possible.size() > kNamed) return "not sure; ";
  std::string names;
  for (size_t i = 0; i < p.possible.size(); ++i)
    names += (i == 0 ? "" : i + 1 == p.possible.size() ? " or " : ", ") + Visible(all.labels[p.possible[i]]);
  return "not sure, " + names + "; ";
}

// The best three, for people.
std::string PredictionText(const verify::Prediction& p, const PictureFile& file,
                           const verify::Predictions& all) {
  if (!p.error.empty()) return "";
  const std::vector<std::string>& labels = all.labels;
  std::vector<size_t> order(labels.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p.scores[a] > p.scores[b]; });
  std::string text = Visible(file.shown) + ": ";
  if (p.referred)
    text += fmt::format("refer, possibly {} ({:.1f} %); ", Visible(all.referral->wanted.label),
                        100 * *p.referred);
  if (p.not_sure) text += NotSureText(p, all);
  for (size_t i = 0; i < std::min<size_t>(3, order.size()); ++i) {
    text += fmt::format("{}{} {:.1f} %", i == 0 ? "" : ", ", labels[order[i]],
                        100 * static_cast<double>(p.scores[order[i]]));
  }
  const bool known = std::find(labels.begin(), labels.end(), file.label) != labels.end();
  if (known && file.label != p.label) text += fmt::format("  (labelled {})", Visible(file.label));
  return text + "\n";
}

struct Tally {
  size_t n = 0, correct = 0, not_sure = 0;
  std::map<std::string, std::pair<size_t, size_t>> classes;  // correct, of
  std::set<std::string> foreign;                             // labels that the model does not know
};

Tally TallyOf(const std::vector<verify::Prediction>& predictions, const std::vector<PictureFile>& files,
              const std::vector<std::string>& labels) {
  Tally tally;
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string& label = files[i].label;
    if (label.empty()) continue;
    if (std::find(labels.begin(), labels.end(), label) == labels.end()) {
      tally.foreign.insert(label);
      continue;
    }
    if (!predictions[i].error.empty()) continue;
    auto& [right, all] = tally.classes[label];
    ++all;
    ++tally.n;
    tally.not_sure += predictions[i].not_sure ? 1 : 0;
    if (predictions[i].label != label) continue;
    ++right;
    ++tally.correct;
  }
  return tally;
}

void AddTally(const Tally& tally, Outcome& outcome) {
  if (!tally.foreign.empty()) {
    outcome.text += fmt::format("not counted, since the model has no such class: {}\n",
                                Visible(fmt::format("{}", fmt::join(tally.foreign, ", "))));
    outcome.json["not_counted"] = tally.foreign;
  }
  if (tally.n == 0) return;
  const double accuracy = static_cast<double>(tally.correct) / static_cast<double>(tally.n);
  const Interval ci95 = Wilson95(tally.correct, tally.n);
  for (const auto& [label, counts] : tally.classes)
    outcome.text += fmt::format("  {:<24} {:>5} of {}\n", Visible(label), counts.first, counts.second);
  outcome.text += fmt::format("right: {:.1f} % [{:.1f}, {:.1f}], {} of {}{}\n", 100 * accuracy,
                              100 * ci95.low, 100 * ci95.high, tally.correct, tally.n,
                              tally.not_sure == 0 ? "" : fmt::format("; not sure: {}", tally.not_sure));
  Json classes = Json::object();
  for (const auto& [label, counts] : tally.classes)
    classes[label] = {{"correct", counts.first}, {"n", counts.second}};
  outcome.json["counted"] = {{"n", tally.n},
                             {"correct", tally.correct},
                             {"accuracy", accuracy},
                             {"ci95", {ci95.low, ci95.high}},
                             {"not_sure", tally.not_sure},
                             {"classes", std::move(classes)}};
}

// A picture's error without its path: where an archive was unpacked is nobody's business.
std::string ReasonOf(const verify::Prediction& p, const PictureFile& file) {
  std::error_code error;
  if (!fs::exists(file.path, error)) return "no such file";
  const std::string prefix = p.path + ": ";
  return p.error.starts_with(prefix) ? p.error.substr(prefix.size()) : p.error;
}

}  // namespace

Result<Outcome> CommandPredict(Call& call) {
  HL_ASSIGN(const Settings settings, MergeSettings(call));
  HL_ASSIGN(const fs::path model, FindModel(call.arguments[0], settings.wanted().app.model));
  HL_ASSIGN(const Bytes bytes, ReadFile(model));
  HL_ASSIGN(const PictureFiles found,
            FindPictures({call.arguments.begin() + 1, call.arguments.end()}, *call.terminal));
  for (const std::string& note : found.notes) call.terminal->Say("note: " + note);
  verify::PredictOptions options;
  for (const PictureFile& file : found.files) options.pictures.push_back(file.path);
  options.save_input = settings.wanted().call.save_input;
  options.jobs = settings.wanted().manner.jobs.value_or(options.jobs);
  HL_ASSIGN(verify::Predictions predicted, verify::Predict(bytes, model.string(), options, *call.terminal));
  for (const std::string& warning : predicted.warnings) call.terminal->Warn(warning);
  Outcome outcome;
  outcome.text = fmt::format("model: {}\n", Visible(model.string()));
  outcome.json = {{"command", "predict"},
                  {"model", model.string()},
                  {"size_px", predicted.size_px},
                  {"fit", predicted.fit},
                  {"runtime", predicted.runtime_version},
                  {"pictures", Json::array()}};
  if (!predicted.notice.empty()) outcome.json["notice"] = predicted.notice;
  std::vector<dataset::Rejected> failed;
  for (size_t i = 0; i < found.files.size(); ++i) {
    verify::Prediction& p = predicted.pictures[i];
    if (!p.error.empty()) p.error = ReasonOf(p, found.files[i]);
    outcome.json["pictures"].push_back(PredictionJson(p, found.files[i], predicted));
    outcome.text += PredictionText(p, found.files[i], predicted);
    if (!p.error.empty()) failed.push_back({found.files[i].shown, p.error});
  }
  const Tally tally = TallyOf(predicted.pictures, found.files, predicted.labels);
  AddTally(tally, outcome);
  if (tally.n > 0) {
    std::vector<fs::path> labelled;
    for (const PictureFile& file : found.files) {
      if (!file.label.empty()) labelled.push_back(file.path);
    }
    HL_ASSIGN(const size_t seen, SeenInTraining(model, labelled));
    outcome.json["counted"]["seen_in_training"] = seen;
    outcome.text += SeenSentence(seen);
  }
  if (!predicted.notice.empty()) outcome.text += predicted.notice + "\n";
  if (failed.empty()) return outcome;
  // The others' scores are printed all the same; then the exit code tells that not all could be read.
  if (failed.size() < found.files.size() || call.terminal->style().json)
    call.terminal->PrintResult(outcome.text, outcome.json);
  return Fail(ErrorKind::kBadInput, "{}", fmt::join(dataset::RejectedLines(failed), "\n"));
}

}  // namespace handlens::cli
