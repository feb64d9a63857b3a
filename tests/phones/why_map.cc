// The program's own map of why a model answered, for the tests of the apps to compare theirs with.
// Usage: why_map MODEL.tflite PICTURE LABEL: a line of JSON, kWhyCells x kWhyCells drops of the score of
// label number LABEL. PICTURE has the model's size. Not for the program.
#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "image/image.h"
#include "verify/routes/occlusion.h"

int main(int argc, char** argv) {
  using namespace handlens;
  if (argc != 4) return 2;
  const auto model = ReadFile(argv[1]);
  const auto picture = image::DecodeFile(argv[2]);
  if (!model || !picture) return 1;
  const auto judge = tflite::Judge::Load(*model, tflite::Kernels::kXnnpack);
  if (!judge) {
    fmt::print(stderr, "{}\n", judge.error().message);
    return 1;
  }
  const auto scores = verify::CoveredScores(**judge, picture->image.rgb, picture->image.width,
                                            static_cast<size_t>(std::atoi(argv[3])));
  if (!scores) return 1;
  Json drops = Json::array();
  for (size_t i = 1; i < scores->size(); ++i) drops.push_back((*scores)[0] - (*scores)[i]);
  fmt::print("{}\n", drops.dump());
  return 0;
}
