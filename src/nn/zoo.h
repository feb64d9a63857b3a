// The zoo: models that have a name. The paper's, with its tables; its code's Dropout variants; our default
// family.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "nn/nn.h"

namespace handlens::nn {

struct ZooEntry {
  std::string name;         // what users write: "m1", "nano24"
  std::string description;  // one line, with its source
  int min_size_px = 30;     // smaller inputs do not fit through its layers
  bool paper = false;
};

// Every named model: m1d1 (Table 9), m1 (Table 11), m2 (Table 13), m4 (Table 12), each also as
// "<name>-dropout" (Dropout 0.2 after the convolutions' pools as in the authors' code), nano8, nano16,
// nano24, nano32 (docs/models.md), mobilenetv2-0.35 and mobilenetv2-1.0 from scratch. "f<filters>n<neurons>"
// is m1 with other widths, for `reduce`.
std::vector<ZooEntry> Zoo();

// Kind kUsage: unknown name, with the nearest right one; a size too small for the model.
Result<ModelSpec> NamedModel(std::string_view name, int size_px, int classes);

}  // namespace handlens::nn
