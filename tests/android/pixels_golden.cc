// Runs the golden vectors of the pixel contract through `pixels` alone, freestanding but for reading two
// files: built for arm64 Linux and run under emulation, it proves the bytes of the phones' processor.
// Decoding is not here, it is not the contract's native part. Usage: pixels_golden VECTORS.BIN LINES, one
// vector a line as golden_lines.py writes it: kind, where the expected bytes are and how many, the count of
// numbers and the numbers, the count of inputs and where.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "pixels/pixels.h"

namespace {

using Bytes = std::vector<uint8_t>;

struct Vector {
  std::string kind;
  size_t expected_at = 0, expected_length = 0;
  std::vector<int> numbers;    // sizes, strides, the fit or the turn
  std::vector<size_t> places;  // where the inputs are
};

Vector Parse(const std::string& line) {
  std::istringstream in(line);
  Vector v;
  size_t numbers = 0, places = 0;
  in >> v.kind >> v.expected_at >> v.expected_length >> numbers;
  for (int n; v.numbers.size() < numbers && in >> n;) v.numbers.push_back(n);
  in >> places;
  for (size_t p; v.places.size() < places && in >> p;) v.places.push_back(p);
  return v;
}

int Compute(const Vector& v, const uint8_t* all, Bytes& out) {
  const auto& n = v.numbers;
  const uint8_t* const in = all + v.places.at(0);
  if (v.kind == "fit_resize") {
    std::vector<uint64_t> scratch(hl_fit_resize_scratch(n[0], n[1], n[2], n[3]) / 8 + 1);
    return hl_fit_resize(in, n[0], n[1], n[2], n[3], out.data(), scratch.data());
  }
  if (v.kind == "rotate") return hl_rotate(in, n[0], n[1], n[2], out.data());
  if (v.kind == "orient") return hl_orient(in, n[0], n[1], n[2], out.data());
  if (v.kind == "yuv") {
    const hl_yuv_frame frame{in,  all + v.places.at(1), all + v.places.at(2), n[0], n[1], n[2], n[3], n[4],
                             n[5]};
    return hl_yuv_to_rgb(&frame, out.data());
  }
  if (v.kind != "feed_float") return HL_BAD_ARGUMENT;
  std::vector<float> floats(out.size() / 4);
  hl_feed_float(in, floats.size(), floats.data());
  std::memcpy(out.data(), floats.data(), out.size());
  return HL_OK;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("usage: pixels_golden VECTORS.BIN LINES\n", stderr), 2;
  std::ifstream file(argv[1], std::ios::binary);
  const Bytes all{std::istreambuf_iterator<char>(file), {}};
  std::ifstream lines(argv[2]);
  int count = 0;
  long differing = 0;
  for (std::string line; std::getline(lines, line); ++count) {
    const Vector v = Parse(line);
    Bytes out(v.expected_length);
    if (v.expected_at + v.expected_length > all.size() || Compute(v, all.data(), out) != HL_OK) {
      std::printf("vector %d: not computed\n", count);
      return 1;
    }
    for (size_t i = 0; i < out.size(); ++i) differing += out[i] != all[v.expected_at + i];
  }
  std::printf("%d vectors, %ld differing bytes\n", count, differing);
  return differing == 0 && count > 0 ? 0 : 1;
}
