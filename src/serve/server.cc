// Server: one thread that serves all connections in turn (connection.h), so that a slow one costs a socket
// and no more.
#include <arpa/inet.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <utility>

#include "serve/connection.h"
#include "serve/serve.h"

namespace handlens::serve {
namespace {

constexpr int kBacklog = 128;
constexpr int kTickMs = 200;  // how late a deadline may be noticed
constexpr size_t kMaxConnections =
    800;  // in all: below the 1024 files that a process may have open by default
constexpr size_t kMaxOfOneAddress = 64;     // browsers open six; on loopback there is one address only
constexpr std::chrono::seconds kMoment{1};  // an honest request is whole within it

using ContextPointer = OpensslPointer<SSL_CTX, SSL_CTX_free>;

BioPointer BioOf(const std::string& text) {
  return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

ContextPointer TlsContext(const Certificate& certificate) {
  ContextPointer context(SSL_CTX_new(TLS_server_method()));
  const BioPointer key_bio = BioOf(certificate.key_pem), certificate_bio = BioOf(certificate.certificate_pem);
  const KeyPointer key(PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr));
  const CertificatePointer x509(PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr));
  if (!context || !key || !x509) return nullptr;
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                      SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  const bool done = SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) == 1 &&
                    SSL_CTX_use_certificate(context.get(), x509.get()) == 1 &&
                    SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1;
  return done ? std::move(context) : nullptr;
}

// A socket that listens, or -1. Not SO_REUSEPORT: it would let two servers share a port and answer in turns.
int Listen(Scope scope, int port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket < 0) return -1;
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(scope == Scope::kLan ? INADDR_ANY : INADDR_LOOPBACK);
  if (::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::listen(socket, kBacklog) == 0)
    return socket;
  ::close(socket);
  return -1;
}

int PortOf(int socket) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  return ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0 ? ntohs(address.sin_port)
                                                                                  : -1;
}

}  // namespace

struct Server::Impl {
  Files files;
  Scope scope = Scope::kLoopback;
  ContextPointer tls;
  int listener = -1, wake = -1, port = 0;
  std::atomic<int64_t> answered = 0;
  std::atomic<bool> stop = false;
  std::vector<std::unique_ptr<Connection>> connections;
  std::mutex published_mutex;
  Files published;  // since the last turn
  std::thread thread;

  Impl() = default;
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    if (listener >= 0) ::close(listener);
    if (wake >= 0) ::close(wake);
  }

  // Makes room where there are too many: of those that have owed us their request for more than a moment, the
  // one that has waited longest goes.
  template <class Which>
  bool CutOff(Clock::time_point now, const Which& which) {
    auto longest = connections.end();
    for (auto it = connections.begin(); it != connections.end(); ++it) {
      if (!which(**it) || (*it)->phase() == Connection::Phase::kWriting || (*it)->since() + kMoment > now)
        continue;
      if (longest == connections.end() || (*it)->since() < (*longest)->since()) longest = it;
    }
    if (longest == connections.end()) return false;
    connections.erase(longest);
    return true;
  }
  bool CutOffAny(Clock::time_point now) {
    return CutOff(now, [](const Connection&) { return true; });
  }

  bool MakeRoomFor(uint32_t address, Clock::time_point now) {
    const auto same = [&](const Connection& each) { return each.address() == address; };
    const auto count =
        std::count_if(connections.begin(), connections.end(), [&](const auto& each) { return same(*each); });
    if (scope == Scope::kLan && static_cast<size_t>(count) >= kMaxOfOneAddress && !CutOff(now, same))
      return false;
    return connections.size() < kMaxConnections || CutOffAny(now);
  }

  void Accept(Clock::time_point now) {
    while (true) {
      sockaddr_in peer{};
      socklen_t size = sizeof peer;
      const int socket =
          ::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      // Out of descriptors: a connection less, and the next turn finds room.
      if (socket < 0 && (errno == EMFILE || errno == ENFILE)) CutOffAny(now);
      if (socket < 0) return;
      if (!MakeRoomFor(peer.sin_addr.s_addr, now)) {
        ::close(socket);
        continue;
      }
      const int yes = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
      SslPointer ssl(tls ? SSL_new(tls.get()) : nullptr);
      if (tls && !ssl) {
        ::close(socket);
        continue;
      }
      connections.push_back(std::make_unique<Connection>(socket, peer.sin_addr.s_addr, std::move(ssl), now));
    }
  }

  // Waits for a sign from any socket; false when the server shall stop.
  bool Wait() {
    const bool more =
        std::any_of(connections.begin(), connections.end(), [](const auto& each) { return each->more(); });
    sockets_.resize(connections.size() + 2);
    sockets_[connections.size()] = {listener, POLLIN, 0};
    sockets_[connections.size() + 1] = {wake, POLLIN, 0};
    for (size_t i = 0; i < connections.size(); ++i) {
      sockets_[i] = {connections[i]->socket(),
                     static_cast<short>(connections[i]->wants_write() ? POLLOUT : POLLIN), 0};
    }
    ::poll(sockets_.data(), sockets_.size(), more ? 0 : kTickMs);
    return !stop;
  }

  void TakePublished() {
    const std::scoped_lock lock(published_mutex);
    for (auto& [path, file] : published) files[path] = std::move(file);
    published.clear();
  }

  void Turn() {
    const auto now = Clock::now();
    TakePublished();
    const size_t count = connections.size();
    for (size_t i = 0; i < count; ++i) {
      Connection& connection = *connections[i];
      if (connection.more() || sockets_[i].revents != 0) answered += connection.Go(files, scope, now) ? 1 : 0;
    }
    const bool knocked = sockets_[count].revents != 0;
    std::erase_if(connections, [&](const auto& each) {
      return each->phase() == Connection::Phase::kClosed || each->deadline() < now;
    });
    if (knocked) Accept(now);
  }

  void Run() {
    // The program's signals are the main thread's; a connection that breaks while TLS writes is no reason to
    // end.
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr);
    while (Wait()) Turn();
    connections.clear();
  }

 private:
  std::vector<pollfd> sockets_;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->stop = true;
  const uint64_t one = 1;
  (void)!::write(impl_->wake, &one, sizeof one);
  if (impl_->thread.joinable()) impl_->thread.join();
}

void Server::Publish(const std::string& path, ServedFile file) {
  auto shared = std::make_shared<const ServedFile>(std::move(file));
  const std::scoped_lock lock(impl_->published_mutex);
  impl_->published[path] = std::move(shared);
}

int Server::port() const { return impl_->port; }
int64_t Server::answered() const { return impl_->answered; }

Result<std::unique_ptr<Server>> Server::Start(std::map<std::string, ServedFile> files, Scope scope, int port,
                                              const Certificate& certificate) {
  auto impl = std::make_unique<Impl>();
  for (auto& [path, file] : files) impl->files[path] = std::make_shared<const ServedFile>(std::move(file));
  impl->scope = scope;
  if (scope == Scope::kLan) {
    impl->tls = TlsContext(certificate);
    if (!impl->tls)
      return Fail(ErrorKind::kInternal, "OpenSSL refused the certificate; remove it, and a new one is made");
  }
  impl->listener = Listen(scope, port);
  if (impl->listener < 0)
    return Fail(ErrorKind::kUsage, "port {} is taken or not allowed; choose another with --port", port);
  impl->port = PortOf(impl->listener);
  impl->wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (impl->wake < 0) return Fail(ErrorKind::kResources, "too many open files; the server did not start");
  impl->thread = std::thread([raw = impl.get()] { raw->Run(); });
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
