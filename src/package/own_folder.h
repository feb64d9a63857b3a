// A folder of files that handlens packs, and packs again over its own: never over somebody else's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "package/package.h"

namespace handlens::package {

// Kind kBadInput when `out` holds files but not the one named `marker`, by which handlens knows its own
// folders.
Result<void> CheckOwnFolder(const std::filesystem::path& out, const std::string& marker);

// What of an old folder is the user's and stays. kBeside: what lies directly in it and is not ours; our
// folders are replaced as a whole. kWithin: also files that the user, or a tool of his, put into our folders.
enum class UsersFiles { kBeside, kWithin };

// Writes the files beside `out` and puts them in its place in one step. The file named `marker` must be among
// them: JSON whose "files" names the others; in a later call it tells which files of the old folder were
// ours. Returns the files' paths below `out`.
Result<std::vector<std::filesystem::path>> WriteOwnFolder(const std::filesystem::path& out,
                                                          const std::string& marker,
                                                          const std::vector<BundleFile>& files,
                                                          UsersFiles users = UsersFiles::kBeside);

// A text, and a record of version 1, as a file's content.
inline Bytes TextBytes(std::string_view text) { return {text.begin(), text.end()}; }
inline Bytes RecordBytes(std::string_view format, const Json& record) {
  return TextBytes(RecordText(format, 1, record, 1));
}

// All regular files below a folder, by name. Kind kInternal when there are none: the app `what` was not
// built.
Result<std::vector<BundleFile>> ReadBuilt(const std::filesystem::path& folder, std::string_view what);

// The icon as a PNG of side_px x side_px.
Bytes IconPng(const image::Image& icon, int side_px);

}  // namespace handlens::package
