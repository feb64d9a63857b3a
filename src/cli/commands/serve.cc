// The command `serve`: a run's web app for browsers on this computer or, when asked, nearby. Nothing is
// opened by itself.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "base/shell_word.h"
#include "base/text.h"
#include "cli/commands/command.h"
#include "pipeline/steps.h"
#include "serve/serve.h"

namespace handlens::cli {
namespace fs = std::filesystem;
using namespace pipeline;
namespace {

struct Place {
  std::string url;                  // what people type or scan
  std::vector<std::string> others;  // the same under other addresses
};

Place PlaceOf(serve::Scope scope, int port, const std::vector<std::string>& addresses) {
  if (scope == serve::Scope::kLoopback) return {fmt::format("http://localhost:{}/", port), {}};
  Place place;
  for (const std::string& address : addresses)
    place.others.push_back(fmt::format("https://{}:{}/", address, port));
  place.url = place.others.front();
  place.others.erase(place.others.begin());
  return place;
}

// RUN/apps/web, or the folder itself when it is a packed app. A run with a described model gets its web app
// packed now: it takes a second or two, and whoever says `serve` wants to see it.
Result<fs::path> AppFolder(Call& call) {
  const fs::path given = call.arguments[0];
  std::error_code error;
  if (fs::exists(given / "precache.json", error)) return given;
  const fs::path packed = given / "apps/web";
  if (fs::exists(packed / "precache.json", error)) return packed;
  HL_ASSIGN(const std::unique_ptr<Run> run, Open(call, given));
  if (!fs::exists(run->At("model/preprocess.json"), error)) {
    return Fail(
        ErrorKind::kBadInput,
        "{}: no model yet; make it with `handlens verify {} --yes`, which trains what is missing, then "
        "serve it",
        given.string(), ShellWord(given.string()));
  }
  call.terminal->Say(fmt::format("{}: no web app yet; packing it, as `handlens app {} --target web` does",
                                 given.string(), given.string()));
  HL_TRY(DoOne(*run, package::FactsOf(package::Target::kWeb).step));
  return packed;
}

fs::path ConfigFolder() {
  const char* const config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config != '\0') return fs::path(config) / "handlens";
  const char* const home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".config/handlens";
}

Result<serve::Certificate> CertificateFor(const std::vector<std::string>& addresses) {
  const fs::path folder = ConfigFolder();
  std::vector<std::string> names = {"localhost", "127.0.0.1"};
  names.insert(names.end(), addresses.begin(), addresses.end());
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return serve::ReadOrMakeCertificate(folder / "serve.pem", names,
                                      std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

std::string WordsOf(const fs::path& folder, serve::Scope scope, const Place& place,
                    const serve::Certificate& certificate) {
  if (scope == serve::Scope::kLoopback) {
    return fmt::format(
        "serving {} at\n  {}\nfor this computer only; --lan serves it to phones nearby. Ctrl-C ends it.\n",
        folder.string(), place.url);
  }
  std::string text = fmt::format("serving {} at\n  {}\n", folder.string(), place.url);
  for (const std::string& other : place.others) text += "  " + other + "\n";
  text += "\n" + serve::QrCode(place.url) + "\n";
  text +=
      "Exposed to everyone in this network, until Ctrl-C: the app, its model and card, and the held-out "
      "pictures with their\n"
      "labels. Nothing else can be read, and nothing can be sent here.\n";
  text += fmt::format(
      "The browser will warn, because this computer's certificate is its own. Its SHA-256 fingerprint is\n  "
      "{}\n",
      certificate.fingerprint);
  return text;
}

}  // namespace

Result<Outcome> CommandServe(Call& call) {
  HL_ASSIGN(const fs::path folder, AppFolder(call));
  HL_ASSIGN(const Settings settings, MergeSettings(call));
  const Wanted::Call& asked = settings.wanted().call;
  if (asked.lan && asked.loopback) return Fail(ErrorKind::kUsage, "--lan and --loopback exclude each other");
  const serve::Scope scope = asked.lan ? serve::Scope::kLan : serve::Scope::kLoopback;
  HL_ASSIGN(auto files, serve::ReadFolder(folder));
  const std::vector<std::string> addresses = serve::LanAddresses();
  serve::Certificate certificate;
  if (scope == serve::Scope::kLan) {
    if (addresses.empty())
      return Fail(ErrorKind::kResources,
                  "this computer is in no network; without --lan the app is served to itself");
    HL_ASSIGN(certificate, CertificateFor(addresses));
  }
  HL_ASSIGN(const auto server, serve::Server::Start(std::move(files), scope, asked.port, certificate));
  const Place place = PlaceOf(scope, server->port(), addresses);
  const std::string words = WordsOf(folder, scope, place, certificate);
  // The address is needed while the server runs; with --json the one document comes at the end.
  if (call.terminal->style().json) call.terminal->Say(place.url);
  else call.terminal->PrintResult(words, {});
  std::cout.flush();
  while (!call.terminal->StopRequested()) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  Outcome outcome;
  outcome.json = {{"command", "serve"},
                  {"folder", folder.string()},
                  {"url", place.url},
                  {"scope", scope == serve::Scope::kLan ? "lan" : "loopback"},
                  {"answered", server->answered()}};
  if (scope == serve::Scope::kLan) outcome.json["certificate_sha256"] = certificate.fingerprint;
  outcome.text = fmt::format("answered {}\n", Count(server->answered(), "request"));
  return outcome;
}

}  // namespace handlens::cli
