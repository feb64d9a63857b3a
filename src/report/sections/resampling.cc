// How far the cross-validation can be trusted: repeats with other folds, and the nested one with the optimism
// of the choice.
#include <fmt/format.h>

#include "base/text.h"
#include "report/sections/sections.h"
#include "verify/words.h"

namespace handlens::report {
namespace {

std::string RightOf(const Json& estimate) {
  return fmt::format("{:.0f} of {:.0f}", NumberAt(estimate, "correct").value_or(0),
                     NumberAt(estimate, "n").value_or(0));
}

Cell Accuracy(const Json& json, std::string_view key) { return Percent(NumberAt(json, key).value_or(0)); }

void AddRepeats(const Json& repeats, Section& section) {
  const Json& runs = At(repeats, "runs");
  if (!runs.is_array() || runs.empty()) return;
  Table table{.id = "repeats",
              .caption =
                  "The chosen model, cross-validated again with the pictures dealt to folds anew. The "
                  "first row is the run's own",
              .columns = {{"Cross-validation", Align::kNumber},
                          {"Right", Align::kNumber},
                          {"Test, %", Align::kNumber}},
              .fold = Fold::kClosed};
  for (size_t i = 0; i < runs.size(); ++i) {
    table.rows.push_back(
        {Count(static_cast<int64_t>(i + 1)), Text(RightOf(runs[i])), Accuracy(runs[i], "accuracy")});
  }
  section.blocks.emplace_back(std::move(table));
}

void AddNested(const Json& nested, Section& section) {
  const Json& folds = At(nested, "folds");
  if (!folds.is_array() || folds.empty()) return;
  Table table{.id = "nested",
              .caption =
                  "Nested cross-validation: the whole search without each fold, then what it chose on "
                  "that fold. What the inner search expects less what the fold shows is the optimism "
                  "of the choice",
              .columns = {{"Fold", Align::kNumber},
                          {"Chosen without it"},
                          {"Chosen by: validation, %", Align::kNumber},
                          {"Expected: inner test, %", Align::kNumber},
                          {"Right on the fold", Align::kNumber},
                          {"Shown: outer test, %", Align::kNumber}},
              .fold = Fold::kClosed};
  for (size_t k = 0; k < folds.size(); ++k) {
    const Json& fold = folds[k];
    table.rows.push_back({Count(static_cast<int64_t>(k + 1)), Text(TextAt(fold, "chosen")),
                          Accuracy(fold, "validation_accuracy"), Accuracy(At(fold, "inner"), "accuracy"),
                          Text(RightOf(At(fold, "outer"))), Accuracy(At(fold, "outer"), "accuracy")});
  }
  section.blocks.emplace_back(std::move(table));
}

}  // namespace

void AddResampling(const Records& records, Section& section) {
  std::vector<std::string> sentences = verify::ResamplingSentences(records.crossvalidation);
  if (sentences.empty()) return;
  section.blocks.emplace_back(Note{Tone::kPlain, "How far it can be trusted", std::move(sentences)});
  AddRepeats(At(records.crossvalidation, "repeats"), section);
  AddNested(At(records.crossvalidation, "nested"), section);
}

}  // namespace handlens::report
