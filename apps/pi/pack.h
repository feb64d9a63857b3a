// The files that `handlens app` appended to this program: a tar archive, its length, its SHA-256 and a mark,
// at the program's end.
#pragma once

#include <map>
#include <span>
#include <string>

#include "base/disk.h"
#include "base/json.h"
#include "base/result.h"

namespace handlens::device {

class Pack {
 public:
  // Those of the program at `path`. Kind kBadInput when there are none, or when they are not as they were
  // packed: a copy that was cut short, a memory card that forgets.
  static Result<Pack> Read(const std::filesystem::path& path);

  // Kind kInternal when it is not there.
  Result<std::span<const uint8_t>> File(const std::string& name) const;
  Result<Json> Record(const std::string& name) const;
  std::string Text(const std::string& name) const;  // empty when it is not there

 private:
  std::map<std::string, Bytes> files_;
};

}  // namespace handlens::device
