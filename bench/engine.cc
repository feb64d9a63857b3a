// Pictures a second of the training engine: forward, backward and update on one thread.
//   bench_engine [--backend fast|reference] [--rounds N] [model:size:batch ...]
// prints one JSON object a row, medians of interleaved rounds. With --serve it is a worker of bench/compare.py instead:
// one JSON object a line in, one a line out (compare.py says which).
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <string_view>
#include <vector>

#include "base/rng.h"
#include "nn/zoo.h"

namespace handlens::nn {
namespace {

struct Row {
  std::string model;
  int size_px = 0, batch = 0;
  ModelSpec spec;
  std::unique_ptr<Network> network;
  std::vector<float> inputs;
  std::vector<int> labels;
  std::vector<double> seconds;
  uint64_t step = 0;
};

// The paper's tasks have two classes, those of its largest model nine; the others' benchmarks ten.
int ClassesOf(std::string_view model) { return model.starts_with("m4") ? 9 : model.starts_with("mobilenet") ? 10 : 2; }

bool UsesMomentum(std::string_view model) { return model.starts_with("nano"); }

// Processor time of the program, which has one thread: other programs on the machine then count little.
double Now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
double WallNow() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

void Step(Row& row) { row.network->TrainStep({row.inputs, row.labels, {}, 0}, 0.01f, {1, row.step++}); }

// A round lasts at least 0.1 s of steps.
void Round(Row& row) {
  const double start = Now();
  int steps = 0;
  while (steps == 0 || Now() - start < 0.1) {
    Step(row);
    ++steps;
  }
  row.seconds.push_back((Now() - start) / steps);
}

int Number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Result<Row> MakeRow(std::string_view text, Backend backend) {
  const size_t a = text.find(':'), b = text.rfind(':');
  if (a == std::string_view::npos || a == b) return Fail(ErrorKind::kUsage, "{}: write model:size:batch, as in m1:100:10", text);
  Row row;
  row.model = text.substr(0, a);
  row.size_px = Number(text.substr(a + 1, b - a - 1));
  row.batch = Number(text.substr(b + 1));
  HL_ASSIGN(row.spec, NamedModel(row.model, row.size_px, ClassesOf(row.model)));
  Optimizer optimizer;
  if (UsesMomentum(row.model)) optimizer = {.kind = OptimizerKind::kMomentum, .nesterov = true, .weight_decay = 5e-4f};
  HL_ASSIGN(row.network, Network::Create(row.spec, row.batch, optimizer, backend));
  row.network->Initialize(1);
  Rng rng(1, "bench");
  row.inputs.resize(static_cast<size_t>(row.batch) * static_cast<size_t>(row.size_px) * static_cast<size_t>(row.size_px) * 3);
  for (float& v : row.inputs) v = rng.Uniform();
  for (int i = 0; i < row.batch; ++i) row.labels.push_back(i % row.spec.classes);
  return row;
}

struct Options {
  Backend backend = Backend::kFast;
  int rounds = 9;
  enum class Mode { kTable, kServe } mode = Mode::kTable;
  std::vector<std::string_view> rows;
};

Options Parse(const std::vector<std::string_view>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--backend" && i + 1 < arguments.size()) {
      options.backend = arguments[++i] == "reference" ? Backend::kReference : Backend::kFast;
    } else if (arguments[i] == "--rounds" && i + 1 < arguments.size()) {
      options.rounds = std::max(1, Number(arguments[++i]));
    } else if (arguments[i] == "--serve") {
      options.mode = Options::Mode::kServe;
    } else {
      options.rows.push_back(arguments[i]);
    }
  }
  if (options.rows.empty()) {
    options.rows = {"m1:30:10", "m1:50:10", "m1:100:10", "m1:100:32", "m2:50:10", "m2:100:10", "m4:100:10", "m4:100:32",
                    "nano24:64:32", "nano8:64:32", "f4n8:100:10", "mobilenetv2-0.35:96:10"};
  }
  return options;
}

void Print(Row& row, std::string_view backend) {
  std::sort(row.seconds.begin(), row.seconds.end());
  const double n = row.batch, median = row.seconds[row.seconds.size() / 2];
  fmt::print("{{\"backend\": \"{}\", \"model\": \"{}\", \"size_px\": {}, \"batch\": {}, \"pictures_per_s\": {:.1f}, "
             "\"best\": {:.1f}, \"worst\": {:.1f}}}\n",
             backend, row.model, row.size_px, row.batch, n / median, n / row.seconds.front(), n / row.seconds.back());
}

int Table(const Options& options) {
  std::vector<Row> rows;
  for (const std::string_view text : options.rows) {
    Result<Row> row = MakeRow(text, options.backend);
    if (!row) {
      fmt::print(stderr, "{}\n", row.error().message);
      return static_cast<int>(row.error().kind);
    }
    rows.push_back(std::move(*row));
  }
  for (Row& row : rows) Round(row);   // warm-up
  for (Row& row : rows) row.seconds.clear();
  for (int r = 0; r < options.rounds; ++r) {
    for (Row& row : rows) Round(row);
  }
  for (Row& row : rows) Print(row, options.backend == Backend::kFast ? "fast" : "reference");
  return 0;
}

Json Timed(Row& row, double seconds) {
  const double cpu = Now(), wall = WallNow();
  int pictures = 0;
  while (pictures == 0 || WallNow() - wall < seconds) {
    Step(row);
    pictures += row.batch;
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {{"pictures", pictures}, {"cpu_s", Now() - cpu}, {"wall_s", WallNow() - wall},
          {"resident_mb", static_cast<double>(usage.ru_maxrss) / 1000}};
}

// {"make": "m1:100:10"} gives the row's description; {"seconds": s} trains it for that long.
Result<Json> Answer(const Json& request, Row& row, Backend backend) {
  if (!request.contains("make")) {
    if (!row.network) return Fail(ErrorKind::kUsage, "request: make a row first");
    return Timed(row, request.value("seconds", 0.2));
  }
  row = {};   // its memory first
  HL_ASSIGN(row, MakeRow(request.value("make", std::string()), backend));
  Step(row);
  HL_ASSIGN(const ModelCost cost, Cost(row.spec, row.batch));
  return Json{{"model", ToJson(row.spec)}, {"batch", row.batch}, {"multiply_adds", cost.multiply_adds},
              {"optimizer", UsesMomentum(row.model) ? "nesterov" : "sgd"}, {"rate", 0.01}};
}

int Serve(const Options& options) {
  Row row;
  for (std::string line; std::getline(std::cin, line);) {
    const Result<Json> answer = ParseJson(line, "request").and_then([&](const Json& request) {
      return Answer(request, row, options.backend);
    });
    fmt::print("{}\n", answer ? answer->dump() : Json{{"error", answer.error().message}}.dump());
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace handlens::nn

int main(int argc, char** argv) {
  using namespace handlens::nn;
  const Options options = Parse({argv + 1, argv + argc});
  return options.mode == Options::Mode::kServe ? Serve(options) : Table(options);
}
