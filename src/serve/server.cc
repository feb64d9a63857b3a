// Server: cpp-httplib with our files, headers and limits.
#include <arpa/inet.h>
#include <httplib.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>

#include "serve/serve.h"

namespace handlens::serve {
namespace {

constexpr int kThreads = 8;
constexpr time_t kReadSeconds = 10, kWriteSeconds = 60;
constexpr size_t kMaxBodyBytes = 1024;  // nothing is ever sent to us

bool UseCertificate(SSL_CTX& context, const Certificate& certificate) {
  BIO* key_bio = BIO_new_mem_buf(certificate.key_pem.data(), static_cast<int>(certificate.key_pem.size()));
  BIO* certificate_bio = BIO_new_mem_buf(certificate.certificate_pem.data(), static_cast<int>(certificate.certificate_pem.size()));
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio, nullptr, nullptr, nullptr);
  X509* x509 = PEM_read_bio_X509(certificate_bio, nullptr, nullptr, nullptr);
  const bool done = key != nullptr && x509 != nullptr && SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_use_certificate(&context, x509) == 1 && SSL_CTX_use_PrivateKey(&context, key) == 1;
  X509_free(x509);
  EVP_PKEY_free(key);
  BIO_free(certificate_bio);
  BIO_free(key_bio);
  return done;
}

void AddHeaders(httplib::Response& response) {
  response.set_header("Content-Security-Policy", kContentSecurityPolicy);
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Referrer-Policy", "no-referrer");
  response.set_header("Cross-Origin-Opener-Policy", "same-origin");
  response.set_header("Cross-Origin-Resource-Policy", "same-origin");
  response.set_header("Permissions-Policy", "camera=(self), microphone=(), geolocation=()");
  response.set_header("Cache-Control", "no-cache");  // kept, but asked for every time: the ETag says whether it changed
}

// On loopback only this computer's own names are answered, so that no page of another host can reach us under a name
// that it let point to 127.0.0.1 (DNS rebinding).
bool IsLocalHost(std::string host) {
  const size_t colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) host.resize(colon);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

}  // namespace

struct Server::Impl {
  std::map<std::string, ServedFile> files;
  std::unique_ptr<httplib::Server> server;
  Scope scope = Scope::kLoopback;
  int port = 0;
  std::atomic<int64_t> answered = 0;
  std::thread thread;

  void Answer(const httplib::Request& request, httplib::Response& response) {
    ++answered;
    AddHeaders(response);
    if (scope == Scope::kLoopback && !IsLocalHost(request.get_header_value("Host"))) {
      response.status = 421;  // Misdirected Request, RFC 9110
      return;
    }
    if (request.method != "GET" && request.method != "HEAD") {
      response.status = 405;
      response.set_header("Allow", "GET, HEAD");
      return;
    }
    const auto file = files.find(request.path);
    if (file == files.end()) {
      response.status = 404;
      return;
    }
    response.set_header("ETag", file->second.etag);
    if (request.get_header_value("If-None-Match") == file->second.etag) {
      response.status = 304;
      return;
    }
    // The status stays open: the library makes it 200, or 206 where a range was asked for.
    response.set_content(file->second.bytes, file->second.type);
  }
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->server->stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

int Server::port() const { return impl_->port; }
int64_t Server::answered() const { return impl_->answered; }

Result<std::unique_ptr<Server>> Server::Start(std::map<std::string, ServedFile> files, Scope scope, int port,
                                              const Certificate& certificate) {
  auto impl = std::make_unique<Impl>();
  impl->files = std::move(files);
  impl->scope = scope;
  if (scope == Scope::kLan) {
    impl->server = std::make_unique<httplib::SSLServer>([&](SSL_CTX& context) { return UseCertificate(context, certificate); });
  } else {
    impl->server = std::make_unique<httplib::Server>();
  }
  httplib::Server& server = *impl->server;
  if (!server.is_valid()) return Fail(ErrorKind::kInternal, "OpenSSL refused the certificate; remove it, and a new one is made");
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_payload_max_length(kMaxBodyBytes);
  server.set_read_timeout(kReadSeconds, 0);
  server.set_write_timeout(kWriteSeconds, 0);
  server.set_tcp_nodelay(true);
  server.set_keep_alive_max_count(1000);
  // The library's own choice, SO_REUSEPORT, would let two servers share a port and answer in turns.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_pre_routing_handler([raw = impl.get()](const httplib::Request& request, httplib::Response& response) {
    raw->Answer(request, response);
    return httplib::Server::HandlerResponse::Handled;
  });
  const char* host = scope == Scope::kLan ? "0.0.0.0" : "127.0.0.1";
  impl->port = port == 0 ? server.bind_to_any_port(host) : (server.bind_to_port(host, port) ? port : -1);
  if (impl->port <= 0) return Fail(ErrorKind::kUsage, "port {} is taken or not allowed; choose another with --port", port);
  impl->thread = std::thread([&server] { server.listen_after_bind(); });
  while (!server.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

std::vector<std::string> LanAddresses() {
  std::vector<std::string> found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return found;
  for (const ifaddrs* each = list; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET) continue;
    if ((each->ifa_flags & IFF_LOOPBACK) != 0 || (each->ifa_flags & IFF_UP) == 0) continue;
    char text[INET_ADDRSTRLEN] = "";
    const auto* address = reinterpret_cast<const sockaddr_in*>(each->ifa_addr);
    if (inet_ntop(AF_INET, &address->sin_addr, text, sizeof text) != nullptr) found.emplace_back(text);
  }
  freeifaddrs(list);
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace handlens::serve
