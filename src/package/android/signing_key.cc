// SigningKey: OpenSSL's keys and certificates behind the class of apk_signature.h.
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/rsa.h>

#include "base/hash.h"
#include "base/openssl.h"
#include "package/android/apk_signature.h"

namespace handlens::package {
namespace {

using ContextPointer = OpensslPointer<EVP_MD_CTX, EVP_MD_CTX_free>;

template <class T>
Bytes Der(const T* object, int (*encode)(const T*, unsigned char**)) {
  Bytes der(static_cast<size_t>(std::max(0, encode(object, nullptr))));
  unsigned char* out = der.data();
  if (!der.empty()) encode(object, &out);
  return der;
}

constexpr long kThirtyYearsS = 30L * 365 * 24 * 3600;

CertificatePointer SelfSigned(EVP_PKEY* key, int64_t now_s) {
  CertificatePointer certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), static_cast<time_t>(now_s));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), static_cast<time_t>(now_s + kThirtyYearsS));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  static constexpr unsigned char kName[] = "handlens app";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, kName, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  if (X509_sign(certificate.get(), key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

}  // namespace

struct SigningKey::Impl {
  KeyPointer key;
  Bytes certificate, public_key;
};

SigningKey::SigningKey(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SigningKey::SigningKey(SigningKey&&) noexcept = default;
SigningKey& SigningKey::operator=(SigningKey&&) noexcept = default;
SigningKey::~SigningKey() = default;

const Bytes& SigningKey::certificate_der() const { return impl_->certificate; }
const Bytes& SigningKey::public_key_der() const { return impl_->public_key; }
std::string SigningKey::Fingerprint() const { return Sha256(impl_->certificate); }

Result<SigningKey> SigningKey::Read(const std::filesystem::path& pem) {
  HL_ASSIGN(const std::string text, ReadText(pem));
  BioPointer key_bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  BioPointer certificate_bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  auto impl = std::make_unique<Impl>();
  // No prompt on the terminal: an encrypted key is refused.
  impl->key.reset(PEM_read_bio_PrivateKey(
      key_bio.get(), nullptr, [](char*, int, int, void*) { return -1; }, nullptr));
  const CertificatePointer certificate(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (!impl->key || !certificate) {
    return Fail(ErrorKind::kBadInput,
                "{}: not a signing key (a PEM file with an unencrypted private key and its certificate)",
                pem.string());
  }
  if (EVP_PKEY_base_id(impl->key.get()) != EVP_PKEY_RSA || EVP_PKEY_bits(impl->key.get()) < 2048) {
    return Fail(ErrorKind::kBadInput, "{}: the key must be RSA with 2048 bits or more", pem.string());
  }
  if (X509_check_private_key(certificate.get(), impl->key.get()) != 1) {
    return Fail(ErrorKind::kBadInput, "{}: the certificate belongs to another key", pem.string());
  }
  impl->certificate = Der<X509>(certificate.get(), i2d_X509);
  impl->public_key = Der<EVP_PKEY>(impl->key.get(), i2d_PUBKEY);
  return SigningKey(std::move(impl));
}

Result<SigningKey> SigningKey::Create(const std::filesystem::path& pem, int64_t now_s) {
  const KeyPointer key(EVP_RSA_gen(3072));
  const CertificatePointer certificate = key ? SelfSigned(key.get(), now_s) : nullptr;
  BioPointer bio(BIO_new(BIO_s_mem()));
  if (!certificate ||
      PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_X509(bio.get(), certificate.get()) != 1) {
    return Fail(ErrorKind::kInternal, "OpenSSL made no signing key");
  }
  std::error_code error;
  if (const auto written = WriteNewFile(pem, BioText(bio.get()), Access::kOwner); !written) {
    if (!std::filesystem::exists(pem, error)) return tl::make_unexpected(written.error());
    return Fail(ErrorKind::kBadInput, "{}: exists already; signing keys are never overwritten", pem.string());
  }
  // Only what is on the disk may sign: an app whose key is not there can never be updated.
  HL_ASSIGN(SigningKey kept, Read(pem));
  if (kept.certificate_der() != Der<X509>(certificate.get(), i2d_X509)) {
    return Fail(ErrorKind::kResources,
                "{}: does not read back as it was written; is the disk failing? Nothing was signed",
                pem.string());
  }
  return kept;
}

Result<SigningKey::OwnKey> SigningKey::ReadOrCreate(const std::filesystem::path& pem, int64_t now_s) {
  HL_ASSIGN(const auto lock, LockSecretFolder(pem.parent_path()));
  std::error_code error;
  const bool there = std::filesystem::exists(pem, error);
  HL_ASSIGN(SigningKey key, there ? Read(pem) : Create(pem, now_s));
  return OwnKey{std::move(key), !there};
}

Result<Bytes> SigningKey::Sign(std::span<const uint8_t> message) const {
  const ContextPointer context(EVP_MD_CTX_new());
  size_t size = 0;
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, impl_->key.get()) != 1 ||
      EVP_DigestSign(context.get(), nullptr, &size, message.data(), message.size()) != 1) {
    return Fail(ErrorKind::kInternal, "OpenSSL did not sign");
  }
  Bytes signature(size);
  if (EVP_DigestSign(context.get(), signature.data(), &size, message.data(), message.size()) != 1) {
    return Fail(ErrorKind::kInternal, "OpenSSL did not sign");
  }
  signature.resize(size);
  return signature;
}

Result<Bytes> SigningKey::SignDetached(std::span<const uint8_t> message) const {
  using Pkcs7Pointer = OpensslPointer<PKCS7, PKCS7_free>;
  const unsigned char* der = impl_->certificate.data();
  const CertificatePointer certificate(d2i_X509(nullptr, &der, static_cast<long>(impl_->certificate.size())));
  const BioPointer bio(BIO_new_mem_buf(message.data(), static_cast<int>(message.size())));
  // Without attributes, which would hold the time: the same message gives the same bytes.
  constexpr int kFlags = PKCS7_DETACHED | PKCS7_BINARY | PKCS7_NOATTR | PKCS7_NOSMIMECAP;
  const Pkcs7Pointer signature(PKCS7_sign(certificate.get(), impl_->key.get(), nullptr, bio.get(), kFlags));
  if (!signature) return Fail(ErrorKind::kInternal, "OpenSSL did not sign");
  return Der<PKCS7>(signature.get(), i2d_PKCS7);
}

}  // namespace handlens::package
