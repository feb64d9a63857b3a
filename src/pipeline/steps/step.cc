#include "pipeline/steps/step.h"

#include <algorithm>
#include <chrono>

namespace handlens::pipeline {

Result<void> DoStep(Workspace& space, const StepFacts& facts, const ChainStep& step,
                    const std::function<Result<void>()>& work) {
  if (facts.redo == Redo::kUnrecorded) return work();
  if (facts.redo == Redo::kFresh) {
    HL_ASSIGN(const Freshness freshness, StepIsFresh(space.folder, step));
    space.progress->Detail(fmt::format("{}: {}", step.name, freshness.fresh ? "up to date" : freshness.why));
    if (freshness.fresh) return {};
  }
  if (space.progress->StopRequested()) return Interrupted();
  const auto begun = std::chrono::steady_clock::now();
  const Result<void> done = work();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  // What an interrupted attempt took counts too; a failed note about it must not hide why the step failed.
  // Of what is done each time the last time counts.
  const Result<void> noted = facts.redo == Redo::kFresh ? AddSeconds(space, step.name, seconds)
                             : done                     ? SetSeconds(space, step.name, seconds)
                                                        : Result<void>();
  if (!done) return done;
  HL_TRY(noted);
  HL_TRY(RecordStep(space.folder, step));
  if (facts.redo == Redo::kAlways) return {};  // it names its files itself
  for (const std::string& output : step.outputs) {
    if (std::find(space.written.begin(), space.written.end(), output) == space.written.end())
      space.written.push_back(output);
  }
  return {};
}

Json Scalars(const Json& options) {
  Json scalars = Json::object();
  for (const auto& [name, value] : options.items()) {
    if (value.is_primitive()) scalars[name] = value;
  }
  return scalars;
}

void Forget(Workspace& space, const ChainStep& step, const Error& why) {
  space.progress->Warn(fmt::format("{}; what is missing is trained again", why.message));
  std::error_code error;
  std::filesystem::remove(space.At(step.outputs[0]), error);
}

}  // namespace handlens::pipeline
