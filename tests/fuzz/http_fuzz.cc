// Whatever a browser, or something that is none, sends to `serve`: an answer that is a head and at most one
// range of one file of the folder, or no answer yet.
#include "fuzz.h"
#include "serve/http.h"

namespace {

using namespace handlens;
using namespace handlens::serve;

const fuzz::Seeds& SomeRequests() {
  static const fuzz::Seeds seeds = {
      "GET / HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
      "GET /bundle/app.json?x=%41#a HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=2-5\r\nIf-Range: "
      "\"e1\"\r\n\r\n",
      "HEAD /a%20b HTTP/1.0\r\nConnection: keep-alive\r\nIf-None-Match: \"e0\"\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: [::1]:1\r\nRange: bytes=-3\r\nConnection: close\r\n\r\nGET / HTTP/1.1\r\n",
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"};
  return seeds;
}

const Files& SomeFiles() {
  static const Files files = [] {
    Files some;
    some["/"] = std::make_shared<const ServedFile>(ServedFile{"text/html", "\"e0\"", "<!doctype html>"});
    some["/bundle/app.json"] =
        std::make_shared<const ServedFile>(ServedFile{"application/json", "\"e1\"", "{\"a\": 1}"});
    some["/a b"] = std::make_shared<const ServedFile>(ServedFile{"text/plain", "\"e2\"", ""});
    return some;
  }();
  return files;
}

// Nothing of a request may become a line of the answer's head.
void CheckHead(const Answer& answer) {
  HL_CHECK(answer.head.starts_with("HTTP/1.1 ") && answer.head.ends_with("\r\n\r\n"));
  HL_CHECK(answer.head.find("\r\n\r\n") == answer.head.size() - 4);
  for (size_t i = 0; i < answer.head.size(); ++i) {
    HL_CHECK(answer.head[i] != '\n' || (i > 0 && answer.head[i - 1] == '\r'));
    HL_CHECK(answer.head[i] != '\0');
  }
}

void CheckBody(const Answer& answer) {
  if (answer.body.empty()) return;
  HL_CHECK(answer.file != nullptr);
  const std::string& bytes = answer.file->bytes;
  HL_CHECK(answer.body.data() >= bytes.data() &&
           answer.body.data() + answer.body.size() <= bytes.data() + bytes.size());
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  return fuzz::MutateBytes({data, size, max_size, seed}, SomeRequests());
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const ParsedHead parsed = ParseHead({reinterpret_cast<const char*>(data), size});
  HL_CHECK(parsed.used <= size && parsed.used <= kMaxHeadBytes);
  if (parsed.status == 0) return 0;
  if (parsed.status != 200) {
    HL_CHECK(parsed.used == 0);
    CheckHead(AnswerWithError(parsed.status));
    return 0;
  }
  for (const Scope scope : {Scope::kLoopback, Scope::kLan}) {
    const Answer answer = AnswerTo(parsed.request, SomeFiles(), scope);
    CheckHead(answer);
    CheckBody(answer);
    HL_CHECK(!parsed.request.has_body || answer.close);
  }
  return 0;
}
