// Backgrounds: twelve built-in textures, made from noise and shapes alone, and the pictures of a folder.
#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "image/camera/camera_parts.h"

namespace handlens::image {
namespace {

namespace fs = std::filesystem;

constexpr int kTilePx = 256, kOwnPx = 512;
constexpr uint64_t kSeed = 20;  // no other purpose draws from the key (20, "backdrop")

Float4 Colour(Rng& rng, float low, float high) {
  return Float4{rng.Uniform(low, high), rng.Uniform(low, high), rng.Uniform(low, high), 0};
}

// Smooth noise in 0..1 that repeats after kTilePx: a lattice of `cells_x` x `cells_y` random values,
// interpolated.
class Noise {
 public:
  Noise(int cells_x, int cells_y, Rng& rng)
      : x_(cells_x), y_(cells_y), values_(static_cast<size_t>(cells_x * cells_y)) {
    for (float& value : values_) value = rng.Uniform();
  }
  float At(int x, int y) const {
    const float u = static_cast<float>(x * x_) / kTilePx, v = static_cast<float>(y * y_) / kTilePx;
    const int left = static_cast<int>(u), top = static_cast<int>(v);
    const float fu = Ease(u - static_cast<float>(left)), fv = Ease(v - static_cast<float>(top));
    const float upper = Value(left, top) + fu * (Value(left + 1, top) - Value(left, top));
    const float lower = Value(left, top + 1) + fu * (Value(left + 1, top + 1) - Value(left, top + 1));
    return upper + fv * (lower - upper);
  }

 private:
  static float Ease(float t) { return t * t * (3 - 2 * t); }
  float Value(int x, int y) const { return values_[static_cast<size_t>(y % y_ * x_ + x % x_)]; }
  int x_, y_;
  std::vector<float> values_;
};

// Octaves of noise, each half as strong as the one before. `stretch` makes grain that runs along y.
std::vector<float> Octaves(int cells, int stretch, Rng& rng) {
  std::vector<float> sum(static_cast<size_t>(kTilePx) * kTilePx, 0);
  float strength = 0.5f, total = 0;
  for (int octave = 0; octave < 4 && cells <= kTilePx; ++octave, cells *= 2, strength /= 2) {
    const Noise noise(cells, std::max(1, cells / stretch), rng);
    total += strength;
    for (int y = 0; y < kTilePx; ++y) {
      for (int x = 0; x < kTilePx; ++x)
        sum[static_cast<size_t>(y * kTilePx + x)] += strength * noise.At(x, y);
    }
  }
  for (float& value : sum) value /= total;
  return sum;
}

using Tile = std::vector<Float4>;

Tile Blend(const std::vector<float>& share, Float4 low, Float4 high) {
  Tile tile(share.size());
  for (size_t i = 0; i < share.size(); ++i)
    tile[i] = low + Splat(std::clamp(1.8f * share[i] - 0.4f, 0.0f, 1.0f)) * (high - low);
  return tile;
}

Tile Plaster(Rng& rng) {
  return Blend(Octaves(16, 1, rng), Colour(rng, 0.3f, 0.5f), Colour(rng, 0.5f, 0.8f));
}
Tile Wood(Rng& rng) {
  return Blend(Octaves(16, 16, rng), Float4{0.1f, 0.05f, 0.02f, 0}, Float4{0.55f, 0.3f, 0.15f, 0});
}
Tile Stone(Rng& rng) {
  return Blend(Octaves(64, 1, rng), Colour(rng, 0.02f, 0.15f), Colour(rng, 0.4f, 0.8f));
}

Tile Cloth(Rng& rng) {
  std::vector<float> share = Octaves(8, 1, rng);
  for (int y = 0; y < kTilePx; ++y) {
    for (int x = 0; x < kTilePx; ++x) {
      const int thread = (x / 4 + y / 4) % 2 == 0 ? x % 4 : y % 4;
      float& value = share[static_cast<size_t>(y * kTilePx + x)];
      value = 0.3f * value + 0.15f * static_cast<float>(std::min(thread, 3 - thread) + 1) +
              (y / 32 % 2 == 0 ? 0.2f : 0.0f);
    }
  }
  return Blend(share, Colour(rng, 0.0f, 0.2f), Colour(rng, 0.3f, 0.9f));
}

Tile Tiles(Rng& rng) {
  Tile tile(static_cast<size_t>(kTilePx) * kTilePx);
  const Float4 joint = Colour(rng, 0.02f, 0.2f);
  std::array<Float4, 32> bricks{};
  for (Float4& brick : bricks) brick = Colour(rng, 0.15f, 0.6f);
  for (int y = 0; y < kTilePx; ++y) {
    const int row = y / 32, shift = row % 2 * 32;
    for (int x = 0; x < kTilePx; ++x) {
      const int along = (x + shift) % kTilePx;
      const bool gap = y % 32 < 3 || along % 64 < 3;
      tile[static_cast<size_t>(y * kTilePx + x)] =
          gap ? joint : bricks[static_cast<size_t>(row * 4 + along / 64)];
    }
  }
  return tile;
}

// A shape with a soft light from one side: an ellipse or a box, turned, wrapped around the tile.
void AddShape(Tile& tile, float longest_px, Rng& rng) {
  const float a = rng.Uniform(0.2f, 1.0f) * longest_px, b = rng.Uniform(0.15f, 1.0f) * a;
  const float centre_x = rng.Uniform(0.0f, kTilePx), centre_y = rng.Uniform(0.0f, kTilePx);
  float dx = rng.Uniform(-1.0f, 1.0f), dy = rng.Uniform(-1.0f, 1.0f);
  const float length = std::sqrt(dx * dx + dy * dy) + 1e-3f;
  dx /= length;
  dy /= length;
  const bool round = rng.Chance(0.6f);
  // Squared: things are dark and hardly coloured more often than not.
  const Float4 drawn = Colour(rng, 0.1f, 1.0f), colour = drawn * drawn;
  const int reach = static_cast<int>(a) + 2;
  for (int j = -reach; j <= reach; ++j) {
    for (int i = -reach; i <= reach; ++i) {
      const auto x = static_cast<float>(i), y = static_cast<float>(j);
      const float u = (x * dx + y * dy) / a, v = (y * dx - x * dy) / b;
      const float edge = round ? u * u + v * v : std::max(u * u, v * v);
      if (edge > 1) continue;
      const int at_x = (static_cast<int>(centre_x) + i) & (kTilePx - 1),
                at_y = (static_cast<int>(centre_y) + j) & (kTilePx - 1);
      tile[static_cast<size_t>(at_y * kTilePx + at_x)] = colour * Splat(0.75f + 0.35f * v - 0.2f * edge);
    }
  }
}

Tile Heap(int shapes, float longest_px, Rng& rng) {
  Tile tile(static_cast<size_t>(kTilePx) * kTilePx, Colour(rng, 0.02f, 0.5f));
  for (int i = 0; i < shapes; ++i) AddShape(tile, longest_px, rng);
  for (Float4& pixel : tile) {
    for (int c = 0; c < 3; ++c) pixel[c] = std::clamp(pixel[c], 0.0f, 1.0f);
  }
  return tile;
}

std::shared_ptr<const Backdrops::Picture> Finish(int side, Tile pixels) {
  auto picture = std::make_shared<Backdrops::Picture>();
  picture->side = side;
  double sum[3] = {};
  for (const Float4& pixel : pixels) {
    for (int c = 0; c < 3; ++c) sum[c] += static_cast<double>(pixel[c]);
  }
  for (int c = 0; c < 3; ++c)
    picture->mean[c] = static_cast<float>(sum[c] / static_cast<double>(pixels.size()));
  picture->pixels = std::move(pixels);
  return picture;
}

std::shared_ptr<const Backdrops::Picture> OwnPicture(const std::vector<uint8_t>& rgb) {
  const auto& levels = LinearLevels();
  Tile pixels(rgb.size() / 3);
  for (size_t i = 0; i < pixels.size(); ++i)
    pixels[i] = Float4{levels[rgb[3 * i]], levels[rgb[3 * i + 1]], levels[rgb[3 * i + 2]], 0};
  return Finish(kOwnPx, std::move(pixels));
}

}  // namespace

const Backdrops& Backdrops::BuiltIn() {
  static const Backdrops built_in = [] {
    Backdrops made;
    const auto add = [&](Tile (*make)(Rng&)) {
      Rng rng(kSeed, "backdrop", {made.pictures_.size()});
      made.pictures_.push_back(Finish(kTilePx, make(rng)));
    };
    for (Tile (*make)(Rng&) : {Plaster, Wood, Stone, Cloth, Tiles, Cloth}) add(make);
    // Gravel, then larger things.
    add([](Rng& rng) { return Heap(2500, 14, rng); });
    for (int i = 0; i < 2; ++i) add([](Rng& rng) { return Heap(700, 26, rng); });
    for (int i = 0; i < 2; ++i) add([](Rng& rng) { return Heap(250, 50, rng); });
    add([](Rng& rng) { return Heap(80, 90, rng); });
    return made;
  }();
  return built_in;
}

Result<Backdrops> Backdrops::FromFolder(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->is_regular_file(error) && !entry->path().filename().string().starts_with("."))
      files.push_back(entry->path());
  }
  if (error)
    return Fail(ErrorKind::kBadInput, "{}: no folder of backgrounds that can be read: {}", folder.string(),
                error.message());
  if (files.empty())
    return Fail(ErrorKind::kBadInput,
                "{}: no picture in it; --backgrounds wants a folder of photographs without the subject",
                folder.string());
  std::sort(files.begin(), files.end());
  Backdrops own;
  own.found_ = files.size();
  const size_t count = std::min(files.size(), kMostPictures);
  std::string troubles, hashes;
  for (size_t i = 0; i < count; ++i) {
    const auto decoded = DecodeFile(files[i * files.size() / count]);
    if (!decoded) {
      troubles += "\n  " + decoded.error().message;
      continue;
    }
    const std::vector<uint8_t> rgb = ModelInput(decoded->image, kOwnPx, Fit::kCrop);
    hashes += Sha256(rgb);
    own.pictures_.push_back(OwnPicture(rgb));
  }
  if (!troubles.empty())
    return Fail(ErrorKind::kBadInput, "{}: pictures of the backgrounds cannot be read; take them out:{}",
                folder.string(), troubles);
  own.id_ = Sha256(hashes).substr(0, 16);
  return own;
}

}  // namespace handlens::image
