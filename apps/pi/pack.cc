#include "pack.h"

#include <algorithm>
#include <cstring>

#include "base/hash.h"

namespace handlens::device {
namespace {

// The end of a packed program (src/package/pi.cc writes it): length of the archive (8 bytes, little-endian),
// SHA-256 (64 digits), mark.
constexpr std::string_view kMark = "HLPACK01";
constexpr size_t kEndBytes = 8 + 64 + 8, kBlock = 512, kNameBytes = 100, kSizeAt = 124, kSizeDigits = 11;

std::string_view TextOf(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Of our own archives: plain files with short names.
std::map<std::string, Bytes> FilesOf(std::span<const uint8_t> tar) {
  std::map<std::string, Bytes> files;
  while (tar.size() >= kBlock && tar[0] != 0) {
    std::string name(TextOf(tar.first(kNameBytes)));
    name.resize(std::strlen(name.c_str()));
    size_t bytes = 0;
    for (const char digit : TextOf(tar.subspan(kSizeAt, kSizeDigits))) {
      if (digit < '0' || digit > '7') return files;
      bytes = 8 * bytes + static_cast<size_t>(digit - '0');
    }
    const size_t whole = kBlock + (bytes + kBlock - 1) / kBlock * kBlock;
    if (whole > tar.size()) break;
    const auto content = tar.subspan(kBlock, bytes);
    files.emplace(std::move(name), Bytes(content.begin(), content.end()));
    tar = tar.subspan(whole);
  }
  return files;
}

}  // namespace

Result<Pack> Pack::Read(const std::filesystem::path& path) {
  HL_ASSIGN(const Bytes program, ReadFile(path));
  const std::span<const uint8_t> all(program);
  if (all.size() < kEndBytes || TextOf(all.last(kMark.size())) != kMark) {
    return Fail(ErrorKind::kBadInput,
                "there is no model in this program, or it was cut short: copy it again, or pack it with "
                "`handlens app RUN --target pi`");
  }
  const auto end = all.last(kEndBytes);
  uint64_t bytes = 0;
  std::memcpy(&bytes, end.data(), sizeof bytes);
  const auto rest = all.first(all.size() - kEndBytes);
  if (bytes > rest.size() || Sha256(rest.last(static_cast<size_t>(bytes))) != TextOf(end.subspan(8, 64))) {
    return Fail(ErrorKind::kBadInput,
                "this program is damaged: its files are not as they were packed; copy it again");
  }
  Pack pack;
  pack.files_ = FilesOf(rest.last(static_cast<size_t>(bytes)));
  return pack;
}

Result<std::span<const uint8_t>> Pack::File(const std::string& name) const {
  const auto found = files_.find(name);
  if (found == files_.end())
    return Fail(ErrorKind::kInternal, "{}: not in this program; pack it again", name);
  return std::span<const uint8_t>(found->second);
}

Result<Json> Pack::Record(const std::string& name) const {
  HL_ASSIGN(const auto bytes, File(name));
  return ParseJson(TextOf(bytes), name);
}

std::string Pack::Text(const std::string& name) const {
  const auto found = files_.find(name);
  return found == files_.end() ? std::string() : std::string(TextOf(found->second));
}

}  // namespace handlens::device
