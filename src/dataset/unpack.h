// Archives of pictures: a .zip is unpacked into a folder, which is then read like any other. Nothing of an
// archive is trusted: names that lead out of the folder, links, and more bytes than the disk holds are
// refused.
#pragma once

#include <filesystem>

#include "base/progress.h"
#include "base/result.h"

namespace handlens::dataset {

// By the first bytes and the name.
bool IsZip(const std::filesystem::path& path);

// Writes the archive's files into the folder, which must be there and empty. Folders that hold all the rest
// are left out, as are leftovers of operating systems. Kind kBadInput: no archive, damaged, with a password,
// no files, a name that leads out of it; kResources: not enough room; kInterrupted. The message begins with
// the archive's path.
Result<void> UnpackInto(const std::filesystem::path& archive, const std::filesystem::path& folder,
                        Progress& progress);

// The same into a new folder `place`, whole or not at all. Where it is there already and holds every file of
// the archive with its size, it is left as it is. Kind kBadInput where it holds something else.
Result<void> UnpackTo(const std::filesystem::path& archive, const std::filesystem::path& place,
                      Progress& progress);

}  // namespace handlens::dataset
