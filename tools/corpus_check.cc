// corpus_check FOLDER: decodes every file that FOLDER/expected.csv names and prints the counts per
// expectation.
//
// expected.csv has a header and the columns file, expect (decode, reject, either), upright_w, upright_h,
// mean_r, mean_g, mean_b (empty where unknown) and note, in any order. A file that must decode does so with
// the right upright size and a mean within 2 levels; of pictures with alpha only the size is compared,
// because the reference means leave alpha out. A file that must be rejected gives one line. Any file may take
// 5 seconds at most. Exit code 0 when all is as expected.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "image/image.h"

namespace {

using handlens::image::Decoded;
using Row = std::vector<std::string>;

constexpr double kMaxMeanDifference = 2.0;
constexpr double kMaxSeconds = 5.0;

// RFC 4180.
std::vector<Row> ParseCsv(const std::string& text) {
  std::vector<Row> rows(1, Row(1));
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
      rows.back().back() += text[++i];
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && c == ',') {
      rows.back().emplace_back();
    } else if (!quoted && c == '\n') {
      rows.emplace_back(1);
    } else if (c != '\r' || quoted) {
      rows.back().back() += c;
    }
  }
  if (rows.back().size() == 1) rows.pop_back();
  return rows;
}

struct Table {
  std::map<std::string, size_t> columns;
  std::string Field(const Row& row, const std::string& name) const {
    const auto found = columns.find(name);
    return found == columns.end() || found->second >= row.size() ? "" : row[found->second];
  }
};

// What is wrong with a decoded picture; empty when nothing.
std::string Compare(const Decoded& decoded, const Row& row, const Table& table) {
  const auto& image = decoded.image;
  const std::string width = table.Field(row, "upright_w"), height = table.Field(row, "upright_h");
  if (!width.empty() && (std::to_string(image.width) != width || std::to_string(image.height) != height)) {
    return fmt::format("is {} x {}, not {} x {}", image.width, image.height, width, height);
  }
  if (decoded.facts.has_alpha || table.Field(row, "mean_r").empty()) return "";
  double sums[3] = {};
  for (size_t i = 0; i < image.rgb.size(); ++i) sums[i % 3] += image.rgb[i];
  const char* names[3] = {"mean_r", "mean_g", "mean_b"};
  for (size_t c = 0; c < 3; ++c) {
    const double mean = sums[c] / (static_cast<double>(image.rgb.size()) / 3);
    const double expected = std::strtod(table.Field(row, names[c]).c_str(), nullptr);
    if (std::abs(mean - expected) > kMaxMeanDifference) {
      return fmt::format("{} is {:.1f}, not {:.1f} ({}, {} bits)", names[c], mean, expected,
                         decoded.facts.colour, decoded.facts.bits);
    }
  }
  return "";
}

// What is wrong with a file's outcome; empty when it is as expected.
std::string Judge(const handlens::Result<handlens::image::Decoded>& decoded, const std::string& expect,
                  const Row& row, const Table& table) {
  if (expect == "decode" && !decoded) return decoded.error().message;
  if (expect == "reject") return decoded ? "decodes" : "";
  return decoded ? Compare(*decoded, row, table) : "";
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: corpus_check FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  const auto text = handlens::ReadText(folder / "expected.csv");
  if (!text) {
    fmt::print(stderr, "{}\n", text.error().message);
    return 3;
  }
  const std::vector<Row> rows = ParseCsv(*text);
  Table table;
  for (size_t i = 0; i < rows[0].size(); ++i) table.columns[rows[0][i]] = i;
  std::map<std::string, int> counts, decoded_counts, bad;
  for (size_t i = 1; i < rows.size(); ++i) {
    const std::string file = table.Field(rows[i], "file"), expect = table.Field(rows[i], "expect");
    const auto start = std::chrono::steady_clock::now();
    const auto decoded = handlens::image::DecodeFile(folder / file);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::string wrong = Judge(decoded, expect, rows[i], table);
    if (seconds > kMaxSeconds) wrong = fmt::format("took {:.1f} s", seconds);
    ++counts[expect];
    decoded_counts[expect] += decoded ? 1 : 0;
    if (!wrong.empty()) {
      ++bad[expect];
      fmt::print("{} {}: {} [{}]\n", expect, file, wrong, table.Field(rows[i], "note"));
    } else if (!decoded) {
      fmt::print("  {}\n", decoded.error().message);
    }
  }
  for (const auto& [expect, count] : counts) {
    fmt::print("{}: {} files, {} decoded, {} not as expected\n", expect, count, decoded_counts[expect],
               bad[expect]);
  }
  return bad["decode"] + bad["reject"] == 0 ? 0 : 1;
}
