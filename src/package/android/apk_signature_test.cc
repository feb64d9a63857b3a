// Claims about the signing block, read back by a few lines of its own (source.android.com, APK Signature
// Schemes v2 and v3).
#include "package/android/apk_signature.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>

#include "package/zip.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;

template <class T>
T Read(std::span<const uint8_t> bytes, size_t at = 0) {
  T value{};
  EXPECT_LE(at + sizeof value, bytes.size());
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Takes a part with a 32-bit length off the front.
std::span<const uint8_t> Take(std::span<const uint8_t>& rest) {
  const auto size = Read<uint32_t>(rest);
  EXPECT_LE(size + 4, rest.size());
  const auto part = rest.subspan(4, size);
  rest = rest.subspan(4 + size);
  return part;
}

// The pairs of the block that stands in front of the central directory.
std::map<uint32_t, std::span<const uint8_t>> Pairs(const Bytes& apk) {
  const size_t directory = Read<uint32_t>(apk, apk.size() - 22 + 16);
  EXPECT_EQ(std::memcmp(apk.data() + directory - 16, "APK Sig Block 42", 16), 0);
  const size_t size = Read<uint64_t>(apk, directory - 24);
  EXPECT_EQ(Read<uint64_t>(apk, directory - size - 8), size);
  std::span<const uint8_t> rest = std::span(apk).subspan(directory - size, size - 24);
  std::map<uint32_t, std::span<const uint8_t>> pairs;
  while (!rest.empty()) {
    const auto length = Read<uint64_t>(rest);
    pairs[Read<uint32_t>(rest, 8)] = rest.subspan(12, length - 4);
    rest = rest.subspan(8 + length);
  }
  return pairs;
}

struct Signed {
  SigningKey key;
  Bytes apk;
};
Signed MakeSigned(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-apk-" + name);
  fs::remove_all(folder);
  SigningKey key = SigningKey::Create(folder / "key.pem", 1'760'000'000).value();
  Bytes apk = SignApk(WriteZip({StoredEntry("a", Bytes(5, 1))}), key, 24).value();
  return {std::move(key), std::move(apk)};
}

// Without this attribute a v3 signature could be cut away on a phone that knows it, and an older key's v2
// take its place.
TEST(ApkSignature, TheV2SignatureSaysThatThereIsAV3) {
  const Signed made = MakeSigned("stripping");
  const auto pairs = Pairs(made.apk);
  ASSERT_EQ(pairs.size(), 2u);
  ASSERT_TRUE(pairs.contains(0x7109871a));
  ASSERT_TRUE(pairs.contains(0xf05368c0));
  std::span<const uint8_t> signers = pairs.at(0x7109871a);
  std::span<const uint8_t> list = Take(signers), signer = Take(list), data = Take(signer);
  Take(data);  // digests
  std::span<const uint8_t> certificates = Take(data), attributes = Take(data);
  const std::span<const uint8_t> certificate = Take(certificates);
  EXPECT_EQ(Bytes(certificate.begin(), certificate.end()), made.key.certificate_der());
  const std::span<const uint8_t> attribute = Take(attributes);
  EXPECT_TRUE(attributes.empty());
  ASSERT_EQ(attribute.size(), 8u);
  EXPECT_EQ(Read<uint32_t>(attribute), 0xbeeff00d);
  EXPECT_EQ(Read<uint32_t>(attribute, 4), 3u);
}

TEST(ApkSignature, TheV3SignatureIsForAndroid9AndLater) {
  const Signed made = MakeSigned("sdks");
  std::span<const uint8_t> signers = Pairs(made.apk).at(0xf05368c0);
  std::span<const uint8_t> list = Take(signers), signer = Take(list);
  const std::span<const uint8_t> data = Take(signer);
  EXPECT_EQ(Read<uint32_t>(signer), 28u);
  EXPECT_EQ(Read<uint32_t>(signer, 4), 0x7fffffffu);
  // The signed part says the same.
  EXPECT_EQ(Read<uint32_t>(data, data.size() - 12), 28u);
}

}  // namespace
}  // namespace handlens::package
