// Pictures a second of the training engine: forward, backward and update on one thread, or on so many where
// the network can share a batch's pictures among them (then by the clock, else by processor time).
//   bench_engine [--backend fast|reference] [--rounds N] [--threads N] [model:size:batch[:forward] ...]
// prints one JSON object a row, medians of interleaved rounds. With --serve it is a worker of
// bench/compare.py instead: one JSON object a line in, one a line out (compare.py says which).
#include <fmt/core.h>
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string_view>
#include <vector>

#include "row.h"

namespace handlens::nn {
namespace {

struct Options {
  Backend backend = Backend::kFast;
  int rounds = 9, threads = 1;
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
    } else if (arguments[i] == "--threads" && i + 1 < arguments.size()) {
      options.threads = std::max(1, Number(arguments[++i]));
    } else if (arguments[i] == "--serve") {
      options.mode = Options::Mode::kServe;
    } else {
      options.rows.push_back(arguments[i]);
    }
  }
  if (options.rows.empty()) {
    options.rows = {"m1:30:10",
                    "m1:50:10",
                    "m1:100:10",
                    "m1:100:32",
                    "m2:50:10",
                    "m2:100:10",
                    "m4:100:10",
                    "m4:100:32",
                    "nano24:64:32",
                    "nano8:64:32",
                    "f4n8:100:10",
                    "mobilenetv2-0.35:96:10",
                    "lite0:128:16",
                    "lite0:224:16",
                    "lite0:128:16:forward",
                    "lite0:224:16:forward"};
  }
  return options;
}

const char* TaskName(Task task) { return task == Task::kForward ? "forward" : "step"; }

void Print(Row& row, std::string_view backend) {
  std::sort(row.seconds.begin(), row.seconds.end());
  const double n = row.batch, median = row.seconds[row.seconds.size() / 2];
  fmt::print(
      "{{\"backend\": \"{}\", \"model\": \"{}\", \"size_px\": {}, \"batch\": {}, \"task\": \"{}\", "
      "\"pictures_per_s\": {:.1f}, "
      "\"best\": {:.1f}, \"worst\": {:.1f}}}\n",
      backend, row.model, row.size_px, row.batch, TaskName(row.task), n / median, n / row.seconds.front(),
      n / row.seconds.back());
}

int Table(const Options& options) {
  std::vector<Row> rows;
  for (const std::string_view text : options.rows) {
    Result<Row> row = MakeRow(text, options.backend);
    if (!row) {
      fmt::print(stderr, "{}\n", row.error().message);
      return static_cast<int>(row.error().kind);
    }
    if (const auto used = row->network->UseThreads(options.threads); !used) {
      fmt::print(stderr, "{}\n", used.error().message);
      return static_cast<int>(used.error().kind);
    }
    rows.push_back(std::move(*row));
  }
  double (*const clock)() = options.threads > 1 ? WallNow : Now;
  for (Row& row : rows) Round(row, clock);  // warm-up
  for (Row& row : rows) row.seconds.clear();
  for (int r = 0; r < options.rounds; ++r) {
    for (Row& row : rows) Round(row, clock);
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
  return {{"pictures", pictures},
          {"cpu_s", Now() - cpu},
          {"wall_s", WallNow() - wall},
          {"resident_mb", static_cast<double>(usage.ru_maxrss) / 1000}};
}

// {"make": "m1:100:10"} gives the row's description; {"seconds": s} trains it for that long.
Result<Json> Answer(const Json& request, Row& row, Backend backend) {
  if (!request.contains("make")) {
    if (!row.network) return Fail(ErrorKind::kUsage, "request: make a row first");
    return Timed(row, request.value("seconds", 0.2));
  }
  row = {};  // its memory first
  HL_ASSIGN(row, MakeRow(request.value("make", std::string()), backend));
  Step(row);
  HL_ASSIGN(const ModelCost cost, Cost(row.spec, row.batch));
  return Json{{"model", ToJson(row.spec)},
              {"batch", row.batch},
              {"task", TaskName(row.task)},
              {"multiply_adds", cost.multiply_adds},
              {"optimizer", UsesMomentum(row.model) ? "nesterov" : "sgd"},
              {"rate", 0.01}};
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
