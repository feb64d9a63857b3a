// A labels file, one picture a row: what its columns mean is in label_columns.h. Paths are relative to the
// table's folder, or absolute.
#include <algorithm>
#include <cctype>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "base/disk.h"
#include "dataset/csv.h"
#include "dataset/layouts/label_columns.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;

bool IsWindowsDrive(std::string_view path) {
  return path.size() > 2 && std::isalpha(static_cast<unsigned char>(path[0])) != 0 && path[1] == ':' &&
         (path[2] == '\\' || path[2] == '/');
}

// "C:/a/b/1.jpg" -> "a/b/1.jpg", "b/1.jpg", "1.jpg".
void AddTails(std::string_view path, std::vector<std::string>& all) {
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (slash + 1 < path.size()) all.emplace_back(path.substr(slash + 1));
  }
}

// Ways in which the same file may be written: as it stands; with the blanks around it gone; with Windows'
// backslashes, and where it lay on a Windows computer the ends of its path; with the ending that tables of
// numbers leave out.
std::vector<std::string> Spellings(const std::string& written) {
  std::vector<std::string> all = {written};
  std::string path = written;
  path.erase(0, path.find_first_not_of(' '));
  path.erase(path.find_last_not_of(' ') + 1);
  if (path != written && !path.empty()) all.push_back(path);
  std::replace(path.begin(), path.end(), '\\', '/');
  if (path != all.back() && !path.empty()) all.push_back(path);
  if (IsWindowsDrive(path)) AddTails(path, all);
  if (fs::path(path).has_extension()) return all;
  for (const std::string_view ending : {".jpg", ".jpeg", ".png", ".JPG", ".tif", ".webp", ".heic", ".dcm"})
    all.push_back(path + std::string(ending));
  return all;
}

// The path of a row: relative to the table's folder where it lies below it, so that both can move together,
// else as written. Or the reason why it leads to no picture. `base` is the folder inside `root` that the
// paths begin at.
Result<std::string> Locate(const fs::path& root, const fs::path& base, const std::string& written) {
  std::error_code error;
  const std::vector<std::string> spellings = Spellings(written);
  const auto there = std::find_if(spellings.begin(), spellings.end(), [&](const std::string& path) {
    return fs::exists(root / base / path, error);
  });
  fs::path normal = (base / (there == spellings.end() ? written : *there)).lexically_normal();
  if (normal.is_absolute()) {
    const fs::path below = normal.lexically_relative(fs::absolute(root).lexically_normal());
    if (!below.empty() && *below.begin() != "..") normal = below;
  }
  const fs::file_status status = fs::status(root / normal, error);
  if (status.type() == fs::file_type::not_found) {
    return Fail(ErrorKind::kBadInput, "{}",
                IsWindowsDrive(written)
                    ? "a path of a Windows computer, and no such file beside the table either; write paths "
                      "relative to the table's folder"
                    : "no such file");
  }
  if (status.type() == fs::file_type::directory) return Fail(ErrorKind::kBadInput, "a folder, not a picture");
  if (error) {
    auto failed = SystemError(root / normal, error.value());
    if (failed.value().kind == ErrorKind::kResources) return failed;
    return Fail(ErrorKind::kBadInput, "{}", error.message());
  }
  if (status.type() != fs::file_type::regular) return Fail(ErrorKind::kBadInput, "not a regular file");
  return normal.generic_string();
}

// The folder beside the table that holds the pictures, where none of the first rows is found from the table's
// own folder and exactly one such folder has some; empty otherwise.
Result<std::string> BaseOf(const fs::path& root, std::span<const LabelRow> rows) {
  constexpr size_t kTried = 20;
  rows = rows.subspan(0, std::min(kTried, rows.size()));
  const auto any = [&](const fs::path& base) {
    return std::any_of(rows.begin(), rows.end(),
                       [&](const LabelRow& row) { return Locate(root, base, row.path).has_value(); });
  };
  if (any("")) return std::string();
  HL_ASSIGN(const std::vector<std::string> names, ListFolder(root));
  std::string base;
  for (const std::string& name : names) {
    std::error_code error;
    if (!fs::is_directory(root / name, error) || !IsUtf8(name) || !any(name)) continue;
    if (!base.empty()) return std::string();
    base = name;
  }
  return base;
}

}  // namespace

Result<LabelTable> ParseLabels(std::string_view text, std::string_view where) {
  LabelTable table;
  std::optional<LabelColumns> columns;
  bool first = true;
  const std::string utf8 = LabelsText(text, table.warnings);
  HL_TRY(ForEachCsvRow(utf8, where, [&](CsvRow& row) -> Result<void> {
    if (!columns) {
      HL_ASSIGN(columns, LabelColumns::Read(row, where, table.warnings));
      return {};
    }
    if (std::exchange(first, false)) {
      if (auto read = columns->ReadClasses(row, where, table.warnings); !read) return read;
    }
    std::string problem = columns->Problem(row);
    std::string label;
    if (problem.empty()) {
      auto found = columns->Label(row);
      if (found) label = *std::move(found);
      problem = found ? LabelProblem(label) : found.error().message;
    }
    if (!problem.empty()) {
      const std::string path = row.fields.size() > columns->path() ? Printable(columns->Path(row)) : "";
      table.rejected.push_back({path, fmt::format("line {}: {}", row.line, problem)});
      return {};
    }
    table.rows.push_back({row.line, columns->Path(row), std::move(label), columns->Group(row)});
    return {};
  }));
  if (!columns)
    return Fail(ErrorKind::kBadInput, "{}: empty; expected the columns path,label[,group]", where);
  return table;
}

namespace {

// Rows of one file, in the order of the table: one row stays, equal ones are named, contradicting ones end
// all of them.
void TakeOne(std::span<LabelRow> rows, std::vector<std::string>& repeats, Listing& listing) {
  LabelRow& first = rows[0];
  bool contradicted = false;
  for (const LabelRow& row : rows.subspan(1)) {
    if (row.label == first.label && row.group == first.group) {
      repeats.push_back(fmt::format("line {} repeats line {} ({})", row.line, first.line, row.path));
      continue;
    }
    contradicted = true;
    const std::string what =
        first.label == row.label
            ? fmt::format("lines {} and {} give it different groups", first.line, row.line)
            : fmt::format("line {} says {} and line {} says {}", first.line, first.label, row.line,
                          row.label);
    listing.rejected.push_back({row.path, what + "; correct one of them"});
  }
  if (!contradicted)
    listing.entries.push_back({std::move(first.path), std::move(first.label), std::move(first.group), 0});
}

void WarnOfRepeats(const std::vector<std::string>& repeats, Listing& listing) {
  constexpr size_t kMostNamed = 3;
  if (repeats.empty()) return;
  const auto end = repeats.begin() + static_cast<std::ptrdiff_t>(std::min(kMostNamed, repeats.size()));
  listing.warnings.push_back(fmt::format(
      "In the labels file {}{}.", fmt::join(repeats.begin(), end, ", "),
      repeats.size() > kMostNamed ? fmt::format(", and {} more", repeats.size() - kMostNamed) : ""));
}

}  // namespace

Result<Listing> ListLabelsFile(const fs::path& file, const Progress& progress) {
  std::vector<LabelRow> rows;
  Listing listing;
  listing.root = file.parent_path().string();
  listing.labels_file = file.string();
  {
    HL_ASSIGN(const std::string text, ReadText(file));
    HL_ASSIGN(LabelTable table, ParseLabels(text, Printable(file.string())));
    listing.rejected = std::move(table.rejected);
    listing.warnings = std::move(table.warnings);
    rows = std::move(table.rows);
  }
  std::set<std::string> classes;
  HL_ASSIGN(const std::string base, BaseOf(listing.root, rows));
  if (!base.empty())
    listing.warnings.push_back(fmt::format(
        "The pictures of the labels file are found in the folder {} beside it.", Printable(base)));
  size_t found = 0;
  for (LabelRow& row : rows) {
    if (progress.StopRequested()) return Interrupted();
    classes.insert(row.label);
    auto path = Locate(listing.root, base, row.path);
    HL_TRY_MACHINE(path);
    if (!path) {
      listing.rejected.push_back(
          {Printable(row.path), fmt::format("line {}: {}", row.line, path.error().message)});
      continue;
    }
    row.path = *std::move(path);
    if (&rows[found] != &row) rows[found] = std::move(row);
    ++found;
  }
  rows.resize(found);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const LabelRow& a, const LabelRow& b) { return a.path < b.path; });
  std::vector<std::string> repeats;
  listing.entries.reserve(rows.size());
  for (size_t begin = 0, end = 0; begin < rows.size(); begin = end) {
    while (end < rows.size() && rows[end].path == rows[begin].path) ++end;
    TakeOne(std::span(rows).subspan(begin, end - begin), repeats, listing);
  }
  WarnOfRepeats(repeats, listing);
  listing.class_names.assign(classes.begin(), classes.end());
  return listing;
}

}  // namespace handlens::dataset
