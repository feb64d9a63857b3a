// The model and what is known of it: a picture in, an answer out.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "image/image.h"
#include "pack.h"
#include "plan.h"

namespace handlens::device {

enum class Say { kSure, kNotSure, kRefer };  // kRefer: no class is to be named, whatever the best is
// "sure", "not-sure", "refer".
std::string_view WordOf(Say say);

// From app.json and pi.json of the pack.
struct Facts {
  std::string name, program, version_name;
  std::string model_file, model_sha256, input_type, notice;
  std::vector<std::string> labels;
  double not_sure_below = 0;
  double possible_from =
      0;  // classes that score this or more may be the right one; 0 = older files, which do not say
  std::optional<size_t> refer_class = {};  // the label that must not be missed
  double refer_from = 0;                   // scores of it at or above this are referred to an expert
  image::Fit fit = image::Fit::kCrop;
};

struct Answer {
  std::vector<float> scores;  // one a label
  size_t best = 0;
  bool sure = false;  // the best score reaches the model's threshold
  Say say = Say::kNotSure;
  std::vector<size_t>
      possible;               // where it is not sure: the classes that may be the right one, the best first
  size_t label = 0;           // what is said: the best, or the one that must not be missed
  double milliseconds = 0;    // of the model alone
  std::vector<uint8_t> seen;  // (side, side, 3): what the model got

  float score() const { return scores[label]; }
};

// How this processor multiplies best.
struct Kernels {
  std::string_view name;
  decltype(&hl_plan_classify) classify;
};
Kernels BestKernels();

class Engine {
 public:
  // Kind kBadInput when the model and its description do not belong together.
  static Result<std::unique_ptr<Engine>> Create(const Pack& pack);

  const Facts& facts() const { return facts_; }
  int side() const { return static_cast<int>(plan_->side); }
  // Whether the plan was made of the very model file that app.json names.
  bool model_intact() const {
    return std::string_view(plan_->model_sha256, sizeof plan_->model_sha256) == facts_.model_sha256;
  }

  std::string_view kernels() const { return kernels_.name; }

  // Not thread-safe.
  Answer Classify(const image::Image& picture);

 private:
  struct alignas(16) Line {
    uint8_t bytes[16];
  };
  Facts facts_;
  std::vector<Line> memory_, arena_;
  const hl_plan* plan_ = nullptr;
  Kernels kernels_ = BestKernels();
};

}  // namespace handlens::device
