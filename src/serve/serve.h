// Serving a packed web app to browsers nearby: a handful of static files over TLS, with the certificate of
// this computer's user, and the QR code that brings a phone to it. Making the app is not here but in
// `package`; deciding what is exposed and saying so is the caller's.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/disk.h"
#include "base/result.h"

namespace handlens::serve {

// The key and self-signed certificate that browsers see. EC P-256, SHA-256.
struct Certificate {
  std::string key_pem, certificate_pem;
  std::string fingerprint;  // SHA-256 of the certificate, "AB:CD:...", as browsers show it
};

// Reads the PEM file that an earlier call wrote, or makes one, readable by its owner only, valid for `names`
// (host names and IP addresses) and 397 days from `now_s` (seconds since 1970; browsers refuse longer ones).
// Made anew when it expired or lacks one of `names`. Kind kBadInput when the file is something else or cannot
// be written.
Result<Certificate> ReadOrMakeCertificate(const std::filesystem::path& pem,
                                          const std::vector<std::string>& names, int64_t now_s);

// A file as it is served. Exactly these exist: a request can reach nothing else, whatever its path says.
struct ServedFile {
  std::string type;  // Content-Type
  std::string etag;  // quoted SHA-256
  std::string bytes;
};

// All files of a folder, by URL path ("/bundle/app.json"; "/" is index.html), as they are now. Links and
// hidden files are left out. Kind kBadInput when there is no index.html.
Result<std::map<std::string, ServedFile>> ReadFolder(const std::filesystem::path& folder);

// "application/wasm" for "a.wasm"; "application/octet-stream" for what is not known.
std::string_view ContentType(std::string_view name);

// The policy that every answer carries: own files only, WebAssembly but no eval, in no frame.
extern const char kContentSecurityPolicy[];

enum class Scope {
  kLoopback,  // 127.0.0.1 only, plain HTTP: browsers trust localhost, and nothing goes over a wire
  kLan        // all interfaces, TLS
};

// A running server. Serves on a thread of its own until destroyed; the files change by Publish only. One
// thread takes all connections in turn, so a client that trickles its request, never sends one or never takes
// its answer delays nobody: each part of a request has a deadline, heads have bounds (connection.h, http.h),
// an address has 64 connections at most.
class Server {
 public:
  // `certificate` is used for kLan only; TLS 1.2 or newer. Port 0 takes any free one. Kind kUsage when the
  // port is taken.
  static Result<std::unique_ptr<Server>> Start(std::map<std::string, ServedFile> files, Scope scope, int port,
                                               const Certificate& certificate);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Puts a file in place of the one at that path, or beside the others; who is being sent the old one gets
  // all of it. May be called from any thread.
  void Publish(const std::string& path, ServedFile file);

  int port() const;
  int64_t answered() const;  // requests so far

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// IPv4 addresses by which others reach this computer, sorted; without loopback.
std::vector<std::string> LanAddresses();

// A QR code (error correction M) for a terminal: two rows of modules a line by half blocks, light modules
// drawn, a quiet zone of two around. Each line ends with a newline.
std::string QrCode(std::string_view text);

}  // namespace handlens::serve
