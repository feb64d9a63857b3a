// Fuzz target: labels.csv from hostile bytes. Build with clang -fsanitize=fuzzer,address,undefined and the
// rooms dataset, image, pixels and base; nothing may crash, and every row kept must obey its own rules.
#include <cstdint>
#include <string_view>

#include "dataset/scan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace handlens;
  const auto table = dataset::ParseLabels({reinterpret_cast<const char*>(data), size}, "labels.csv");
  if (!table) return 0;
  for (const dataset::LabelRow& row : table->rows) {
    HL_CHECK(row.line >= 1 && !row.path.empty());
    HL_CHECK(dataset::IsUtf8(row.path) && dataset::IsUtf8(row.group));
    HL_CHECK(dataset::LabelProblem(row.label).empty());
  }
  for (const dataset::Rejected& rejected : table->rejected) HL_CHECK(dataset::IsUtf8(rejected.path));
  return 0;
}
