// Android's binary XML, edited without Android's tools: replaces strings of the pool and integers of
// attributes in a compiled manifest. Layout: ResChunk_header and friends of AOSP's ResourceTypes.h. Nothing
// else of the file changes.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace handlens::package {

// What to change in a manifest.
struct ManifestEdit {
  // Strings of the pool that equal a key become the value; strings that begin with a key and a dot keep their
  // tail (an application id and the authorities made from it). UTF-8.
  std::map<std::string, std::string> strings;
  // Attributes by their Android resource id (0x0101021b: versionCode) get this integer.
  std::map<uint32_t, uint32_t> integers;
};

// Kind kBadInput when the bytes are not a binary XML file, kInternal when a key of the edit was not found
// (the template does not fit this program).
Result<Bytes> EditBinaryXml(std::span<const uint8_t> xml, const ManifestEdit& edit);

// All strings of the pool, in order, as UTF-8.
Result<std::vector<std::string>> BinaryXmlStrings(std::span<const uint8_t> xml);

}  // namespace handlens::package
