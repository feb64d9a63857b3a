// What the paper reports of its own work by hand, to stand beside ours (section 3.4, for its 744 CT
// pictures).
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace handlens::report {

struct PaperStep {
  std::string_view title;
  std::vector<std::string_view>
      steps;             // ours that do this work; one that ends with "-" stands for all that begin so
  double low_s, high_s;  // 0 = not reported
  std::string_view words;
};

std::span<const PaperStep> PaperSteps();

// The paper's step that the step of ours is a part of; nullptr = none.
const PaperStep* PaperStepOf(std::string_view step);

}  // namespace handlens::report
