#include "dataset/unpack.h"

#include <zip.h>

#include <algorithm>
#include <memory>
#include <set>
#include <vector>

#include "base/disk.h"
#include "base/file_writer.h"
#include "base/staged_folder.h"
#include "base/text.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;

constexpr zip_uint64_t kMaxFile_bytes = zip_uint64_t{1} << 30;  // as inspect.cc has it
constexpr size_t kPiece_bytes = 1 << 16;

struct Close {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
using Archive = std::unique_ptr<zip_t, Close>;

struct ZipEntry {
  zip_uint64_t index = 0;
  std::string name;  // '/' between folders, below what holds all the rest
  zip_uint64_t size_bytes = 0;
};

tl::unexpected<Error> Refuse(const fs::path& archive, std::string_view what) {
  return Fail(ErrorKind::kBadInput, "{}: {}", Printable(archive.string()), what);
}

Result<Archive> OpenArchive(const fs::path& archive) {
  HL_ASSIGN(const auto head, ReadHead(archive, 4));
  if (!head) return Refuse(archive, "no such file");
  int code = 0;
  Archive zip(zip_open(archive.c_str(), ZIP_RDONLY, &code));
  if (zip) return zip;
  zip_error_t error;
  zip_error_init_with_code(&error, code);
  const std::string reason = zip_error_strerror(&error);
  zip_error_fini(&error);
  return Refuse(archive, fmt::format("the archive cannot be read ({}); download or make it again", reason));
}

// The folders and the file of a name; nothing when a part of it would lead out of the folder.
std::vector<std::string> Parts(std::string_view name) {
  std::vector<std::string> parts;
  while (true) {
    const size_t end = std::min(name.find('/'), name.size());
    const std::string_view part = name.substr(0, end);
    if (part.empty() || part == "." || part == ".." || part.find('\0') != std::string_view::npos) return {};
    parts.emplace_back(part);
    if (end == name.size()) return parts;
    name.remove_prefix(end + 1);
  }
}

bool IsLeftOut(const std::vector<std::string>& parts) {
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return IsLitter(part); });
}

// How many folders at the front hold all files.
size_t CommonFolders(const std::vector<ZipEntry>& entries) {
  std::vector<std::string> common = Parts(entries[0].name);
  common.pop_back();
  for (const ZipEntry& entry : entries) {
    const std::vector<std::string> parts = Parts(entry.name);
    const size_t most = std::min(common.size(), parts.size() - 1);
    common.resize(static_cast<size_t>(
        std::mismatch(common.begin(), common.begin() + static_cast<ptrdiff_t>(most), parts.begin()).first -
        common.begin()));
  }
  return common.size();
}

Result<std::vector<ZipEntry>> List(zip_t* zip, const fs::path& archive) {
  std::vector<ZipEntry> entries;
  std::set<std::string> names;
  for (zip_int64_t i = 0; i < zip_get_num_entries(zip, 0); ++i) {
    zip_stat_t stat;
    if (zip_stat_index(zip, static_cast<zip_uint64_t>(i), 0, &stat) != 0)
      return Refuse(archive, zip_strerror(zip));
    std::string name = stat.name;
    std::replace(name.begin(), name.end(), '\\', '/');  // as some programs of Windows write
    if (name.ends_with('/')) continue;
    const std::vector<std::string> parts = Parts(name);
    if (parts.empty())
      return Refuse(archive, fmt::format("the name {} leads out of the archive; nothing was unpacked",
                                         Printable(name)));
    if (IsLeftOut(parts)) continue;
    if (stat.encryption_method != ZIP_EM_NONE)
      return Refuse(archive, "the archive has a password; unpack it and give the folder");
    if (stat.size > kMaxFile_bytes)
      return Refuse(archive,
                    fmt::format("{} has {} bytes, too many for a picture", Printable(name), stat.size));
    if (!names.insert(name).second)
      return Refuse(archive, fmt::format("the name {} occurs twice", Printable(name)));
    entries.push_back({static_cast<zip_uint64_t>(i), std::move(name), stat.size});
  }
  if (entries.empty()) return Refuse(archive, "no files in this archive");
  const size_t common = CommonFolders(entries);
  for (ZipEntry& entry : entries) {
    for (size_t i = 0; i < common; ++i) entry.name.erase(0, entry.name.find('/') + 1);
  }
  return entries;
}

Result<void> CheckRoom(const std::vector<ZipEntry>& entries, const fs::path& archive,
                       const fs::path& folder) {
  zip_uint64_t bytes = 0;
  for (const ZipEntry& entry : entries) bytes += entry.size_bytes;  // each below 2^30
  std::error_code error;
  const fs::space_info space = fs::space(folder, error);
  if (error || bytes < space.available) return {};
  return Fail(ErrorKind::kResources, "{}: unpacked it has {}, and {} are free in {}",
              Printable(archive.string()), ByteCount(static_cast<double>(bytes)),
              ByteCount(static_cast<double>(space.available)), folder.string());
}

Result<void> WriteEntry(zip_t* zip, const ZipEntry& entry, const fs::path& archive, const fs::path& folder) {
  const std::unique_ptr<zip_file_t, Close> file(zip_fopen_index(zip, entry.index, 0));
  const std::string name = Printable(entry.name);
  if (!file) return Refuse(archive, fmt::format("{}: {}", name, zip_strerror(zip)));
  HL_ASSIGN(FileWriter writer, FileWriter::Create(folder / entry.name));
  std::string piece(kPiece_bytes, '\0');
  zip_uint64_t written = 0;
  while (true) {
    const zip_int64_t got = zip_fread(file.get(), piece.data(), piece.size());
    if (got < 0)
      return Refuse(archive, fmt::format("{} is damaged ({}); download or make the archive again", name,
                                         zip_file_strerror(file.get())));
    if (got == 0) break;
    written += static_cast<zip_uint64_t>(got);
    if (written > entry.size_bytes)
      return Refuse(archive, fmt::format("{} holds more bytes than it says", name));
    HL_TRY(writer.Append(std::string_view(piece).substr(0, static_cast<size_t>(got))));
  }
  return writer.Finish(FileWriter::Flush::kLater);
}

Result<void> WriteAll(zip_t* zip, const std::vector<ZipEntry>& entries, const fs::path& archive,
                      const fs::path& folder, Progress& progress) {
  HL_TRY(CheckRoom(entries, archive, folder));
  progress.Begin("unpack", static_cast<double>(entries.size()), "files");
  for (size_t i = 0; i < entries.size(); ++i) {
    if (progress.StopRequested()) return Interrupted();
    HL_TRY(WriteEntry(zip, entries[i], archive, folder));
    progress.Update(static_cast<double>(i + 1), "");
  }
  progress.End(Plural(entries.size(), "file", "files"));
  return {};
}

bool HoldsAll(const std::vector<ZipEntry>& entries, const fs::path& folder) {
  return std::all_of(entries.begin(), entries.end(), [&](const ZipEntry& entry) {
    std::error_code error;
    return fs::is_regular_file(folder / entry.name, error) &&
           fs::file_size(folder / entry.name, error) == entry.size_bytes;
  });
}

}  // namespace

bool IsZip(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return false;
  const auto head = ReadHead(path, 4);
  return head && *head && (**head == "PK\3\4" || FoldedName(path.extension().string()) == ".zip");
}

Result<void> UnpackInto(const fs::path& archive, const fs::path& folder, Progress& progress) {
  HL_ASSIGN(const Archive zip, OpenArchive(archive));
  HL_ASSIGN(const std::vector<ZipEntry> entries, List(zip.get(), archive));
  return WriteAll(zip.get(), entries, archive, folder, progress);
}

Result<void> UnpackTo(const fs::path& archive, const fs::path& place, Progress& progress) {
  HL_ASSIGN(const Archive zip, OpenArchive(archive));
  HL_ASSIGN(const std::vector<ZipEntry> entries, List(zip.get(), archive));
  std::error_code error;
  if (fs::exists(place, error)) {
    if (HoldsAll(entries, place)) return {};
    return Refuse(archive, fmt::format("it would be unpacked to {}, which is there already and holds "
                                       "something else; give that folder, or move it away",
                                       Printable(place.string())));
  }
  HL_ASSIGN(StagedFolder staged, StagedFolder::Begin(place));
  HL_TRY(WriteAll(zip.get(), entries, archive, staged.path(), progress));
  return staged.Commit();
}

}  // namespace handlens::dataset
