#include "dataset/rejected.h"

#include <cctype>
#include <map>

#include "base/text.h"

namespace handlens::dataset {
namespace {

// The reason with its numbers gone: "truncated JPEG at byte #".
std::string KindOf(std::string_view reason) {
  std::string kind;
  for (const char c : reason) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit) kind += c;
    else if (kind.empty() || kind.back() != '#') kind += '#';
  }
  return kind;
}

}  // namespace

std::vector<std::string> RejectedLines(std::span<const Rejected> rejected) {
  constexpr size_t kAlike = 4;
  std::map<std::string, size_t> counts;
  for (const Rejected& r : rejected) ++counts[KindOf(r.reason)];
  std::vector<std::string> lines;
  for (const Rejected& r : rejected) {
    const auto count = counts.find(KindOf(r.reason));
    if (count == counts.end()) continue;  // its line stands already
    const std::string line = Visible(r.path) + ": " + Visible(r.reason);
    if (count->second < kAlike) {
      lines.push_back(line);
      continue;
    }
    lines.push_back(Plural(count->second, "file", "files") + ", such as " + line);
    counts.erase(count);
  }
  return lines;
}

}  // namespace handlens::dataset
