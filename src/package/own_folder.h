// A folder of files that handlens packs, and packs again over its own: never over somebody else's.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "package/package.h"

namespace handlens::package {

// By these files handlens knows its own folders; each names the files beside it.
inline constexpr const char *kProjectMarker = "handlens-project.json", *kPiMarker = "handlens-pi.json",
                            *kWebMarker = "handlens-web-app.json", *kCMarker = "handlens-c.json";
inline constexpr const char* kMarkers[] = {kProjectMarker, kPiMarker, kWebMarker, kCMarker};

// Kind kBadInput when `out` holds files but not the one named `marker`, by which handlens knows its own
// folders.
Result<void> CheckOwnFolder(const std::filesystem::path& out, const std::string& marker);

// What becomes of a file that handlens packed and the user changed, when it is packed again. kStays: it is
// left as the user wants it, as in a project that he works on. kBeside: the new one takes its place and his
// goes beside it as NAME.yours: an app is what was proven.
enum class Edited { kStays, kBeside };

// Writes the files beside `out` and puts them in its place in one step. The file named `marker` must be among
// them: JSON whose "files" names the others. It gets their hashes ("sha256"), which tell in a later call
// which files of the old folder were ours, and which of them were changed. All others stay, at any depth.
// Returns the files' paths.
Result<std::vector<std::filesystem::path>> WriteOwnFolder(const std::filesystem::path& out,
                                                          const std::string& marker,
                                                          const std::vector<BundleFile>& files,
                                                          Edited edited);

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
