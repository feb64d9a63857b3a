// One training on pictures that exist in memory only: discs and rings, drawn here. train_from_memory FOLDER
#include <handlens/handlens.h>

#include <cmath>
#include <cstdio>
#include <random>

// A disc (0) or a ring (1) somewhere on a noisy ground.
void Draw(handlens::MemoryPictures& pictures, int label, std::mt19937& random) {
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<unsigned>(n)); };
  const int size = pictures.size_px, x0 = size / 2 + below(9) - 4, y0 = size / 2 + below(9) - 4;
  const double outer = 7 + below(4), inner = label == 1 ? outer - 3 : 0;
  for (int i = 0; i < size * size; ++i) {
    const double distance = std::hypot(i % size - x0, i / size - y0);
    const int ground = distance < outer && distance >= inner ? 170 : 70;
    for (int c = 0; c < 3; ++c) pictures.rgb.push_back(static_cast<std::uint8_t>(ground + below(60)));
  }
  pictures.label_of.push_back(label);
}

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  handlens::MemoryPictures pictures{.size_px = 32, .labels = {"disc", "ring"}};
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) Draw(pictures, i % 2, random);
  handlens::TrainRequest request{.model = "nano8", .epochs = 20, .folder = argv[1]};
  const auto result = handlens::TrainPixels(pictures, request, handlens::SilentProgress());
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    return static_cast<int>(result.error().kind);
  }
  std::printf("%d of %d right: %s\n", result->accuracy.correct, result->accuracy.n,
              result->model_file.c_str());
}
