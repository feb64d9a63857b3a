// The ids of many trials: TrialId (train.h) for a search that names ten thousand of them in every process.
#pragma once

#include <array>
#include <map>
#include <string>

#include "train/train.h"

namespace handlens::train {

// Trials of one candidate differ in fold and seed alone; the rest of their canonical text is written out
// once. Not thread-safe.
class TrialIds {
 public:
  explicit TrialIds(std::string data_fingerprint) : data_(std::move(data_fingerprint)) {}

  // The same as TrialId(spec, data_fingerprint), whatever `candidate` is; faster when the last spec of that
  // number was the same but for fold and seed.
  std::string Of(const TrialSpec& spec, size_t candidate);

 private:
  struct Text {
    TrialSpec spec;
    std::array<std::string, 3> parts;  // up to the fold, up to the seed, to the end
  };
  Text TextOf(const TrialSpec& spec) const;

  std::string data_;
  std::map<size_t, Text> texts_;  // by candidate
};

}  // namespace handlens::train
