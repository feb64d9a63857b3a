// The records of a run folder and the versions that this handlens reads: a run that a newer one has worked on
// is refused before anything of it is changed.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace handlens::pipeline {

// Whether the folder is a run of ours: its dataset.json says so, or there is none yet and all that lies in it
// is what a run that stopped at its very beginning leaves. Errors: the folder or the record cannot be read.
Result<bool> IsRunFolder(const std::filesystem::path& folder);

// Whether a file or folder of this name, right in the run folder, is one that the very beginning of a run
// writes, before dataset.json is there.
bool IsOfTheBeginning(std::string_view name);

// Kind kBadInput, by name, when any record of the run is of a newer version. Reads the beginning of each.
Result<void> RefuseNewerRecords(const std::filesystem::path& folder);

}  // namespace handlens::pipeline
