// Random numbers that depend on what they are for, never on when they are drawn: a generator is keyed by a
// seed, a purpose and ids (trial, epoch, picture), so any thread, order or resumption draws the same numbers.
// Counter-based: value i of a key is Mix(key + i * golden), the SplitMix64 finaliser of Steele, Lea and Flood
// (2014). Only integers and exact float operations are used, so every processor gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <utility>

namespace handlens {

class Rng {
 public:
  // Purpose is a short constant such as "split" or "dropout"; ids in a fixed order of the caller's.
  Rng(uint64_t seed, std::string_view purpose, std::initializer_list<uint64_t> ids = {});

  uint64_t Next();
  // Uniform in [0, 1): 24 bits, exact.
  float Uniform();
  // Uniform in [low, high).
  float Uniform(float low, float high) { return low + (high - low) * Uniform(); }
  // Uniform integer in [0, bound), bound >= 1, without bias (Lemire 2019).
  uint32_t Below(uint32_t bound);
  // Approximately standard normal: the sum of twelve uniforms less six. Tails end at 6; enough for noise and
  // initial weights, and free of log and cos, whose last bits differ between C libraries.
  float Normal();
  bool Chance(float probability) { return Uniform() < probability; }

  // Fisher-Yates.
  template <class T>
  void Shuffle(std::span<T> values) {
    for (size_t i = values.size(); i > 1; --i)
      std::swap(values[i - 1], values[Below(static_cast<uint32_t>(i))]);
  }

 private:
  uint64_t key_;
  uint64_t counter_ = 0;
};

}  // namespace handlens
