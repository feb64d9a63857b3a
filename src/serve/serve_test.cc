// Claims about the server: only the folder's files, with the right headers; TLS with a certificate that is
// kept.
#include "serve/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <tuple>

#include "base/disk.h"
#include "base/hash.h"

namespace handlens::serve {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr int64_t kNow = 1'760'000'000;

fs::path Folder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-serve-" + name);
  fs::remove_all(folder);
  EXPECT_TRUE(MakeFolder(folder));
  return folder;
}

fs::path Site(const std::string& name) {
  const fs::path folder = Folder(name) / "site";
  EXPECT_TRUE(WriteFileAtomic(folder / "index.html", std::string_view("<p>hello")));
  EXPECT_TRUE(WriteFileAtomic(folder / "runtime/a.wasm", std::string_view("\0asm", 4)));
  EXPECT_TRUE(WriteFileAtomic(folder / ".hidden", std::string_view("no")));
  EXPECT_TRUE(WriteFileAtomic(folder.parent_path() / "secret.txt", std::string_view("secret")));
  fs::create_symlink(folder.parent_path() / "secret.txt", folder / "link.txt");
  return folder;
}

std::unique_ptr<Server> Started(const fs::path& site, Scope scope = Scope::kLoopback,
                                const Certificate& certificate = {}) {
  auto files = ReadFolder(site);
  EXPECT_TRUE(files) << files.error().message;
  auto server = Server::Start(*files, scope, 0, certificate);
  EXPECT_TRUE(server) << server.error().message;
  return server ? *std::move(server) : nullptr;
}

// A connection that says exactly what it is told.
class Raw {
 public:
  explicit Raw(int port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Raw() { ::close(socket_); }
  Raw(const Raw&) = delete;
  Raw& operator=(const Raw&) = delete;
  int socket() const { return socket_; }
  void Send(const std::string& text) const {
    EXPECT_EQ(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  // Until the server closes.
  std::string ReadAll() const {
    std::string all(65536, '\0');
    size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < all.size();
         size += static_cast<size_t>(std::max<ssize_t>(got, 0))) {
      got = ::recv(socket_, all.data() + size, all.size() - size, 0);
    }
    all.resize(size);
    return all;
  }
  // Of the first answer; 0 when there is none.
  int Status() const {
    char line[13] = "";
    return ::recv(socket_, line, 12, MSG_WAITALL) == 12 ? std::atoi(line + 9) : 0;
  }

 private:
  const int socket_;
};

TEST(Serve, GivesFilesWithTypesAndHeaders) {
  const auto server = Started(Site("headers"));
  httplib::Client client("127.0.0.1", server->port());
  const auto page = client.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->body, "<p>hello");
  EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(page->get_header_value("Content-Security-Policy"), kContentSecurityPolicy);
  EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
  const auto wasm = client.Get("/runtime/a.wasm");
  ASSERT_TRUE(wasm);
  EXPECT_EQ(wasm->get_header_value("Content-Type"), "application/wasm");
  EXPECT_EQ(wasm->body, std::string("\0asm", 4));
  EXPECT_EQ(wasm->get_header_value("ETag"), "\"" + Sha256(std::string_view("\0asm", 4)) + "\"");
  EXPECT_EQ(server->answered(), 2);
}

TEST(Serve, AnswersNotModifiedToAKnownEtag) {
  const auto server = Started(Site("etag"));
  httplib::Client client("127.0.0.1", server->port());
  const std::string etag = client.Get("/index.html")->get_header_value("ETag");
  const auto again = client.Get("/index.html", {{"If-None-Match", etag}});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->status, 304);
  EXPECT_EQ(again->body, "");
}

TEST(Serve, ReachesNothingOutsideItsFolder) {
  const auto server = Started(Site("outside"));
  httplib::Client client("127.0.0.1", server->port());
  client.set_url_encode(false);
  for (const char* path : {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
                           "/runtime/../../secret.txt", "//secret.txt", "/link.txt", "/.hidden", "/runtime",
                           "/runtime/", "/index.html/", "/%00", "/etc/passwd"}) {
    const auto answer = client.Get(path);
    ASSERT_TRUE(answer) << path;
    EXPECT_NE(answer->status, 200) << path;
    EXPECT_THAT(answer->body, Not(HasSubstr("secret"))) << path;
  }
}

TEST(Serve, TakesNothing) {
  const auto server = Started(Site("takes"));
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Post("/index.html", "x", "text/plain")->status, 405);
  EXPECT_EQ(client.Put("/index.html", "x", "text/plain")->status, 405);
  EXPECT_EQ(client.Delete("/index.html")->status, 405);
  const auto head = client.Head("/index.html");
  EXPECT_EQ(head->status, 200);
  EXPECT_EQ(head->body, "");
}

TEST(Serve, OnLoopbackAnswersToItsOwnNamesOnly) {
  const auto server = Started(Site("rebinding"));
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Get("/", {{"Host", "evil.example:80"}})->status, 421);
  EXPECT_EQ(client.Get("/", {{"Host", "localhost:80"}})->status, 200);
  EXPECT_EQ(client.Get("/", {{"Host", "[::1]:80"}})->status, 200);
}

TEST(Serve, SpeaksTlsOnTheLan) {
  const fs::path site = Site("tls");
  const fs::path pem = site.parent_path() / "serve.pem";
  const auto certificate = ReadOrMakeCertificate(pem, {"localhost", "127.0.0.1"}, kNow);
  ASSERT_TRUE(certificate) << certificate.error().message;
  const auto server = Started(site, Scope::kLan, *certificate);
  httplib::SSLClient client("127.0.0.1", server->port());
  client.enable_server_certificate_verification(false);
  const auto page = client.Get("/");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  httplib::Client plain("127.0.0.1", server->port());
  EXPECT_FALSE(plain.Get("/"));
}

// Only versions that nobody has broken.
TEST(Serve, SpeaksNoTlsBefore12) {
  const fs::path site = Site("tls-old");
  const auto certificate =
      ReadOrMakeCertificate(site.parent_path() / "own/serve.pem", {"localhost", "127.0.0.1"}, kNow);
  ASSERT_TRUE(certificate) << certificate.error().message;
  const auto server = Started(site, Scope::kLan, *certificate);
  const auto speaks = [&](int version) {
    const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()),
                                                               SSL_CTX_free);
    // As old clients are: whatever they can.
    SSL_CTX_set_security_level(context.get(), 0);
    SSL_CTX_set_min_proto_version(context.get(), version);
    SSL_CTX_set_max_proto_version(context.get(), version);
    const Raw raw(server->port());
    const std::unique_ptr<SSL, void (*)(SSL*)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), raw.socket());
    return SSL_connect(ssl.get()) == 1;
  };
  EXPECT_FALSE(speaks(TLS1_VERSION));
  EXPECT_FALSE(speaks(TLS1_1_VERSION));
  EXPECT_TRUE(speaks(TLS1_2_VERSION));
  EXPECT_TRUE(speaks(TLS1_3_VERSION));
}

TEST(Serve, SendsOneRangeARequestAtMost) {
  const fs::path site = Site("ranges");
  ASSERT_TRUE(WriteFileAtomic(site / "big.bin", std::string(1'000'000, 'x')));
  const auto server = Started(site);
  httplib::Client client("127.0.0.1", server->port());
  const auto with = [&](const std::string& range) { return client.Get("/big.bin", {{"Range", range}}); };
  for (const auto& [range, from, count] : {std::tuple{"bytes=2-5", 2, 4},
                                           {"bytes=999990-", 999990, 10},
                                           {"bytes=-3", 999997, 3},
                                           {"bytes=0-99999999", 0, 1'000'000}}) {
    const auto answer = with(range);
    ASSERT_TRUE(answer) << range;
    EXPECT_EQ(answer->status, 206) << range;
    EXPECT_EQ(answer->body.size(), static_cast<size_t>(count)) << range;
    EXPECT_EQ(answer->get_header_value("Content-Range"),
              fmt::format("bytes {}-{}/1000000", from, from + count - 1));
  }
  std::string many = "bytes=0-";
  for (int i = 0; i < 290; ++i) many += ",0-";
  for (const std::string& range :
       {std::string("bytes=0-1,3-4"), many, std::string("bytes=5-2"), std::string("bytes=1000000-"),
        std::string("bytes=-0"), std::string("bytes=x"), std::string("bytes=18446744073709551616-")}) {
    const auto answer = with(range);
    ASSERT_TRUE(answer) << range;
    EXPECT_EQ(answer->status, 416) << range;
    EXPECT_EQ(answer->body.size(), 0u) << range;
  }
  // Another unit, or a range of a version that is gone: the whole file.
  EXPECT_EQ(with("lines=1-2")->status, 200);
  EXPECT_EQ(client.Get("/big.bin", {{"Range", "bytes=0-1"}, {"If-Range", "\"old\""}})->status, 200);
}

TEST(Serve, TakesHostWithoutCase) {
  const auto server = Started(Site("host-case"));
  httplib::Client client("127.0.0.1", server->port());
  EXPECT_EQ(client.Get("/", {{"Host", "LocalHost:80"}})->status, 200);
  EXPECT_EQ(client.Get("/", {{"Host", "LOCALHOST"}})->status, 200);
  EXPECT_EQ(client.Get("/", {{"Host", "Evil.Example"}})->status, 421);
}

TEST(Serve, BoundsWhatItReads) {
  const auto server = Started(Site("bounds"));
  const auto status = [&](const std::string& text) {
    const Raw raw(server->port());
    raw.Send(text);
    return raw.Status();
  };
  const std::string line = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_EQ(status(line + "\r\n"), 200);
  EXPECT_EQ(status(line + "A: " + std::string(9000, 'x')), 431);
  EXPECT_EQ(status("GET /" + std::string(9000, 'x')), 431);
  std::string headers;
  for (int i = 0; i < 65; ++i) headers += "A: b\r\n";
  EXPECT_EQ(status(line + headers + "\r\n"), 431);
  // A body is never read, however long it says that it is.
  EXPECT_EQ(status(line + "Content-Length: 1000000000000\r\n\r\n" + std::string(2000, 'x')), 413);
  EXPECT_EQ(status(line + "Content-Length: 1\r\n\r\n"), 413);
  EXPECT_EQ(status(line + "Transfer-Encoding: chunked\r\n\r\n"), 413);
  for (const char* bad : {"GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "GET  HTTP/1.1\r\nHost: a\r\n\r\n",
                          "GET a HTTP/1.1\r\nHost: a\r\n\r\n", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n",
                          "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                          "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "\x16\x03\x01\r\n\r\n"}) {
    EXPECT_EQ(status(bad), 400) << bad;
  }
  EXPECT_EQ(status("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
}

TEST(Serve, AnswersRequestsThatComeTogether) {
  const auto server = Started(Site("pipelined"));
  const Raw raw(server->port());
  const std::string one = "GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n";
  raw.Send(one + one + "GET /index.html HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const std::string all = raw.ReadAll();
  size_t count = 0;
  for (size_t at = all.find("HTTP/1.1 200"); at != std::string::npos; at = all.find("HTTP/1.1 200", at + 1))
    ++count;
  EXPECT_EQ(count, 3u);
  EXPECT_EQ(server->answered(), 3);
}

// Eight clients that are silent, trickle a header, or take nothing of a large answer; an honest one beside
// them is served at once. The bound is generous: before, it waited for the slow ones' ten seconds and more.
TEST(Serve, SlowClientsDelayNobody) {
  const fs::path site = Site("slow");
  ASSERT_TRUE(WriteFileAtomic(site / "big.bin", std::string(20'000'000, 'x')));
  const auto server = Started(site);
  std::vector<std::unique_ptr<Raw>> slow;
  for (int i = 0; i < 24; ++i) {
    slow.push_back(std::make_unique<Raw>(server->port()));
    if (i % 3 == 1) slow.back()->Send("GET / HTTP/1.1\r\nHost: loc");
    if (i % 3 == 2) slow.back()->Send("GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    httplib::Client client("127.0.0.1", server->port());
    const auto answer = client.Get("/index.html");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
}

TEST(Serve, RefusesATakenPort) {
  const fs::path site = Site("port");
  const auto server = Started(site);
  const auto second = Server::Start(*ReadFolder(site), Scope::kLoopback, server->port(), {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kUsage);
  EXPECT_THAT(second.error().message, HasSubstr("--port"));
}

TEST(Serve, RefusesAFolderWithoutAnApp) {
  const auto files = ReadFolder(Folder("empty"));
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message, HasSubstr("handlens app RUN --target web"));
}

TEST(Serve, GivesWhatWasPublishedLast) {
  const auto server = Started(Site("published"));
  httplib::Client client("127.0.0.1", server->port());
  ASSERT_EQ(client.Get("/live.json")->status, 404);
  for (const std::string text : {"one", "two"}) {
    server->Publish("/live.json", {"application/json", "\"" + text + "\"", text});
    // Whoever asks before the next turn may still get the old one.
    httplib::Result answer = client.Get("/live.json");
    for (int i = 0; i < 100 && answer->body != text; ++i) answer = client.Get("/live.json");
    EXPECT_EQ(answer->body, text);
    EXPECT_EQ(answer->get_header_value("ETag"), "\"" + text + "\"");
  }
  EXPECT_EQ(client.Get("/")->body, "<p>hello");
}

// A file that is replaced while somebody takes it slowly: all of the old one arrives.
TEST(Serve, FinishesTheFileThatItBeganWhenAnotherIsPublished) {
  const auto server = Started(Site("replaced"));
  const std::string old(8 << 20, 'a');
  server->Publish("/big", {"text/plain", "\"a\"", old});
  httplib::Client client("127.0.0.1", server->port());
  for (int i = 0; i < 100 && client.Get("/big")->status != 200; ++i) {}
  const Raw slow(server->port());
  slow.Send("GET /big HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  ASSERT_EQ(slow.Status(), 200);
  server->Publish("/big", {"text/plain", "\"b\"", "b"});
  while (client.Get("/big")->body != "b") {}
  size_t as = 0;
  for (std::string part = slow.ReadAll(); !part.empty(); part = slow.ReadAll())
    as += static_cast<size_t>(std::count(part.begin(), part.end(), 'a'));
  EXPECT_GE(as, old.size());
}

TEST(Certificate, IsKeptUntilItExpiresOrANameIsMissing) {
  const fs::path pem = Folder("certificate") / "sub/serve.pem";
  const auto first = ReadOrMakeCertificate(pem, {"localhost", "192.0.2.7"}, kNow);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(first->fingerprint.size(), 32u * 3 - 1);
  struct stat status {};
  ASSERT_EQ(stat(pem.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(ReadOrMakeCertificate(pem, {"192.0.2.7"}, kNow + 86400)->fingerprint, first->fingerprint);
  const auto other_name = ReadOrMakeCertificate(pem, {"192.0.2.8"}, kNow);
  EXPECT_NE(other_name->fingerprint, first->fingerprint);
  const auto expired = ReadOrMakeCertificate(pem, {"192.0.2.8"}, kNow + int64_t{400} * 86400);
  EXPECT_NE(expired->fingerprint, other_name->fingerprint);
}

TEST(Certificate, NeverOverwritesAnotherFile) {
  const fs::path pem = Folder("other-file") / "serve.pem";
  ASSERT_TRUE(WriteFileAtomic(pem, std::string_view("my diary")));
  const auto certificate = ReadOrMakeCertificate(pem, {"localhost"}, kNow);
  ASSERT_FALSE(certificate);
  EXPECT_EQ(certificate.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(*ReadText(pem), "my diary");
}

TEST(QrCode, IsASquareOfHalfBlocks) {
  // Version 1 has 21 modules; with the quiet zone 25 columns and 13 lines.
  const std::string code = QrCode("http://a");
  EXPECT_EQ(std::count(code.begin(), code.end(), '\n'), 13);
  const std::string first = code.substr(0, code.find('\n'));
  std::string full;
  for (int i = 0; i < 25; ++i) full += "█";
  EXPECT_EQ(first, full);
}

}  // namespace
}  // namespace handlens::serve
