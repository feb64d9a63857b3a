// The step table: every step of the pipeline, in the order in which they run. Order, freshness, `run`, the
// plan, help and the reach of options follow from it. What a step is stands in step.h, what each does in
// steps/*.cc.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "pipeline/steps/step.h"
#include "reduce/reduce.h"
#include "search/presets.h"
#include "verify/verify.h"

namespace handlens::pipeline {

std::span<const Step> Steps();
const Step* FindStep(std::string_view name);
// The command to type after `command`; empty after the last.
std::string_view CommandAfter(std::string_view command);

// Whether the command ends with a step that trains: such a command trains without being asked again.
bool EndsWithTraining(std::string_view command);
// Whether a step that trains is among those up to the command that the run is at (Run::goal).
bool GoalTrains(const Run& run);

// The steps up to the command's that are not fresh, in order; of what comes after the first of them nothing
// is known, so all are named. Those without a record of their own are left out. Loads what fresh steps left.
Result<std::vector<const Step*>> StepsToDo(Run& run, std::string_view command);

// All steps up to the command's, in order; what is fresh is skipped. The pictures must be inspected.
Result<void> DoStepsUpTo(Run& run, std::string_view command);

// One step alone, whatever came before it. `name` is one of the table's.
Result<void> DoOne(Run& run, std::string_view name);
// What names alone tell before any picture is read: a class with too few files for the folds, a model, a
// generator or a size that is not known or does not fit. The errors are those of CheckFolds and CandidatesOf.
Result<void> CheckByNames(Run& run, const std::filesystem::path& pictures);
// What late steps read besides the pictures, read now: --notes and --backgrounds. Kind kBadInput.
Result<void> CheckOtherFiles(Run& run);
// The photographs of a folder, read once a call; null for no folder, which means the built-in ones. Kind
// kBadInput as Backdrops::FromFolder.
Result<const image::Backdrops*> BackdropsOf(Workspace& space, const std::filesystem::path& folder);

// Inspects PICTURES into the workspace and RUN/dataset.json, or proves that they are unchanged since. Kind
// kBadInput when pictures changed under trials: those are never thrown away silently.
Result<void> DoInspect(Run& run, const std::filesystem::path& pictures);

// The same without writing anything: the pictures are inspected in memory where there is no record of them.
Result<void> LookOnly(Run& run, const std::filesystem::path& pictures);

// Many unreadable files are a mistake of the import more often than of the pictures: asks, or kind kBadInput.
Result<void> CheckBroken(Run& run);
// Whether the pictures can be dealt into the folds that are asked for. Kind kBadInput when a class has too
// few.
Result<void> CheckFolds(const Run& run);

// The candidates that the settings and the dataset mean, and the sizes among them, rising.
Result<std::vector<search::Candidate>> CandidatesOf(const Run& run);
std::vector<int> SizesOf(const std::vector<search::Candidate>& candidates);
// The held-out pictures that apps carry for their self-check, indices: all, but of a test folder of the
// user's own, which may be large, only the first few of each class.
std::vector<int> PicturesForApps(const Workspace& space);
// How the settings sweep a model; without the budget, which depends on how long the search took.
Result<reduce::ReduceOptions> ReduceOptionsOf(const Run& run);
bool WantsReduction(const Run& run);
bool WantsResampling(const Run& run);  // repeated or nested cross-validation; no part of a share's work
// What `search` or `reduce` compares candidates by, as --for says. Calls that do not train take what the step
// did; and a run that was searched before there was this choice stays as it is (empty: by validation
// pictures), until it is asked for the camera alone.
Result<std::optional<search::Yardstick>> ComparedBy(const Run& run, std::string_view step);

// RUN/verdict.json, decided again by the gates of this call where they are not those that it was written
// with.
Result<verify::Verdict> VerdictByGates(const Run& run);

// The sizes that `prepare` makes: those asked for, else the candidates' and the recommended ones; rising.
Result<std::vector<int>> PreparedSizes(const Run& run);
// Those sub-datasets, made where they are missing.
Result<void> PrepareSizes(Workspace& space, image::Fit fit, const std::vector<int>& sizes_px);

// The demo's pictures: beside the program's source while it is built there, or in the installed share folder.
Result<std::filesystem::path> DemoPictures();

// The rows of the table, by file.
Step InspectRow();  // steps/data.cc
Step PrepareRow();
Step SplitRow();
Step ReviewRow();  // steps/review.cc
Step SearchRow();  // steps/train.cc
Step ReduceRow();
Step FinalRow();
Step CrossvalidationRow();
Step ConvertRow();  // steps/model.cc
Step DescribeRow();
Step VerifyRow();
Step ReportRow();
std::vector<Step> AppRows();  // steps/app.cc; one a target

}  // namespace handlens::pipeline
