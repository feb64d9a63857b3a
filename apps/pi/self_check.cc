#include "self_check.h"

#include <algorithm>
#include <cmath>

#include "base/hash.h"

namespace handlens::device {
namespace {

// Another JPEG decoder gives other bytes; then the label must still be the same, with scores this close. Only
// originals are JPEG files.
constexpr double kOtherDecoderTolerance = 0.05;

size_t Best(const std::vector<float>& scores) {
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

// All scores within the limit, and the same label unless the computer's are a tie by as little.
bool Agree(const std::vector<float>& here, const std::vector<float>& computer, double limit) {
  if (here.size() != computer.size()) return false;
  for (size_t i = 0; i < here.size(); ++i) {
    if (!(std::abs(static_cast<double>(here[i]) - static_cast<double>(computer[i])) <= limit)) return false;
  }
  const size_t a = Best(here), b = Best(computer);
  return a == b || std::abs(static_cast<double>(computer[a]) - static_cast<double>(computer[b])) <= limit;
}

Result<Held> Run(const Pack& pack, Engine& engine, const Json& row, double tolerance) {
  HL_ASSIGN(const auto bytes, pack.File("check/" + row.at("file").get<std::string>()));
  HL_ASSIGN(const image::Decoded decoded, image::Decode(bytes));
  Answer answer = engine.Classify(decoded.image);
  const auto computer = row.at("scores").get<std::vector<float>>();
  Held held{.row = row,
            .input_equal = Sha256(answer.seen) == row.at("input_sha256").get<std::string>(),
            .scores = std::move(answer.scores)};
  held.bits_equal = held.scores == computer;
  const bool lossless = row.at("lossless");
  held.right = (held.input_equal || !lossless) &&
               Agree(held.scores, computer, held.input_equal ? tolerance : kOtherDecoderTolerance);
  return held;
}

}  // namespace

bool SelfCheck::passed() const {
  return golden.passed() && model_intact &&
         std::all_of(pictures.begin(), pictures.end(), [](const Held& held) { return held.right; });
}

Result<SelfCheck> RunSelfCheck(const Pack& pack, Engine& engine) {
  SelfCheck check;
  HL_ASSIGN(check.golden, RunGolden(pack));
  check.model_intact = engine.model_intact();
  HL_ASSIGN(check.file, pack.Record("check/check.json"));
  HL_ASSIGN(const auto rows, FromJson(check.file, "check/check.json", [](const Json& json) {
              return std::pair(json.at("pictures").get<std::vector<Json>>(),
                               json.at("tolerance").get<double>());
            }));
  for (const Json& row : rows.first) {
    HL_ASSIGN(Held held, Run(pack, engine, row, rows.second));
    check.pictures.push_back(std::move(held));
  }
  return check;
}

std::string Words(const SelfCheck& check) {
  const Golden& golden = check.golden;
  const auto count = [&](auto&& which) {
    return std::count_if(check.pictures.begin(), check.pictures.end(), which);
  };
  std::string text = fmt::format("pixels: {} of {} golden vectors equal", golden.equal, golden.count);
  if (golden.within_bound > 0)
    text +=
        fmt::format(", {} JPEG files within {} levels", golden.within_bound, golden.largest_jpeg_difference);
  text +=
      fmt::format("\nmodel: {}\n", check.model_intact ? "as it was packed" : "NOT THE ONE THAT WAS PACKED");
  text += fmt::format("held-out pictures: {} of {} score as on the computer, {} of them to the last bit\n",
                      count([](const Held& h) { return h.right; }), check.pictures.size(),
                      count([](const Held& h) { return h.bits_equal; }));
  for (const std::string& failed : golden.failed) text += fmt::format("FAILED: golden vector {}\n", failed);
  for (const Held& held : check.pictures) {
    if (!held.right) text += fmt::format("FAILED: {}\n", held.row.value("file", "?"));
  }
  return text + (check.passed() ? "self-check passed\n"
                                : "SELF-CHECK FAILED: do not rely on the answers of this device\n");
}

}  // namespace handlens::device
