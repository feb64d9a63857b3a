// Requests and answers of HTTP/1.1 as bytes (RFC 9112): what is read of a request, and what is said to it. No
// sockets, no clocks. Not for other rooms.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/serve.h"

namespace handlens::serve {

// No honest request for a file comes near these.
inline constexpr size_t kMaxHeadBytes = 8192;  // request line and headers
inline constexpr size_t kMaxHeaders = 64;

struct Request {
  std::string method;  // "GET"
  std::string path;    // decoded, without the query: "/bundle/app.json"
  std::string host;    // in small letters, empty when there is none
  std::string if_none_match, if_range, range;
  bool keep_alive = true;
  bool has_body = false;  // which nobody will read
};

struct ParsedHead {
  int status = 0;   // 0 = more bytes are needed, 200 = a request, else what to answer before closing
  size_t used = 0;  // bytes of `bytes` that the head takes; 0 unless status is 200
  Request request;
};
// Reads the head of the request that begins `bytes`.
ParsedHead ParseHead(std::string_view bytes);

// What is sent: `head` ends with its empty line; `body` refers to `file`, which stays as long as the answer,
// whatever is published meanwhile.
struct Answer {
  int status = 200;
  std::string head;
  std::shared_ptr<const ServedFile> file;
  std::string_view body;
  bool close = false;  // nothing more is said on this connection
};
using Files = std::map<std::string, std::shared_ptr<const ServedFile>>;
// One range of a file at most: a request for several, or for one outside, gets 416.
Answer AnswerTo(const Request& request, const Files& files, Scope scope);
// For a request that could not be read.
Answer AnswerWithError(int status);

}  // namespace handlens::serve
