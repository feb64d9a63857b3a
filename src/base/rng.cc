#include "base/rng.h"

namespace handlens {
namespace {

constexpr uint64_t kGolden = 0x9e3779b97f4a7c15u;

uint64_t Mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

Rng::Rng(uint64_t seed, std::string_view purpose, std::initializer_list<uint64_t> ids)
    : key_(Mix(seed + kGolden)) {
  for (const char c : purpose) key_ = Mix(key_ ^ static_cast<unsigned char>(c)) + kGolden;
  for (const uint64_t id : ids) key_ = Mix(key_ ^ Mix(id + kGolden)) + kGolden;
}

uint64_t Rng::Next() { return Mix(key_ + ++counter_ * kGolden); }

float Rng::Uniform() { return static_cast<float>(Next() >> 40) * 0x1p-24f; }

uint32_t Rng::Below(uint32_t bound) {
  uint64_t product = (Next() >> 32) * bound;
  auto low = static_cast<uint32_t>(product);
  if (low < bound) {
    const uint32_t threshold = (0u - bound) % bound;
    while (low < threshold) {
      product = (Next() >> 32) * bound;
      low = static_cast<uint32_t>(product);
    }
  }
  return static_cast<uint32_t>(product >> 32);
}

float Rng::Normal() {
  float sum = -6.0f;
  for (int i = 0; i < 12; ++i) sum += Uniform();
  return sum;
}

}  // namespace handlens
