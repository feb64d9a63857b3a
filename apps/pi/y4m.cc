// YUV4MPEG2: raw video in 4:2:0, as `ffmpeg -pix_fmt yuv420p NAME.y4m` writes it.
#include <charconv>
#include <fstream>
#include <memory>
#include <sstream>

#include "frames.h"

namespace handlens::device {
namespace {

constexpr int kMostSidePx = 8192;  // of any camera's video; the frame's memory is taken before it is read

struct Y4m {
  std::string path;
  std::ifstream file;
  int width = 0, height = 0;
  bool limited = true;  // what tools write unless they say XCOLORRANGE=FULL
  std::vector<uint8_t> bytes;

  size_t Luma() const { return static_cast<size_t>(width) * static_cast<size_t>(height); }
  size_t Chroma() const {
    return static_cast<size_t>((width + 1) / 2) * static_cast<size_t>((height + 1) / 2);
  }

  Result<std::optional<image::Image>> Next() {
    std::string line;
    if (StopRequested() || !std::getline(file, line)) return std::nullopt;
    if (!line.starts_with("FRAME"))
      return Fail(ErrorKind::kBadInput, "{}: no frame where one should begin", path);
    bytes.resize(Luma() + 2 * Chroma());
    if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()))) {
      return Fail(ErrorKind::kBadInput, "{}: ends within a frame", path);
    }
    if (limited) {
      ToFullRange(bytes.data(), Luma(), 1);
      ChromaToFullRange(bytes.data() + Luma(), 2 * Chroma(), 1);
    }
    const uint8_t* const u = bytes.data() + Luma();
    return FromYuv({bytes.data(), u, u + Chroma(), width, 1, (width + 1) / 2, 1, width, height});
  }
};

int Number(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? value : 0;
}

// "YUV4MPEG2 W640 H480 F25:1 C420jpeg XCOLORRANGE=FULL"; whether it can be read.
bool ReadHead(const std::string& head, Y4m& video) {
  std::istringstream words(head);
  std::string word;
  words >> word;
  bool known = word == "YUV4MPEG2";
  while (words >> word) {
    const std::string_view value = std::string_view(word).substr(1);
    if (word[0] == 'W') video.width = Number(value);
    if (word[0] == 'H') video.height = Number(value);
    if (word[0] == 'C')
      known = known && (value == "420" || value == "420jpeg" || value == "420mpeg2" || value == "420paldv");
    if (word == "XCOLORRANGE=FULL") video.limited = false;
  }
  return known && video.width > 0 && video.height > 0 && video.width <= kMostSidePx &&
         video.height <= kMostSidePx;
}

}  // namespace

Result<Frames> OpenY4m(const std::string& path) {
  auto video = std::make_shared<Y4m>();
  video->path = path;
  video->file.open(path, std::ios::binary);
  std::string head;
  if (!std::getline(video->file, head)) return Fail(ErrorKind::kBadInput, "{}: cannot be read", path);
  if (!ReadHead(head, *video))
    return Fail(ErrorKind::kBadInput,
                "{}: not a YUV4MPEG2 video in 4:2:0 with 8 bits; ffmpeg -pix_fmt yuv420p makes one", path);
  return Frames([video] { return video->Next(); });
}

}  // namespace handlens::device
