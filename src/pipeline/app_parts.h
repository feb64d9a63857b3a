// What every target of `app` is given from a run: the model, its hold-out, a name and an icon, the built template.
#pragma once

#include <filesystem>
#include <string>

#include "package/package.h"
#include "pipeline/run_folder.h"

namespace handlens::pipeline {

// A built app ("web/site"), beside the program while it lies in its build folder, else in the installed share folder.
// Kind kInternal when it is in neither.
Result<std::filesystem::path> BuiltApp(const std::filesystem::path& name);

// The model file that --model means, relative to the run folder.
std::string ModelName(const Run& run);

Result<package::BundleRequest> BundleOf(Run& run);

// --icon, or a mosaic of the first pictures of up to four classes.
Result<image::Image> IconOf(const Run& run);

}  // namespace handlens::pipeline
