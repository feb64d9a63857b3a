// The user's signing key and Android's APK Signature Schemes v2 and v3
// (source.android.com/docs/security/features/apksigning/v2 and v3). RSA with PKCS#1 v1.5 padding and SHA-256:
// the same contents and key give the same bytes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/disk.h"
#include "base/result.h"
#include "package/zip.h"

namespace handlens::package {

// A private key and its self-signed certificate. Whoever loses it can never update an app signed with it.
class SigningKey {
 public:
  // Reads a PEM file that holds a private key (RSA, 2048 bits or more) and a certificate. Kind kBadInput.
  static Result<SigningKey> Read(const std::filesystem::path& pem);
  // Makes a new one (RSA 3072, valid for 30 years from `now_s`, seconds since 1970), writes it, readable by
  // the owner only, and gives what reads back. Never overwrites: kind kBadInput when the file exists.
  static Result<SigningKey> Create(const std::filesystem::path& pem, int64_t now_s);
  // The key of this user: read, or made when there is none yet. Of several processes that find none, one
  // makes it and the others read it. Its folder is closed to others (0700).
  struct OwnKey;
  static Result<OwnKey> ReadOrCreate(const std::filesystem::path& pem, int64_t now_s);

  SigningKey(SigningKey&&) noexcept;
  SigningKey& operator=(SigningKey&&) noexcept;
  ~SigningKey();

  const Bytes& certificate_der() const;
  const Bytes& public_key_der() const;
  // PKCS#1 v1.5 signature over SHA-256 of `message`.
  Result<Bytes> Sign(std::span<const uint8_t> message) const;
  // The same as a PKCS #7 signature with the certificate and without the message, in DER: what JAR files are
  // signed with.
  Result<Bytes> SignDetached(std::span<const uint8_t> message) const;
  // SHA-256 of the certificate, in hexadecimal: what app stores and `apksigner verify --print-certs` show.
  std::string Fingerprint() const;

 private:
  struct Impl;
  explicit SigningKey(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct SigningKey::OwnKey {
  SigningKey key;
  bool made = false;  // now
};

// Inserts the signing block in front of the central directory: the finished APK.
Result<Bytes> SignApk(const ZipLayout& zip, const SigningKey& key, int min_sdk);

}  // namespace handlens::package
