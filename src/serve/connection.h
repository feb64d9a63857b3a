// One browser's connection: bytes in, bytes out, TLS between, never waiting. Not for other rooms.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/openssl.h"
#include "serve/http.h"

namespace handlens::serve {

using Clock = std::chrono::steady_clock;
using SslPointer = OpensslPointer<SSL, SSL_free>;

// The time that each part of a request may take; whoever takes longer is cut off.
inline constexpr std::chrono::seconds kRequestTime{
    10};  // from the connection, or the first byte, to the whole head
inline constexpr std::chrono::seconds kIdleTime{30};        // between two requests
inline constexpr std::chrono::seconds kAnswerTime{30};      // to take an answer, and
inline constexpr size_t kAnswerBytesPerSecond = 32 * 1024;  // a second more for each so many bytes
inline constexpr std::chrono::seconds kLingerTime{2};       // for what was sent to us and is not read
inline constexpr int kMaxRequests = 1000;                   // a connection

class Connection {
 public:
  enum class Phase { kReading, kWriting, kLingering, kClosed };

  // Takes the socket, which does not block. `ssl` is null for plain HTTP, else fresh and without a socket.
  Connection(int socket, uint32_t address, SslPointer ssl, Clock::time_point now);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Does what can be done now: at most one request read or a slice of an answer written, so that no
  // connection keeps the others waiting. Whether a request came.
  bool Go(const Files& files, Scope scope, Clock::time_point now);
  // Whether there is more to do without a sign from the socket.
  bool more() const { return more_; }
  // Whether the socket is to be watched for writing (else for reading).
  bool wants_write() const { return wants_write_; }
  int socket() const { return socket_; }
  Phase phase() const { return phase_; }
  uint32_t address() const { return address_; }
  Clock::time_point deadline() const { return deadline_; }
  // When the present phase began: who waits longest goes first when there are too many.
  Clock::time_point since() const { return since_; }

 private:
  enum class Moved { kSome, kWouldBlock, kEnd };
  Moved Receive();
  Moved Send();
  Moved AfterSsl(int result);
  bool ReadRequest(const Files& files, Scope scope, Clock::time_point now);
  void WriteSlice(Clock::time_point now);
  void ThrowAway();
  void Begin(Answer answer, Clock::time_point now);
  void Wait(std::chrono::seconds time, Clock::time_point now);
  void Linger(Clock::time_point now);

  const int socket_;
  const uint32_t address_;
  SslPointer ssl_;
  Phase phase_ = Phase::kReading;
  bool wants_write_ = false, more_ = false;
  Clock::time_point since_, deadline_;
  std::string in_;
  Answer answer_;
  size_t sent_ = 0;  // of head and body together
  size_t lingered_ = 0;
  int requests_ = 0;
};

}  // namespace handlens::serve
