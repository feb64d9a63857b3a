// Claims about manifests as protocol buffers: the words change and nothing else; damaged bytes are refused.
#include "package/android/proto.h"

#include <gtest/gtest.h>

#include <string>

#include "base/rng.h"

namespace handlens::package {
namespace {

// Made by `aapt2 convert --output-format proto` from testdata/manifest.axml.
Bytes ProtoManifest() { return ReadFile(HANDLENS_SOURCE_DIR "/src/package/testdata/manifest.pb").value(); }

std::string Text(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }
size_t CountOf(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(ProtoXml, NothingToChangeChangesNoByte) {
  EXPECT_EQ(EditProtoXml(ProtoManifest(), {}).value(), ProtoManifest());
}

TEST(ProtoXml, ReplacesTheIdAndWhatIsMadeFromIt) {
  const std::string name =
      "org.example." + std::string(200, 'x');  // lengths of two bytes, on the way in and out
  ManifestEdit edit;
  edit.strings = {{"handlens.placeholder.id", name}};
  const std::string edited = Text(EditProtoXml(ProtoManifest(), edit).value());
  EXPECT_EQ(CountOf(edited, "handlens.placeholder.id"), 0u);
  EXPECT_EQ(CountOf(edited, name), CountOf(Text(ProtoManifest()), "handlens.placeholder.id"));
  EXPECT_EQ(CountOf(edited, name + ".files"), 1u);
  ManifestEdit back;
  back.strings = {{name, "handlens.placeholder.id"}};
  EXPECT_EQ(EditProtoXml(Bytes(edited.begin(), edited.end()), back).value(), ProtoManifest());
}

TEST(ProtoXml, SetsIntegersByTheAttributesId) {
  constexpr uint32_t kVersionCode = 0x0101021b;
  ManifestEdit edit;
  edit.integers = {{kVersionCode, 300}};
  const Bytes edited = EditProtoXml(ProtoManifest(), edit).value();
  EXPECT_NE(edited, ProtoManifest());
  edit.integers = {{kVersionCode, 1}};
  EXPECT_EQ(EditProtoXml(edited, edit).value(), EditProtoXml(ProtoManifest(), edit).value());
}

TEST(ProtoXml, SaysWhatATemplateLacks) {
  ManifestEdit edit;
  edit.strings = {{"no such words", "x"}};
  EXPECT_EQ(EditProtoXml(ProtoManifest(), edit).error().kind, ErrorKind::kInternal);
  edit = {};
  edit.integers = {{0x01010000, 1}};
  EXPECT_EQ(EditProtoXml(ProtoManifest(), edit).error().kind, ErrorKind::kInternal);
}

TEST(ProtoXml, RefusesOrReadsWhateverTheBytes) {
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Rng rng(seed, "proto", {});
    Bytes bytes = ProtoManifest();
    for (int i = 0; i < 3; ++i)
      bytes[rng.Below(static_cast<uint32_t>(bytes.size()))] = static_cast<uint8_t>(rng.Below(256));
    bytes.resize(rng.Below(static_cast<uint32_t>(bytes.size())) + 1);
    const auto edited = EditProtoXml(bytes, {});
    EXPECT_TRUE(edited || edited.error().kind == ErrorKind::kBadInput) << seed;
  }
}

}  // namespace
}  // namespace handlens::package
