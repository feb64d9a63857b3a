// The ids of many trials: TrialId (train.h) for a search that names ten thousand of them in every process.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "train/train.h"

namespace handlens::train {

// Candidates are made of few architectures, generators and recipes; each is written out once. Not
// thread-safe.
class TrialIds {
 public:
  explicit TrialIds(std::string data_fingerprint) : data_(std::move(data_fingerprint)) {}

  // The same as TrialId(spec, data_fingerprint).
  std::string Of(const TrialSpec& spec);

 private:
  // Values with their canonical text, the last ones that were asked for.
  template <class T>
  using Texts = std::vector<std::pair<T, std::string>>;

  std::string data_;
  Texts<image::GeneratorSpec> generators_;
  Texts<Recipe> recipes_;
  Texts<nn::ModelSpec> architectures_;
  Texts<Start> starts_;
};

}  // namespace handlens::train
