// ReadOrMakeCertificate: OpenSSL's keys and certificates.
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <ctime>

#include "base/openssl.h"
#include "serve/serve.h"

namespace handlens::serve {
namespace {

using ExtensionPointer = OpensslPointer<X509_EXTENSION, X509_EXTENSION_free>;

constexpr long kValidS = 397L * 24 * 3600;

bool IsAddress(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) || c == '.'; }) ||
         name.find(':') != std::string_view::npos;
}

bool AddExtension(X509* certificate, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const ExtensionPointer extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// A serial number that differs from the last certificate's, or browsers refuse the new one.
bool SetSerial(X509* certificate) {
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) return false;
  bytes[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(bytes, sizeof bytes, nullptr);
  const bool done =
      number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr;
  BN_free(number);
  return done;
}

CertificatePointer SelfSigned(EVP_PKEY* key, const std::vector<std::string>& names, int64_t now_s) {
  CertificatePointer certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  if (!SetSerial(certificate.get())) return nullptr;
  // An hour back: the phone's clock need not agree with ours.
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), static_cast<time_t>(now_s - 3600));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), static_cast<time_t>(now_s + kValidS));
  X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = X509_get_subject_name(certificate.get());
  static constexpr unsigned char kName[] = "handlens serve";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, kName, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  std::string alternatives;
  for (const std::string& each : names)
    alternatives += (alternatives.empty() ? "" : ",") + std::string(IsAddress(each) ? "IP:" : "DNS:") + each;
  // No authority over other certificates: whoever trusts this one trusts these names only.
  const bool extended = AddExtension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                        AddExtension(certificate.get(), NID_key_usage, "critical,digitalSignature") &&
                        AddExtension(certificate.get(), NID_ext_key_usage, "serverAuth") &&
                        AddExtension(certificate.get(), NID_subject_alt_name, alternatives);
  if (!extended || X509_sign(certificate.get(), key, EVP_sha256()) == 0) return nullptr;
  return certificate;
}

std::string Fingerprint(const X509* certificate) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest, &size);
  std::string text;
  for (unsigned int i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return text;
}

Certificate Pem(EVP_PKEY* key, X509* certificate) {
  const BioPointer key_text(BIO_new(BIO_s_mem())), certificate_text(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  PEM_write_bio_X509(certificate_text.get(), certificate);
  return {BioText(key_text.get()), BioText(certificate_text.get()), Fingerprint(certificate)};
}

bool StillGood(X509* certificate, const std::vector<std::string>& names, int64_t now_s) {
  auto time = static_cast<time_t>(now_s);
  if (X509_cmp_time(X509_get0_notAfter(certificate), &time) < 0) return false;
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return IsAddress(name) ? X509_check_ip_asc(certificate, name.c_str(), 0) == 1
                           : X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr) == 1;
  });
}

}  // namespace

Result<Certificate> ReadOrMakeCertificate(const std::filesystem::path& pem,
                                          const std::vector<std::string>& names, int64_t now_s) {
  // Two servers that start at once get one certificate, and a key that is being written is never swept.
  HL_ASSIGN(const auto lock, LockSecretFolder(pem.parent_path()));
  std::error_code error;
  if (std::filesystem::exists(pem, error)) {
    HL_ASSIGN(const std::string text, ReadText(pem));
    const BioPointer bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
    const KeyPointer key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    const CertificatePointer certificate(key ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)
                                             : nullptr);
    if (!certificate || X509_check_private_key(certificate.get(), key.get()) != 1) {
      return Fail(ErrorKind::kBadInput,
                  "{}: not a key with its certificate; remove the file, and a new one is made", pem.string());
    }
    if (StillGood(certificate.get(), names, now_s)) return Pem(key.get(), certificate.get());
  }
  const KeyPointer key(EVP_EC_gen("P-256"));
  const CertificatePointer certificate = key ? SelfSigned(key.get(), names, now_s) : nullptr;
  if (!certificate) return Fail(ErrorKind::kInternal, "OpenSSL could not make a certificate");
  Certificate made = Pem(key.get(), certificate.get());
  HL_TRY(WriteFileAtomic(pem, made.key_pem + made.certificate_pem, Access::kOwner));
  return made;
}

}  // namespace handlens::serve
