// Claims about the server: only the folder's files, with the right headers; TLS with a certificate that is kept.
#include "serve/serve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <sys/stat.h>

#include <filesystem>

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

std::unique_ptr<Server> Started(const fs::path& site, Scope scope = Scope::kLoopback, const Certificate& certificate = {}) {
  auto files = ReadFolder(site);
  EXPECT_TRUE(files) << files.error().message;
  auto server = Server::Start(*files, scope, 0, certificate);
  EXPECT_TRUE(server) << server.error().message;
  return server ? *std::move(server) : nullptr;
}

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
  for (const char* path : {"/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/runtime/../../secret.txt", "//secret.txt",
                           "/link.txt", "/.hidden", "/runtime", "/runtime/", "/index.html/", "/%00", "/etc/passwd"}) {
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
