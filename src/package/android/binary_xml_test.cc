#include "package/android/binary_xml.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/rng.h"
#include "package/little_endian.h"

namespace handlens::package {
namespace {

// Made by aapt2 from testdata/AndroidManifest.xml.
Bytes Manifest() { return ReadFile(HANDLENS_SOURCE_DIR "/src/package/testdata/manifest.axml").value(); }

bool Has(const Bytes& xml, const std::string& text) {
  const auto strings = BinaryXmlStrings(xml).value();
  return std::find(strings.begin(), strings.end(), text) != strings.end();
}

TEST(BinaryXml, NothingToChangeChangesNoString) {
  const Bytes edited = EditBinaryXml(Manifest(), {}).value();
  EXPECT_EQ(BinaryXmlStrings(edited).value(), BinaryXmlStrings(Manifest()).value());
}

TEST(BinaryXml, ReplacesTheIdAndWhatIsMadeFromIt) {
  ManifestEdit edit;
  edit.strings = {{"handlens.placeholder.id", "org.example.leaves"}};
  const Bytes edited = EditBinaryXml(Manifest(), edit).value();
  EXPECT_TRUE(Has(edited, "org.example.leaves"));
  EXPECT_TRUE(Has(edited, "org.example.leaves.files"));
  EXPECT_FALSE(Has(edited, "handlens.placeholder.id"));
  EXPECT_TRUE(Has(edited, "app.handlens.MainActivity"));
}

TEST(BinaryXml, NamesMayBeInAnyScript) {
  for (const char* name : {"Blätter", "叶子", "🍁 Ahorn",
                           "a name of a hundred and thirty characters, which is longer than "
                           "one byte of length can say in the pool of strings, and so needs two of them"}) {
    ManifestEdit edit;
    edit.strings = {{"handlens placeholder label", name}};
    EXPECT_TRUE(Has(EditBinaryXml(Manifest(), edit).value(), name)) << name;
  }
}

TEST(BinaryXml, ChangesTheVersionCodeAndNothingElse) {
  ManifestEdit edit;
  edit.integers = {{0x0101021b, 77}};
  const Bytes plain = EditBinaryXml(Manifest(), {}).value(), edited = EditBinaryXml(Manifest(), edit).value();
  ASSERT_EQ(plain.size(), edited.size());
  size_t differing = 0;
  for (size_t i = 0; i < plain.size(); ++i) differing += plain[i] != edited[i];
  EXPECT_EQ(differing, 1u);
}

TEST(BinaryXml, ATemplateWithoutThePlaceIsRefused) {
  ManifestEdit edit;
  edit.strings = {{"no such string", "x"}};
  EXPECT_FALSE(EditBinaryXml(Manifest(), edit));
  edit.strings.clear();
  edit.integers = {{0x12345678, 1}};
  EXPECT_FALSE(EditBinaryXml(Manifest(), edit));
}

// An attribute whose value would lie behind the file's last byte: every way to cut the first element.
TEST(BinaryXml, AnAttributeThatEndsTooSoonIsRefused) {
  ManifestEdit edit;
  edit.integers = {{0x0101021b, 2}};
  Bytes xml = Manifest();
  Reader reader(xml);
  size_t element = 8 + reader.At<uint32_t>(8 + 4);
  while (reader.At<uint16_t>(element) != 0x0102) element += reader.At<uint32_t>(element + 4);
  const size_t end = element + reader.At<uint32_t>(element + 4);
  ASSERT_TRUE(reader.ok());
  for (size_t size = end - 1; size > element + 36; --size) {
    xml.resize(size);
    PutAt<uint32_t>(xml, 4, static_cast<uint32_t>(size));
    PutAt<uint32_t>(xml, element + 4, static_cast<uint32_t>(size - element));
    const auto edited = EditBinaryXml(xml, edit);
    ASSERT_FALSE(edited) << size;
    EXPECT_EQ(edited.error().kind, ErrorKind::kBadInput);
  }
}

// What was accepted is whole all the same: its strings can be read, and the new one is among them.
TEST(BinaryXml, DamagedFilesAreRefusedNeverFollowed) {
  ManifestEdit edit;
  edit.strings = {{"handlens placeholder label", "x"}};
  edit.integers = {{0x0101021b, 2}};
  int refused = 0;
  for (uint64_t i = 0; i < 3000; ++i) {
    Bytes bad = Manifest();
    Rng rng(1, "axml damage", {i});
    bad[rng.Below(static_cast<uint32_t>(bad.size()))] = static_cast<uint8_t>(rng.Next());
    if (rng.Chance(0.2f)) bad.resize(rng.Below(static_cast<uint32_t>(bad.size())));
    const auto edited = EditBinaryXml(bad, edit);
    if (!edited) {
      ++refused;
      EXPECT_FALSE(edited.error().message.empty());
      continue;
    }
    const auto strings = BinaryXmlStrings(*edited);
    ASSERT_TRUE(strings) << i << ": " << strings.error().message;
    EXPECT_NE(std::find(strings->begin(), strings->end(), "x"), strings->end()) << i;
  }
  EXPECT_GT(refused, 600) << "a fifth is cut short, which is never a whole file";
}

}  // namespace
}  // namespace handlens::package
