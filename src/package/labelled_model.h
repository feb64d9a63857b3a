// A model of describe's samples with the metadata that packing reads. For tests only.
#pragma once

#include <gtest/gtest.h>

#include "describe/describe.h"
#include "describe/sample_models.h"
#include "tflite/tflite.h"

namespace handlens::package {

// `description` may say when the model is not sure, and what it refers; the rest is set here.
inline Bytes WithLabels(const Bytes& model, const std::vector<std::string>& labels,
                        describe::Description description = {}) {
  description.name = "colours";
  description.size_px = describe::sample::kSizePx;
  description.labels = labels;
  if (description.referral) description.referral->wanted.label = labels[0];
  tflite::Metadata metadata;
  metadata.name = "colours";
  metadata.mean = {0};
  metadata.std = {255};
  metadata.min = {0};
  metadata.max = {1};
  metadata.labels = labels;
  metadata.preprocess_json = describe::PreprocessJson(description);
  const auto with = tflite::AddMetadata(model, metadata);
  EXPECT_TRUE(with) << with.error().message;
  return with.value_or(Bytes());
}

}  // namespace handlens::package
