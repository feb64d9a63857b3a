#include "page.h"

#include <chrono>

#include "base/hash.h"
#include "base/json.h"
#include "page_files.h"
#include "record.h"

namespace handlens::device {
namespace {

serve::ServedFile FileOf(std::string_view name, std::string bytes) {
  std::string etag = fmt::format("\"{}\"", Sha256(bytes));
  return {std::string(serve::ContentType(name)), std::move(etag), std::move(bytes)};
}

Result<serve::Certificate> CertificateFor(const Facts& facts, const std::vector<std::string>& addresses) {
  std::vector<std::string> names = {"localhost", "127.0.0.1"};
  names.insert(names.end(), addresses.begin(), addresses.end());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return serve::ReadOrMakeCertificate(StateFolder(facts) / "serve.pem", names,
                                      std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

std::string WordsOf(serve::Scope scope, int port, const std::vector<std::string>& addresses,
                    const serve::Certificate& certificate) {
  if (scope == serve::Scope::kLoopback)
    return fmt::format("the answers are shown at http://localhost:{}/, to this device only\n", port);
  std::string text = "the answers are shown at";
  for (const std::string& address : addresses) text += fmt::format(" https://{}:{}/", address, port);
  return text + fmt::format(
                    "\nExposed to everyone in this network: the answers, the labels, and the picture as the "
                    "model sees it. Nothing else can be read,\n"
                    "and nothing can be sent here. The browser will warn, because this device's certificate "
                    "is its own. Its SHA-256 fingerprint:\n  {}\n",
                    certificate.fingerprint);
}

}  // namespace

Result<Page> Page::Start(const Facts& facts, int port, serve::Scope scope) {
  std::map<std::string, serve::ServedFile> files;
  for (const EmbeddedFile& file : PageFiles())
    files[fmt::format("/{}", file.name)] = FileOf(file.name, std::string(file.text));
  files["/"] = files["/index.html"];
  const Json about = {{"name", facts.name},
                      {"labels", facts.labels},
                      {"not_sure_below", facts.not_sure_below},
                      {"notice", facts.notice}};
  files["/about.json"] = FileOf(".json", about.dump());
  files["/live.json"] = FileOf(".json", "{}");
  const std::vector<std::string> addresses = serve::LanAddresses();
  serve::Certificate certificate;
  if (scope == serve::Scope::kLan) {
    if (addresses.empty())
      return Fail(ErrorKind::kResources, "this device is in no network; --loopback shows the page to itself");
    HL_ASSIGN(certificate, CertificateFor(facts, addresses));
  }
  Page page;
  HL_ASSIGN(page.server_, serve::Server::Start(std::move(files), scope, port, certificate));
  page.words_ = WordsOf(scope, page.server_->port(), addresses, certificate);
  return page;
}

void Page::Show(const Facts& facts, const Answer& answer, int side, int64_t frame) {
  const Bytes png = image::EncodePng(answer.seen, side, side);
  server_->Publish("/seen.png", FileOf(".png", std::string(png.begin(), png.end())));
  Json possible = nullptr;  // the model does not say
  if (facts.possible_from > 0) {
    possible = Json::array();
    for (const size_t label : answer.possible) possible.push_back(facts.labels[label]);
  }
  const Json live = {
      {"frame", frame},       {"say", WordOf(answer.say)}, {"label", facts.labels[answer.label]},
      {"possible", possible}, {"scores", answer.scores},   {"milliseconds", answer.milliseconds}};
  server_->Publish("/live.json", FileOf(".json", live.dump()));
}

}  // namespace handlens::device
