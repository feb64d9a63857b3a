// What a step is. A step is a struct of these, in a steps/*.cc, and a row of the table in steps.cc:
//
//   static constexpr StepFacts kFacts;                      // name, version, ...
//   struct Options { kNames and fields };                   // what its files depend on
//   static Result<Options> Read(const Run&);                // from settings and what earlier steps left
//   static Files Touches(const Workspace&, const Options&);
//   static Result<void> Work(Workspace&, const Options&);
//   static Result<void> Load(Workspace&, const Options&);   // what it left, for the steps after it
//
// Work sees no settings but its options, so none that its files depend on is forgotten.
// A step is fresh, and skipped, while the hash of its version and options, its inputs and its outputs are as
// recorded.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "pipeline/chain.h"
#include "pipeline/options/options_json.h"
#include "pipeline/run_folder.h"
#include "pipeline/step_names.h"

namespace handlens::pipeline {

struct RunPlan;  // plan.h

// kFresh: skipped when fresh. kAlways: done each time, because it takes a moment and depends on files outside
// the run; recorded in the chain. kUnrecorded: done each time, and knows itself what is there already.
enum class Redo { kFresh, kAlways, kUnrecorded };

struct StepFacts {
  std::string_view name;          // in chain.json and timings.json
  std::string_view title;         // in the plan: "final training"
  std::string_view command = {};  // the command that ends with this step; empty = none
  int version = 1;                // raised when the step makes other files of the same inputs and options
  Redo redo = Redo::kFresh;
  bool advises = false;  // no step needs what it writes
  bool shows = false;    // its command only looks at the pictures: the whole run is what comes next
  bool trains = false;   // takes long: never done unless it was asked for
  bool shared = false;   // several processes may have a share each of its trials (shards.h)
  // A command that trains it without being asked again, although it ends with a later step.
  std::string_view half_of = {};
  double (*planned_s)(const RunPlan& plan) =
      nullptr;  // what the plan foresees for it; null = next to nothing
};

// Relative to the run folder; a folder stands for the files below it.
struct Files {
  std::vector<std::string> reads, writes;
  std::vector<std::string> may_write = {};  // single files that need not come about
};

struct Step {
  StepFacts facts;
  bool (*belongs)(const Run& run);  // whether this run has the step at all
  Result<void> (*perform)(Run& run);
  Result<void> (*work)(Run& run);  // the same, whether fresh or not, and records nothing
  Result<std::string> (*options_sha256)(const Run& run);
  Result<Freshness> (*freshness)(const Run& run);
  Result<void> (*load)(Run& run);  // what the step left, when it is fresh
};

// Freshness, timing and the record of one step.
Result<void> DoStep(Workspace& space, const StepFacts& facts, const ChainStep& step,
                    const std::function<Result<void>()>& work);
// What to do when what a step left cannot be read: it is done again, and says so.
void Forget(Workspace& space, const ChainStep& step, const Error& why);

// Numbers and words among the options.
Json Scalars(const Json& options);

// Version 1 is left out: runs from before steps had versions stay fresh.
template <class S>
ChainStep ChainStepOf(const Workspace& space, const typename S::Options& options) {
  Json json = OptionsJson(options);
  if (S::kFacts.version > 1) json["step_version"] = S::kFacts.version;
  Files files = S::Touches(space, options);
  return {.name = std::string(S::kFacts.name),
          .inputs = std::move(files.reads),
          .outputs = std::move(files.writes),
          .options_sha256 = Sha256(json.dump(-1, ' ', false, Json::error_handler_t::replace)),
          .options = Scalars(json),
          .maybe = std::move(files.may_write)};
}

template <class S>
Result<void> PerformStep(Run& run) {
  HL_ASSIGN(const typename S::Options options, S::Read(run));
  const ChainStep step = ChainStepOf<S>(run.space, options);
  const auto work = [&] { return S::Work(run.space, options); };
  HL_TRY(DoStep(run.space, S::kFacts, step, work));
  auto loaded = S::Load(run.space, options);
  if (loaded || !S::kFacts.trains || !run.may_train) return loaded;
  HL_TRY_MACHINE(loaded);  // the disk's fault: nothing is missing
  Forget(run.space, step, loaded.error());
  HL_TRY(DoStep(run.space, S::kFacts, step, work));
  return S::Load(run.space, options);
}

// Of a step whose inputs stand: what the steps before it left is loaded.
template <class S>
Result<Freshness> FreshnessOfStep(const Run& run) {
  HL_ASSIGN(const typename S::Options options, S::Read(run));
  return StepIsFresh(run.space.folder, ChainStepOf<S>(run.space, options));
}

template <class S>
Result<void> LoadStep(Run& run) {
  HL_ASSIGN(const typename S::Options options, S::Read(run));
  return S::Load(run.space, options);
}

template <class S>
Result<void> WorkOnStep(Run& run) {
  HL_ASSIGN(const typename S::Options options, S::Read(run));
  return S::Work(run.space, options);
}

template <class S>
Result<std::string> OptionsSha256Of(const Run& run) {
  HL_ASSIGN(const typename S::Options options, S::Read(run));
  return ChainStepOf<S>(run.space, options).options_sha256;
}

inline bool Always(const Run&) { return true; }

template <class S>
Step StepOf(bool (*belongs)(const Run& run) = Always) {
  return {S::kFacts,          belongs,    PerformStep<S>, WorkOnStep<S>, OptionsSha256Of<S>,
          FreshnessOfStep<S>, LoadStep<S>};
}

}  // namespace handlens::pipeline
