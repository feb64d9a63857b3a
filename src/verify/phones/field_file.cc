// FIELD.zip: unpacking and checking (field_file.h). What becomes of it is in field_series.cc and
// photographs.cc.
#include "verify/field_file.h"

#include <zip.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <set>

#include "base/text.h"
#include "package/field_words.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;

// A picture of the largest model (500 x 500) as PNG, a frame of a phone's camera as JPEG, and the facts of
// very many shots need less.
constexpr zip_uint64_t kMostSeenBytes = zip_uint64_t{2} << 20, kMostWholeBytes = zip_uint64_t{16} << 20,
                       kMostRecordBytes = zip_uint64_t{16} << 20;
constexpr int64_t kMostPixels = 20'000'000;  // of a whole photograph

struct Close {
  void operator()(zip_t* zip) const { zip_discard(zip); }
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};

tl::unexpected<Error> Refuse(const std::string& where, std::string_view what) {
  return Fail(ErrorKind::kBadInput, "{}: {}", where, what);
}

// What a member is; number 0 = the record. nullopt for what no app writes.
struct Member {
  int number = 0;
  bool seen = false;
  zip_uint64_t most_bytes = kMostRecordBytes;
};
std::optional<Member> MemberOf(const std::string& name) {
  if (name == "record.json") return Member{};
  static const std::regex kForm("(seen|whole)/([0-9]{3})\\.(png|jpg)");
  std::smatch match;
  if (!std::regex_match(name, match, kForm)) return std::nullopt;
  const bool seen = match[1] == "seen";
  const int number = std::stoi(match[2]);
  if (number == 0 || seen != (match[3] == "png")) return std::nullopt;
  return Member{number, seen, seen ? kMostSeenBytes : kMostWholeBytes};
}

Result<Bytes> ReadMember(zip_t* zip, const zip_stat_t& stat, const std::string& where) {
  const std::unique_ptr<zip_file_t, Close> file(zip_fopen_index(zip, stat.index, 0));
  if (!file) return Refuse(where, fmt::format("{}: {}", stat.name, zip_strerror(zip)));
  Bytes bytes(stat.size + 1);  // one more, to notice a member that holds more than it says
  size_t got = 0;
  while (got < bytes.size()) {
    const zip_int64_t piece = zip_fread(file.get(), bytes.data() + got, bytes.size() - got);
    if (piece < 0)
      return Refuse(where, fmt::format("{} is damaged ({}); share the file from the phone again", stat.name,
                                       zip_file_strerror(file.get())));
    if (piece == 0) break;
    got += static_cast<size_t>(piece);
  }
  if (got != stat.size)
    return Refuse(where, fmt::format("{} does not hold the {} bytes that it says; share the file from the "
                                     "phone again",
                                     stat.name, stat.size));
  bytes.resize(got);
  return bytes;
}

struct Listed {
  zip_stat_t stat;
  Member member;
};

Result<std::vector<Listed>> List(zip_t* zip, const std::string& where) {
  const zip_int64_t count = zip_get_num_entries(zip, 0);
  if (count > 2 * package::kMostPhotographs + 1)
    return Refuse(where, fmt::format("{} files in it; a field test has at most {} photographs", count,
                                     package::kMostPhotographs));
  std::vector<Listed> members;
  std::set<std::string> names;
  zip_uint64_t bytes = 0;
  for (zip_int64_t i = 0; i < count; ++i) {
    Listed listed{};
    if (zip_stat_index(zip, static_cast<zip_uint64_t>(i), 0, &listed.stat) != 0)
      return Refuse(where, zip_strerror(zip));
    const std::string name = listed.stat.name;
    const auto member = MemberOf(name);
    if (!member)
      return Refuse(where, fmt::format("{} is in it, which no field test has; give the file as the app "
                                       "shared it",
                                       Visible(name)));
    if (listed.stat.encryption_method != ZIP_EM_NONE)
      return Refuse(where, "it has a password; give the file as the app shared it");
    if (listed.stat.size > member->most_bytes)
      return Refuse(where, fmt::format("{} has {} bytes, too many", name, listed.stat.size));
    if (!names.insert(name).second) return Refuse(where, fmt::format("{} is in it twice", name));
    bytes += listed.stat.size;
    listed.member = *member;
    members.push_back(listed);
  }
  if (bytes > 2 * kMostFieldFileBytes)
    return Refuse(where, fmt::format("unpacked it has {}, too many for a field test",
                                     ByteCount(static_cast<double>(bytes))));
  if (!names.contains("record.json"))
    return Refuse(where,
                  "record.json is missing, so this is no field test; to use a zip of pictures, unpack "
                  "it or give it as PICTURES");
  return members;
}

}  // namespace

Result<FieldFile> ReadFieldFile(const fs::path& path) {
  const std::string where = Visible(path.string());
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return Refuse(where, error.message());
  if (size > 2 * kMostFieldFileBytes)
    return Refuse(where, fmt::format("{} bytes are too many for a field test", size));
  int code = 0;
  const std::unique_ptr<zip_t, Close> zip(zip_open(path.c_str(), ZIP_RDONLY, &code));
  if (!zip) return Refuse(where, "cannot be read as a zip file; share it from the phone again");
  HL_ASSIGN(const std::vector<Listed> members, List(zip.get(), where));
  FieldFile file;
  for (const Listed& listed : members) {
    HL_ASSIGN(Bytes bytes, ReadMember(zip.get(), listed.stat, where));
    if (listed.member.number == 0) {
      file.record = std::move(bytes);
      continue;
    }
    Photograph& photograph = file.photographs[listed.member.number];
    (listed.member.seen ? photograph.seen : photograph.whole) = std::move(bytes);
  }
  for (const auto& [number, photograph] : file.photographs) {
    if (photograph.seen.empty()) return Refuse(where, fmt::format("seen/{:03}.png is missing", number));
    if (photograph.whole.empty()) return Refuse(where, fmt::format("whole/{:03}.jpg is missing", number));
  }
  return file;
}

Result<image::Image> SeenPixels(const Photograph& photograph, int size_px, const std::string& where) {
  auto decoded = image::Decode(photograph.seen, {.max_pixels = kMostPixels});
  if (!decoded || decoded->facts.format != "PNG")
    return Refuse(where, fmt::format("not a PNG picture{}",
                                     decoded ? "" : fmt::format(" ({})", decoded.error().message)));
  const image::Image& image = decoded->image;
  if (image.width != image.height || (size_px > 0 && image.width != size_px))
    return Refuse(where, size_px > 0
                             ? fmt::format("{} x {} pixels, but the model sees {} x {}", image.width,
                                           image.height, size_px, size_px)
                             : fmt::format("{} x {} pixels are no square", image.width, image.height));
  return std::move(decoded->image);
}

Result<void> CheckPhotographs(const FieldFile& file, const PhoneRecord& record, const std::string& where) {
  if (!record.shots) return Refuse(where, "its record.json has no field test");
  std::set<int> named;
  for (const PhoneShot& shot : *record.shots) {
    if (shot.picture == 0) continue;
    named.insert(shot.picture);
    if (!file.photographs.contains(shot.picture))
      return Refuse(where, fmt::format("the photograph seen/{:03}.png of the shot of {} is missing",
                                       shot.picture, shot.at));
  }
  int size_px = 0;
  for (const auto& [number, photograph] : file.photographs) {
    if (!named.contains(number))
      return Refuse(where, fmt::format("no shot of record.json took the photograph {:03}", number));
    const std::string at = fmt::format("{}: seen/{:03}.png", where, number);
    HL_ASSIGN(const image::Image seen, SeenPixels(photograph, size_px, at));
    size_px = seen.width;
    const auto whole = image::Decode(photograph.whole, {.max_pixels = kMostPixels});
    if (!whole || whole->facts.format != "JPEG")
      return Refuse(where, fmt::format("whole/{:03}.jpg: not a JPEG picture{}", number,
                                       whole ? "" : fmt::format(" ({})", whole.error().message)));
  }
  return {};
}

}  // namespace handlens::verify
