#include "serve/http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace handlens::serve {
namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// Letters, digits and the signs of RFC 9110, 5.6.2.
bool IsToken(std::string_view text) {
  constexpr std::string_view kSigns = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kSigns.find(c) != std::string_view::npos;
  });
}

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "/a%20b?c" -> "/a b"; nullopt for what is no path. Names are looked up whole, so that ".." means nothing
// here.
std::optional<std::string> PathOf(std::string_view target) {
  if (const std::string lower = Lower(target.substr(0, 8));
      lower.starts_with("http://") || lower.starts_with("https://")) {
    const size_t slash = target.find('/', target.find("//") + 2);
    target = slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  if (!target.starts_with('/')) return std::nullopt;
  target = target.substr(0, target.find('?'));
  std::string path;
  for (size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '%') {
      path += target[i];
      continue;
    }
    if (i + 2 >= target.size() || HexDigit(target[i + 1]) < 0 || HexDigit(target[i + 2]) < 0)
      return std::nullopt;
    path += static_cast<char>(16 * HexDigit(target[i + 1]) + HexDigit(target[i + 2]));
    i += 2;
  }
  return path;
}

// 200 when the line is a request line.
int ReadRequestLine(std::string_view line, Request& request, bool& is_1_0) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return 400;
  const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (!IsToken(method) || !version.starts_with("HTTP/") || target.find(' ') != std::string_view::npos)
    return 400;
  is_1_0 = version == "HTTP/1.0";
  if (!is_1_0 && version != "HTTP/1.1") return 505;
  auto path = PathOf(target);
  if (!path) return 400;
  request.method = method;
  request.path = *std::move(path);
  request.keep_alive = !is_1_0;
  return 200;
}

int ReadHeader(std::string_view line, Request& request, int& hosts) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos || !IsToken(line.substr(0, colon))) return 400;
  const std::string name = Lower(line.substr(0, colon));
  const std::string_view value = Trimmed(line.substr(colon + 1));
  if (name == "host") {
    request.host = Lower(value);
    ++hosts;
  } else if (name == "connection") {
    const std::string words = Lower(value);
    if (words.find("close") != std::string::npos) request.keep_alive = false;
    if (words.find("keep-alive") != std::string::npos) request.keep_alive = true;
  } else if (name == "content-length") {
    request.has_body = request.has_body || value != "0";
  } else if (name == "transfer-encoding") {
    request.has_body = true;
  } else if (name == "if-none-match") {
    request.if_none_match = value;
  } else if (name == "if-range") {
    request.if_range = value;
  } else if (name == "range") {
    // Two headers are as much as two ranges.
    request.range += (request.range.empty() ? "" : ",") + std::string(value);
  }
  return 200;
}

const char* ReasonOf(int status) {
  constexpr std::array kReasons = {std::pair{200, "OK"},
                                   std::pair{206, "Partial Content"},
                                   std::pair{304, "Not Modified"},
                                   std::pair{400, "Bad Request"},
                                   std::pair{404, "Not Found"},
                                   std::pair{405, "Method Not Allowed"},
                                   std::pair{413, "Content Too Large"},
                                   std::pair{416, "Range Not Satisfiable"},
                                   std::pair{421, "Misdirected Request"},
                                   std::pair{431, "Request Header Fields Too Large"},
                                   std::pair{505, "HTTP Version Not Supported"}};
  const auto found =
      std::find_if(kReasons.begin(), kReasons.end(), [&](const auto& each) { return each.first == status; });
  return found == kReasons.end() ? "Error" : found->second;
}

void AddHeader(std::string& head, std::string_view name, std::string_view value) {
  head += fmt::format("{}: {}\r\n", name, value);
}

void Begin(Answer& answer, int status) {
  answer.status = status;
  answer.head = fmt::format("HTTP/1.1 {} {}\r\n", status, ReasonOf(status));
  AddHeader(answer.head, "Content-Security-Policy", kContentSecurityPolicy);
  AddHeader(answer.head, "X-Content-Type-Options", "nosniff");
  AddHeader(answer.head, "Referrer-Policy", "no-referrer");
  AddHeader(answer.head, "Cross-Origin-Opener-Policy", "same-origin");
  AddHeader(answer.head, "Cross-Origin-Resource-Policy", "same-origin");
  AddHeader(answer.head, "Permissions-Policy", "camera=(self), microphone=(), geolocation=()");
  AddHeader(answer.head, "Cache-Control",
            "no-cache");  // kept, but asked for every time: the ETag says whether it changed
}

void End(Answer& answer) {
  AddHeader(answer.head, "Connection", answer.close ? "close" : "keep-alive");
  answer.head += "\r\n";
}

Answer Empty(int status, const Request& request) {
  Answer answer;
  Begin(answer, status);
  if (status == 405) AddHeader(answer.head, "Allow", "GET, HEAD");
  AddHeader(answer.head, "Content-Length", "0");
  answer.close = !request.keep_alive || request.has_body;
  End(answer);
  return answer;
}

// On loopback only this computer's own names are answered, so that no page of another host can reach us under
// a name that it let point to 127.0.0.1 (DNS rebinding).
bool IsLocalHost(std::string host) {
  const size_t colon = host.rfind(':');
  if (colon != std::string::npos && host.find(']', colon) == std::string::npos) host.resize(colon);
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

std::optional<uint64_t> Digits(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct ByteRange {
  size_t first = 0, count = 0;
};
// "bytes=2-5", "bytes=2-", "bytes=-3" of a file of `size` bytes; nullopt for none that can be sent.
std::optional<ByteRange> RangeOf(std::string_view text, size_t size) {
  text.remove_prefix(std::string_view("bytes=").size());
  const size_t dash = text.find('-');
  if (dash == std::string_view::npos || size == 0) return std::nullopt;
  const auto first = Digits(Trimmed(text.substr(0, dash))), last = Digits(Trimmed(text.substr(dash + 1)));
  if (dash == 0) {
    if (!last || *last == 0) return std::nullopt;
    const size_t count = static_cast<size_t>(std::min<uint64_t>(*last, size));
    return ByteRange{size - count, count};
  }
  const bool open = Trimmed(text.substr(dash + 1)).empty();
  if (!first || *first >= size || (!open && (!last || *last < *first))) return std::nullopt;
  const uint64_t end = open ? size - 1 : std::min<uint64_t>(*last, size - 1);
  return ByteRange{static_cast<size_t>(*first), static_cast<size_t>(end - *first + 1)};
}

Answer FileAnswer(const Request& request, const std::shared_ptr<const ServedFile>& served) {
  const ServedFile& file = *served;
  const bool ranged = Lower(request.range).starts_with("bytes=") &&
                      (request.if_range.empty() || request.if_range == file.etag);
  const auto range =
      ranged ? RangeOf(request.range, file.bytes.size()) : std::optional(ByteRange{0, file.bytes.size()});
  Answer answer;
  Begin(answer, !range ? 416 : ranged ? 206 : 200);
  AddHeader(answer.head, "ETag", file.etag);
  AddHeader(answer.head, "Accept-Ranges", "bytes");
  if (!range) {
    AddHeader(answer.head, "Content-Range", fmt::format("bytes */{}", file.bytes.size()));
    AddHeader(answer.head, "Content-Length", "0");
  } else {
    if (ranged) {
      AddHeader(
          answer.head, "Content-Range",
          fmt::format("bytes {}-{}/{}", range->first, range->first + range->count - 1, file.bytes.size()));
    }
    AddHeader(answer.head, "Content-Type", file.type);
    AddHeader(answer.head, "Content-Length", fmt::format("{}", range->count));
    answer.file = served;
    if (request.method == "GET")
      answer.body = std::string_view(file.bytes).substr(range->first, range->count);
  }
  answer.close = !request.keep_alive || request.has_body;
  End(answer);
  return answer;
}

}  // namespace

ParsedHead ParseHead(std::string_view bytes) {
  ParsedHead parsed;
  const size_t end = bytes.substr(0, kMaxHeadBytes).find("\r\n\r\n");
  if (end == std::string_view::npos) {
    parsed.status = bytes.size() >= kMaxHeadBytes ? 431 : 0;
    return parsed;
  }
  std::string_view lines = bytes.substr(0, end + 2);
  bool is_1_0 = false;
  int hosts = 0;
  for (size_t number = 0; !lines.empty(); ++number) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(line.size() + 2);
    if (number > kMaxHeaders) parsed.status = 431;
    else if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) parsed.status = 400;
    else
      parsed.status = number == 0 ? ReadRequestLine(line, parsed.request, is_1_0)
                                  : ReadHeader(line, parsed.request, hosts);
    if (parsed.status != 200) return parsed;
  }
  if (hosts > 1 || (hosts == 0 && !is_1_0)) {
    parsed.status = 400;  // RFC 9112, 3.2
    return parsed;
  }
  parsed.used = end + 4;
  return parsed;
}

Answer AnswerTo(const Request& request, const Files& files, Scope scope) {
  if (scope == Scope::kLoopback && !IsLocalHost(request.host)) return Empty(421, request);
  if (request.method != "GET" && request.method != "HEAD") return Empty(405, request);
  if (request.has_body) return Empty(413, request);
  const auto file = files.find(request.path);
  if (file == files.end()) return Empty(404, request);
  if (request.if_none_match != file->second->etag) return FileAnswer(request, file->second);
  Answer answer;
  Begin(answer, 304);
  AddHeader(answer.head, "ETag", file->second->etag);
  answer.close = !request.keep_alive;
  End(answer);
  return answer;
}

Answer AnswerWithError(int status) {
  Request request;
  request.keep_alive = false;
  return Empty(status, request);
}

}  // namespace handlens::serve
