// A network with a batch to train it on, as the engine's benchmarks name it: model:size:batch, or
// model:size:batch:forward for scores alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nn/nn.h"

namespace handlens::nn {

enum class Task { kStep, kForward };

struct Row {
  std::string model;
  Task task = Task::kStep;
  int size_px = 0, batch = 0;
  ModelSpec spec;
  std::unique_ptr<Network> network;
  std::vector<float> inputs;
  std::vector<int> labels;
  std::vector<float> scores;
  std::vector<double> seconds;
  uint64_t step = 0;
};

int Number(std::string_view text);  // 0 where there is none
bool UsesMomentum(std::string_view model);
Result<Row> MakeRow(std::string_view text, Backend backend);

void Step(Row& row);
// A round lasts at least 0.1 s of steps by this clock; adds the seconds of one.
void Round(Row& row, double (*clock)());

// Processor time of the program: where it has one thread, other programs on the machine then count little.
double Now();
double WallNow();

}  // namespace handlens::nn
