// Proves on this very device that the program sees and scores as the computer did: golden vectors of the
// pixel contract, then the held-out pictures that came along.
#pragma once

#include <string>
#include <vector>

#include "engine.h"

namespace handlens::device {

struct Golden {
  size_t count = 0, equal = 0,
         within_bound = 0;          // within: JPEG files, whose decoder may differ by a few levels
  size_t differing_bytes = 0;       // of vectors that must be equal
  int largest_jpeg_difference = 0;  // levels
  std::vector<std::string> failed;

  bool passed() const { return failed.empty() && count > 0; }
};
Result<Golden> RunGolden(const Pack& pack);

// One held-out picture.
struct Held {
  Json row;                  // of check.json
  bool input_equal = false;  // the model got the computer's bytes
  bool bits_equal = false;   // the scores are the computer's to the last bit
  bool right = false;
  std::vector<float> scores;
};

struct SelfCheck {
  Golden golden;
  bool model_intact = false;
  Json file;  // check.json
  std::vector<Held> pictures;

  bool passed() const;
};
Result<SelfCheck> RunSelfCheck(const Pack& pack, Engine& engine);

// For people, in lines.
std::string Words(const SelfCheck& check);

}  // namespace handlens::device
