// The step from the described model to the web app (declared in steps.h).
#include <chrono>

#include "pipeline/app_parts.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace fs = std::filesystem;

Result<WebResult> StepAppWeb(Run& run) {
  package::WebRequest request;
  HL_ASSIGN(request.bundle, BundleOf(run));
  HL_ASSIGN(request.site, BuiltApp("web/site"));
  HL_ASSIGN(request.icon, IconOf(run));
  request.out = run.At("apps/web");
  // Packing takes a moment and depends on files outside the run (icon, built app), so it is done anew each time.
  const auto begun = std::chrono::steady_clock::now();
  HL_ASSIGN(const std::vector<fs::path> files, package::PackWeb(request));
  WebResult result;
  result.folder = request.out;
  result.files = files.size();
  for (const fs::path& file : files) {
    std::error_code error;
    const uintmax_t bytes = fs::file_size(file, error);
    if (!error) result.bytes += static_cast<int64_t>(bytes);
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  const StepPlan plan{.name = "app-web", .options = {{"name", request.bundle.name}},
                      .inputs = {"dataset.json", "split.json", ModelName(run)}, .outputs = {"apps/web"}};
  HL_TRY(RecordStep(run, plan));
  run.written.emplace_back("apps/web");
  return result;
}

}  // namespace handlens::pipeline
