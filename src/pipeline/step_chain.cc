// One step of the chain: skipped when fresh, timed, recorded (declared in run_folder.h).
#include <algorithm>
#include <chrono>

#include "base/hash.h"
#include "pipeline/chain.h"
#include "pipeline/run_folder.h"

namespace handlens::pipeline {

namespace {

ChainStep StepOf(const StepPlan& plan) {
  return {.name = plan.name, .inputs = plan.inputs, .outputs = plan.outputs,
          .options_sha256 = Sha256(plan.options.dump(-1, ' ', false, Json::error_handler_t::replace))};
}

}  // namespace

Result<void> RecordStep(const Run& run, const StepPlan& plan) { return RecordStep(run.folder, StepOf(plan)); }

Result<void> DoStep(Run& run, const StepPlan& plan, const std::function<Result<void>()>& work) {
  const ChainStep step = StepOf(plan);
  HL_ASSIGN(const Freshness freshness, StepIsFresh(run.folder, step));
  if (freshness.fresh) {
    run.progress->Detail(fmt::format("{}: up to date", plan.name));
    return {};
  }
  run.progress->Detail(fmt::format("{}: {}", plan.name, freshness.why));
  if (run.progress->StopRequested()) return Interrupted();
  const auto begun = std::chrono::steady_clock::now();
  const Result<void> done = work();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  // What an interrupted attempt took counts too; a failed note about it must not hide why the step failed.
  const Result<void> noted = AddSeconds(run.folder, plan.name, seconds);
  if (!done) return done;
  HL_TRY(noted);
  HL_TRY(RecordStep(run.folder, step));
  for (const std::string& output : plan.outputs) {
    if (std::find(run.written.begin(), run.written.end(), output) == run.written.end()) run.written.push_back(output);
  }
  return {};
}

}  // namespace handlens::pipeline
