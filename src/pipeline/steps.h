// The steps of the pipeline on a run, in their order. Each makes what is missing before it, skips itself when its files
// are fresh, and leaves its record in the chain. Rooms do the work; here stands only what is passed between them.
#pragma once

#include <filesystem>
#include <vector>

#include "package/package.h"
#include "pipeline/run_folder.h"
#include "reduce/reduce.h"
#include "search/presets.h"
#include "search/search.h"
#include "train/train.h"

namespace handlens::pipeline {

// Inspects PICTURES into run.dataset and RUN/dataset.json, or proves that they are unchanged since. Kind kBadInput when
// pictures changed under trials: those are never thrown away silently.
Result<void> StepInspect(Run& run, const std::filesystem::path& pictures);
Result<void> StepPrepare(Run& run, const std::vector<int>& sizes_px);
Result<void> StepSplit(Run& run);
// Whether trainings follow that the time budget must also pay for.
enum class Following { kNothing, kTraining };
Result<search::SearchResult> StepSearch(Run& run, Following following);
// The candidate that becomes the model: the reduction's choice, or the search's when `reduce` is not wanted.
enum class Reduction { kAsAsked, kAlways };
Result<search::CellResult> StepReduce(Run& run, const search::SearchResult& searched, Reduction reduction);
Result<train::TrialResult> StepFinal(Run& run, const search::CellResult& chosen);
Result<void> StepConvert(Run& run, const search::CellResult& chosen, const train::TrialResult& final_trial);
Result<void> StepDescribe(Run& run, const search::CellResult& chosen);
Result<void> StepVerify(Run& run);
Result<void> StepReport(Run& run);

// The described model packed into RUN/apps/android by the settings of `app`; always anew. Kind kInternal when the built
// templates are not beside the program.
struct AndroidResult {
  std::vector<package::AndroidApp> apps;
  std::string application_id, fingerprint;
  std::filesystem::path key;         // the signing key's file
  bool key_made = false;             // made by this call
  std::filesystem::path project;     // empty without --project
  double seconds = 0;
};
Result<AndroidResult> StepAppAndroid(Run& run);

// The same for RUN/apps/web, a folder that any static host serves. Kind kBadInput for a model that browsers do not run.
struct WebResult {
  std::filesystem::path folder;
  size_t files = 0;
  int64_t bytes = 0;
  double seconds = 0;
};
Result<WebResult> StepAppWeb(Run& run);

// The candidates that the settings and the dataset mean, and the sizes among them, rising.
Result<std::vector<search::Candidate>> CandidatesOf(const Run& run);
std::vector<int> SizesOf(const std::vector<search::Candidate>& candidates);
// How the settings sweep a model; without the budget, which depends on how long the search took.
Result<reduce::ReduceOptions> ReduceOptionsOf(const Run& run);
bool WantsReduction(const Run& run);

// All steps up to the named one ("split" ... "report"), in order; what is fresh is skipped.
Result<void> DoStepsUpTo(Run& run, std::string_view last);

// Why RUN/verdict.json says that the model cannot be deployed, gates included; empty when it can.
Result<std::vector<std::string>> MissedGates(const Run& run);

// The sizes that `prepare` makes: those asked for, else the candidates' and the recommended ones; rising.
Result<std::vector<int>> PreparedSizes(const Run& run);

// The demo's pictures: beside the program's source while it is built there, or in the installed share folder.
Result<std::filesystem::path> DemoPictures();

// dataset.json's pictures against the files; named, with what to do, when they differ. Kind kBadInput.
Result<void> CheckPictures(Run& run);

}  // namespace handlens::pipeline
