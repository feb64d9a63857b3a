// The records of a run folder and the versions that this handlens reads: a run that a newer one has worked on
// is refused before anything of it is changed.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace handlens::pipeline {

// Whether the folder is a run of ours: its dataset.json says so, or there is none yet and all that lies in it
// is what a run that stopped at its very beginning leaves. Errors: the folder or the record cannot be read.
Result<bool> IsRunFolder(const std::filesystem::path& folder);

// Kind kBadInput, by name, when any record of the run is of a newer version. Reads the beginning of each.
Result<void> RefuseNewerRecords(const std::filesystem::path& folder);

}  // namespace handlens::pipeline
