// Writes the wrappers of a model whose labels try to leave their string literals, one folder a set of labels,
// and the labels beside them as labels.json. Usage: hostile_wrappers OUT. Used by tests/wrappers/run.sh.
#include <cstdio>

#include "base/json.h"
#include "base/rng.h"
#include "describe/describe.h"

namespace {

using namespace handlens;

// What ends a literal, starts an interpolation, an escape, a comment or a trigraph in one of the six
// languages, and letters of every length in UTF-8 and UTF-16.
const std::vector<std::string>& Pieces() {
  static const std::vector<std::string> pieces = {"\"",
                                                  "\\",
                                                  "'",
                                                  "`",
                                                  "$",
                                                  "${",
                                                  "$x",
                                                  "}",
                                                  "\\(",
                                                  ")",
                                                  "\\u{41}",
                                                  "\\u0022",
                                                  "\\\"",
                                                  "\"\"\"",
                                                  "#",
                                                  "\"#",
                                                  "/*",
                                                  "*/",
                                                  "//",
                                                  "?\?/",
                                                  "<!--",
                                                  "-->",
                                                  "\n",
                                                  "\r",
                                                  "\r\n",
                                                  "\t",
                                                  "\x7f",
                                                  "\xC2\x85",
                                                  "\xE2\x80\xA8",
                                                  "\xE2\x80\xA9",
                                                  "\xE2\x80\xAE",
                                                  "\xEF\xBB\xBF",
                                                  "\xC3\xA9",
                                                  "\xE6\x9E\xAB",
                                                  "\xF0\x9F\x8C\xB5",
                                                  "0",
                                                  "7",
                                                  "a",
                                                  " ",
                                                  ";",
                                                  ",",
                                                  "]",
                                                  ")",
                                                  "@NAME@",
                                                  "\\x41",
                                                  "%s",
                                                  "{0}"};
  return pieces;
}

std::vector<std::string> Labels(uint64_t set) {
  std::vector<std::string> labels;
  if (set == 0) {
    for (const std::string& piece : Pieces()) labels.push_back("a" + piece + "b");
    for (const std::string& piece : Pieces()) labels.push_back(piece);
  }
  Rng rng(set, "hostile wrappers");
  while (labels.size() < 120) {
    std::string label;
    for (uint32_t i = 1 + rng.Below(6); i > 0; --i)
      label += Pieces()[rng.Below(static_cast<uint32_t>(Pieces().size()))];
    labels.push_back(label);
  }
  return labels;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: hostile_wrappers OUT\n", stderr);
    return 2;
  }
  for (uint64_t set = 0; set < 8; ++set) {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / std::to_string(set);
    describe::Description description;
    description.labels = Labels(set);
    description.name = description.labels[set];
    description.notice = description.labels[set + 20];
    description.size_px = 32;
    if (set % 2 == 0) {
      description.referral.emplace();
      description.referral->label = static_cast<size_t>(set) + 3;
      description.referral->wanted.label = description.labels[description.referral->label];
      description.referral->from = 0.25;
    }
    for (const describe::Wrapper& wrapper : describe::Wrappers(description)) {
      if (!WriteFileAtomic(folder / wrapper.file_name, wrapper.text)) return 1;
    }
    if (!WriteFileAtomic(folder / "labels.json", Json(description.labels).dump())) return 1;
  }
  return 0;
}
