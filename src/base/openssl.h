// Owning pointers to OpenSSL's objects, and text out of its memory. Only for the few files that make or read
// keys and certificates; what they do with them is theirs.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace handlens {

// Owns a T and frees it by F, which takes null too.
template <class T, void (*F)(T*)>
struct OpensslFree {
  void operator()(T* pointer) const { F(pointer); }
};
template <class T, void (*F)(T*)>
using OpensslPointer = std::unique_ptr<T, OpensslFree<T, F>>;

// OpenSSL counts references: a key within a certificate is the certificate's, not the pointer's.
using KeyPointer = OpensslPointer<EVP_PKEY, EVP_PKEY_free>;
using CertificatePointer = OpensslPointer<X509, X509_free>;
using BioPointer = OpensslPointer<BIO, BIO_free_all>;

// What was written to a BIO of BIO_s_mem(), copied; the BIO keeps it.
inline std::string BioText(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<size_t>(size)};
}

}  // namespace handlens
