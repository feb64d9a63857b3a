// oneDNN by itself as an opponent of bench/compare.py: the same layers, forward, backward and update, with
// the layouts that the library chooses, ReLU fused into convolutions, dense layers and batch norms. One JSON
// object a line in, one a line out, as bench/worker.py describes. Dropout is left out, which can only make it
// faster. What does not live here: anything of handlens' engine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <memory>

#include "onednn_net.h"

namespace {

double WallNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double ProcessorNow() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// The fastest of the six layouts in three steps after two to warm up.
DenseLayout BestLayout(const Json& row) {
  using Order = DenseLayout::Order;
  DenseLayout best;
  double least = 1e9;
  for (const bool flat : {false, true}) {
    for (const Order order : {Order::kFree, Order::kOutputsFirst, Order::kOutputsLast}) {
      Net net(row, {flat, order});
      double start = 0;
      for (int step = 0; step < 5; ++step) {
        if (step == 2) start = ProcessorNow();
        net.Train();
      }
      const double seconds = ProcessorNow() - start;
      if (seconds >= least) continue;
      least = seconds;
      best = {flat, order};
    }
  }
  return best;
}

Json Answer(const Json& request, std::unique_ptr<Net>& net) {
  if (request.contains("make")) {
    net.reset();
    net = std::make_unique<Net>(request.at("make"), BestLayout(request.at("make")));
    net->Train();
    return Json::object();
  }
  const double seconds = request.at("seconds"), cpu = ProcessorNow(), wall = WallNow();
  int pictures = 0;
  while (pictures == 0 || WallNow() - wall < seconds) {
    net->Train();
    pictures += net->batch();
  }
  return {{"pictures", pictures}, {"cpu_s", ProcessorNow() - cpu}, {"wall_s", WallNow() - wall}};
}

}  // namespace

int main() {
  std::unique_ptr<Net> net;
  for (std::string line; std::getline(std::cin, line);) {
    Json answer;
    try {
      answer = Answer(Json::parse(line), net);
    } catch (const std::exception& error) {
      answer = {{"error", error.what()}};
    }
    std::cout << answer.dump() << std::endl;
  }
}
