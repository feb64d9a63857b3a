// What a trial leaves on disk and how it is read back: trial.json, predictions.safetensors, events.jsonl,
// state.bin.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "train/train.h"

namespace handlens::train {

// Everything that a stopped trial needs to go on bit for bit.
struct TrialState {
  std::vector<Epoch> epochs;  // those that are done
  int best_epoch = 0;
  double seconds = 0;
  nn::Weights network;  // weights and moments
  nn::Weights best;     // weights of best_epoch; empty when the recipe keeps the last
};
Result<void> WriteState(const std::filesystem::path& folder, const std::string& id, const TrialState& state);
// Nothing when there is none, or when it is of another trial or damaged: the trial then starts afresh.
std::optional<TrialState> ReadState(const std::filesystem::path& folder, const std::string& id);

// The line of one epoch in events.jsonl, epochs counted from 1.
std::string EventLine(int epoch, const Epoch& values, float learning_rate);

// predictions.safetensors, then trial.json.
Result<void> WriteTrial(const std::filesystem::path& folder, const TrialResult& result,
                        const nn::Weights& weights);

}  // namespace handlens::train
