// Whatever bytes come as a compiled manifest, in an APK's form and in an AAB's: editing it ends with bytes
// that hold the new words, or with an error.
#include <algorithm>

#include "fuzz.h"
#include "package/android/binary_xml.h"
#include "package/android/proto.h"

namespace {

using namespace handlens;
using namespace handlens::package;

const fuzz::Seeds& SomeManifests() {
  static const fuzz::Seeds seeds = {fuzz::SourceFile("src/package/testdata/manifest.axml"),
                                    fuzz::SourceFile("src/package/testdata/manifest.pb")};
  return seeds;
}

const ManifestEdit& SomeEdit() {
  static const ManifestEdit edit = {.strings = {{"handlens.placeholder.id", "org.example.leaves"},
                                                {"handlens placeholder label", "Blätter"}},
                                    .integers = {{0x0101021b, 77}}};
  return edit;
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return fuzz::MutateBytes({data, size, max_size, seed}, SomeManifests());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  if (const auto strings = BinaryXmlStrings(bytes)) {
    const auto same = EditBinaryXml(bytes, {});
    HL_CHECK(!same || BinaryXmlStrings(*same).has_value());
  }
  if (const auto edited = EditBinaryXml(bytes, SomeEdit())) {
    const auto strings = BinaryXmlStrings(*edited);
    HL_CHECK(strings.has_value());
    HL_CHECK(std::find(strings->begin(), strings->end(), "Blätter") != strings->end());
  }
  if (const auto same = EditProtoXml(bytes, {})) HL_CHECK(EditProtoXml(*same, {}).value() == *same);
  (void)EditProtoXml(bytes, SomeEdit());
  return 0;
}
