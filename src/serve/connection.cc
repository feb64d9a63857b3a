#include "serve/connection.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace handlens::serve {
namespace {

constexpr size_t kSliceBytes = 256 * 1024;  // of an answer, before others have their turn
constexpr size_t kPieceBytes = 16 * 1024;   // TLS records hold as much
constexpr size_t kMaxLingerBytes = 64 * 1024;

}  // namespace

Connection::Connection(int socket, uint32_t address, SslPointer ssl, Clock::time_point now)
    : socket_(socket), address_(address), ssl_(std::move(ssl)), since_(now), deadline_(now + kRequestTime) {
  if (ssl_) {
    SSL_set_fd(ssl_.get(), socket_);
    SSL_set_accept_state(ssl_.get());
  }
}

Connection::~Connection() {
  ssl_.reset();
  ::close(socket_);
}

Connection::Moved Connection::AfterSsl(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  ERR_clear_error();
  wants_write_ = error == SSL_ERROR_WANT_WRITE;
  return error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ ? Moved::kWouldBlock : Moved::kEnd;
}

Connection::Moved Connection::Receive() {
  std::array<char, 4096> piece{};
  const size_t room = std::min(piece.size(), kMaxHeadBytes - std::min(in_.size(), kMaxHeadBytes - 1));
  wants_write_ = false;
  if (ssl_) {
    const int got = SSL_read(ssl_.get(), piece.data(), static_cast<int>(room));
    if (got <= 0) return AfterSsl(got);
    in_.append(piece.data(), static_cast<size_t>(got));
    return Moved::kSome;
  }
  const ssize_t got = ::recv(socket_, piece.data(), room, 0);
  if (got > 0) in_.append(piece.data(), static_cast<size_t>(got));
  if (got > 0) return Moved::kSome;
  return got < 0 && (errno == EAGAIN || errno == EINTR) ? Moved::kWouldBlock : Moved::kEnd;
}

Connection::Moved Connection::Send() {
  const bool head = sent_ < answer_.head.size();
  const std::string_view rest =
      head ? std::string_view(answer_.head).substr(sent_) : answer_.body.substr(sent_ - answer_.head.size());
  const std::string_view piece = rest.substr(0, kPieceBytes);
  wants_write_ = true;
  if (ssl_) {
    const int put = SSL_write(ssl_.get(), piece.data(), static_cast<int>(piece.size()));
    if (put <= 0) return AfterSsl(put);
    sent_ += static_cast<size_t>(put);
    return Moved::kSome;
  }
  const ssize_t put = ::send(socket_, piece.data(), piece.size(), MSG_NOSIGNAL);
  if (put > 0) sent_ += static_cast<size_t>(put);
  if (put > 0) return Moved::kSome;
  return put < 0 && (errno == EAGAIN || errno == EINTR) ? Moved::kWouldBlock : Moved::kEnd;
}

void Connection::Wait(std::chrono::seconds time, Clock::time_point now) {
  since_ = now;
  deadline_ = now + time;
}

void Connection::Begin(Answer answer, Clock::time_point now) {
  answer_ = std::move(answer);
  answer_.close = answer_.close || ++requests_ >= kMaxRequests;
  sent_ = 0;
  phase_ = Phase::kWriting;
  Wait(kAnswerTime + std::chrono::seconds(answer_.body.size() / kAnswerBytesPerSecond), now);
}

// Closing with unread bytes would take the answer back; so they are thrown away for a moment.
void Connection::Linger(Clock::time_point now) {
  if (ssl_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  ::shutdown(socket_, SHUT_WR);
  phase_ = Phase::kLingering;
  Wait(kLingerTime, now);
}

bool Connection::ReadRequest(const Files& files, Scope scope, Clock::time_point now) {
  while (true) {
    ParsedHead parsed = ParseHead(in_);
    if (parsed.status != 0) {
      in_.erase(0, parsed.used);
      Begin(parsed.status == 200 ? AnswerTo(parsed.request, files, scope) : AnswerWithError(parsed.status),
            now);
      return true;
    }
    const bool was_idle = in_.empty();
    const Moved moved = Receive();
    if (moved == Moved::kEnd) phase_ = Phase::kClosed;
    if (moved != Moved::kSome) return false;
    // The next request has begun; the first one's time runs from the connection.
    if (was_idle && requests_ > 0) Wait(kRequestTime, now);
  }
}

void Connection::WriteSlice(Clock::time_point now) {
  const size_t end = answer_.head.size() + answer_.body.size();
  const size_t slice_end = std::min(end, sent_ + kSliceBytes);
  while (sent_ < slice_end) {
    const Moved moved = Send();
    if (moved == Moved::kEnd) phase_ = Phase::kClosed;
    if (moved != Moved::kSome) return;
  }
  more_ = true;  // the rest of the answer, or a request that was read along with this one
  if (sent_ < end) return;
  wants_write_ = false;
  if (answer_.close) return Linger(now);
  phase_ = Phase::kReading;
  Wait(in_.empty() ? kIdleTime : kRequestTime, now);
  answer_ = {};
}

void Connection::ThrowAway() {
  std::array<char, 4096> piece{};
  const ssize_t got = ::recv(socket_, piece.data(), piece.size(), 0);
  more_ = got > 0;
  lingered_ += got > 0 ? static_cast<size_t>(got) : 0;
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR) || lingered_ > kMaxLingerBytes)
    phase_ = Phase::kClosed;
}

bool Connection::Go(const Files& files, Scope scope, Clock::time_point now) {
  more_ = false;
  switch (phase_) {
    case Phase::kReading: more_ = ReadRequest(files, scope, now); return more_;
    case Phase::kWriting: WriteSlice(now); break;
    case Phase::kLingering: ThrowAway(); break;
    case Phase::kClosed: break;
  }
  return false;
}

}  // namespace handlens::serve
