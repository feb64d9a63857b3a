#include "package/android/apk_signature.h"

#include "base/hash.h"
#include "package/little_endian.h"

#include <openssl/evp.h>

#include <array>

namespace handlens::package {
namespace {

constexpr uint32_t kV2BlockId = 0x7109871a, kV3BlockId = 0xf05368c0;
constexpr uint32_t kRsaPkcs1Sha256 = 0x0103;
constexpr uint32_t kStrippingProtection = 0xbeeff00d;  // a v2 attribute: "this APK also has a v3 signature"
constexpr uint32_t kMaxSdk = 0x7fffffff;
constexpr size_t kChunkBytes = 1 << 20;

using Digest = std::array<uint8_t, 32>;

// SHA-256 of `prefix`, a 32-bit number and the bytes.
Digest PrefixedSha256(uint8_t prefix, uint32_t number, std::span<const uint8_t> bytes) {
  Bytes head{prefix};
  Put<uint32_t>(head, number);
  Digest digest{};
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_DigestInit_ex(context, EVP_sha256(), nullptr);
  EVP_DigestUpdate(context, head.data(), head.size());
  EVP_DigestUpdate(context, bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context, digest.data(), nullptr);
  EVP_MD_CTX_free(context);
  return digest;
}

// The scheme's digest: chunks of 1 MB of each section, then the digest of all chunks' digests.
Digest ContentDigest(std::initializer_list<std::span<const uint8_t>> sections) {
  Bytes digests;
  uint32_t chunks = 0;
  for (std::span<const uint8_t> section : sections) {
    while (!section.empty()) {
      const size_t size = std::min(section.size(), kChunkBytes);
      const Digest digest = PrefixedSha256(0xa5, static_cast<uint32_t>(size), section.first(size));
      Append(digests, digest);
      section = section.subspan(size);
      ++chunks;
    }
  }
  return PrefixedSha256(0x5a, chunks, digests);
}

// A 32-bit length, then the bytes.
Bytes Prefixed(std::span<const uint8_t> bytes) {
  Bytes out;
  Put<uint32_t>(out, static_cast<uint32_t>(bytes.size()));
  Append(out, bytes);
  return out;
}

Bytes Concat(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) Append(out, part);
  return out;
}

Bytes Number(uint32_t value) {
  Bytes out;
  Put<uint32_t>(out, value);
  return out;
}

// An algorithm id with a digest or a signature, as a sequence of one.
Bytes AlgorithmAnd(std::span<const uint8_t> value) {
  return Prefixed(Prefixed(Concat({Number(kRsaPkcs1Sha256), Prefixed(value)})));
}

Result<Bytes> SignerV2(const Digest& digest, const SigningKey& key) {
  const Bytes attributes = Prefixed(Prefixed(Concat({Number(kStrippingProtection), Number(3)})));
  const Bytes data = Concat({AlgorithmAnd(digest), Prefixed(Prefixed(key.certificate_der())), attributes});
  HL_ASSIGN(const Bytes signature, key.Sign(data));
  return Concat({Prefixed(data), AlgorithmAnd(signature), Prefixed(key.public_key_der())});
}

Result<Bytes> SignerV3(const Digest& digest, const SigningKey& key, int min_sdk) {
  const Bytes sdks = Concat({Number(static_cast<uint32_t>(min_sdk)), Number(kMaxSdk)});
  const Bytes data =
      Concat({AlgorithmAnd(digest), Prefixed(Prefixed(key.certificate_der())), sdks, Prefixed({})});
  HL_ASSIGN(const Bytes signature, key.Sign(data));
  return Concat({Prefixed(data), sdks, AlgorithmAnd(signature), Prefixed(key.public_key_der())});
}

void PutPair(Bytes& block, uint32_t id, std::span<const uint8_t> signer) {
  const Bytes value = Prefixed(Prefixed(signer));
  Put<uint64_t>(block, 4 + value.size());
  Put<uint32_t>(block, id);
  Append(block, value);
}

}  // namespace

Result<Bytes> SignApk(const ZipLayout& zip, const SigningKey& key, int min_sdk) {
  const std::span<const uint8_t> all(zip.bytes);
  const auto contents = all.first(zip.directory_offset);
  const auto directory = all.subspan(zip.directory_offset, zip.end_offset - zip.directory_offset);
  const auto end = all.subspan(zip.end_offset);
  // The end record is signed with the directory where it stands before the block is inserted, which is as it
  // is now.
  const Digest digest = ContentDigest({contents, directory, end});
  HL_ASSIGN(const Bytes v2, SignerV2(digest, key));
  HL_ASSIGN(const Bytes v3, SignerV3(digest, key, std::max(min_sdk, 28)));  // v3 begins with Android 9
  Bytes pairs;
  PutPair(pairs, kV2BlockId, v2);
  PutPair(pairs, kV3BlockId, v3);

  static constexpr char kMagic[] = "APK Sig Block 42";
  Bytes block;
  const uint64_t size = pairs.size() + 8 + 16;
  Put<uint64_t>(block, size);
  Append(block, pairs);
  Put<uint64_t>(block, size);
  block.insert(block.end(), kMagic, kMagic + 16);

  Bytes apk(contents.begin(), contents.end());
  Append(apk, block);
  Append(apk, directory);
  const size_t new_end = apk.size();
  Append(apk, end);
  PutAt<uint32_t>(apk, new_end + 16, static_cast<uint32_t>(zip.directory_offset + block.size()));
  return apk;
}

}  // namespace handlens::package
