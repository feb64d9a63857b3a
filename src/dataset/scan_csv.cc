// labels.csv: path,label[,group], one picture a row. Paths are relative to the table's folder, or absolute.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "base/disk.h"
#include "dataset/csv.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

namespace fs = std::filesystem;

struct Columns {
  size_t path = 0, label = 0;
  std::optional<size_t> group;
  size_t count = 0;
};

Result<Columns> ReadHeader(const CsvRow& row, std::string_view where, std::vector<std::string>& warnings) {
  Columns columns;
  columns.count = row.fields.size();
  std::map<std::string, size_t> at;
  for (size_t i = 0; i < row.fields.size(); ++i) {
    const std::string name = FoldedName(row.fields[i]);
    if (!at.emplace(name, i).second) return Fail(ErrorKind::kBadInput, "{}: line {}: the column {} occurs twice", where, row.line, Printable(name));
    if (name != "path" && name != "label" && name != "group") {
      warnings.push_back(fmt::format("The column {} of the labels file is not used (path, label and group are).", Printable(name)));
    }
  }
  if (!at.contains("path") || !at.contains("label")) {
    std::string seen;
    for (const std::string& field : row.fields) seen += (seen.empty() ? "" : ",") + Printable(field);
    return Fail(ErrorKind::kBadInput, "{}: line {}: the first line must name the columns path,label[,group]; it reads {}",
                where, row.line, seen.substr(0, 120));
  }
  columns.path = at["path"];
  columns.label = at["label"];
  if (at.contains("group")) columns.group = at["group"];
  return columns;
}

// Why a row is wrong in itself; empty when it is not.
std::string RowProblem(const CsvRow& row, const Columns& columns) {
  if (row.fields.size() != columns.count) {
    return fmt::format("{} fields instead of {}; a name with a comma needs quotes", row.fields.size(), columns.count);
  }
  const std::string& path = row.fields[columns.path];
  if (path.empty()) return "the path is empty";
  if (!IsUtf8(path)) return "the path is not valid UTF-8; save the table as UTF-8";
  if (columns.group && !IsUtf8(row.fields[*columns.group])) return "the group is not valid UTF-8; save the table as UTF-8";
  return LabelProblem(row.fields[columns.label]);
}

// The path of a row: relative to the table's folder where it lies below it, so that both can move together, else as
// written. Or the reason why it leads to no picture.
Result<std::string> Locate(const fs::path& root, const std::string& written) {
  std::string path = written;
  std::error_code error;
  if (!fs::exists(root / path, error) && path.find('\\') != std::string::npos) {
    std::replace(path.begin(), path.end(), '\\', '/');  // as Windows writes them
  }
  fs::path normal = fs::path(path).lexically_normal();
  if (normal.is_absolute()) {
    const fs::path below = normal.lexically_relative(fs::absolute(root).lexically_normal());
    if (!below.empty() && *below.begin() != "..") normal = below;
  }
  const fs::file_status status = fs::status(root / normal, error);
  if (status.type() == fs::file_type::not_found) return Fail(ErrorKind::kBadInput, "no such file");
  if (status.type() == fs::file_type::directory) return Fail(ErrorKind::kBadInput, "a folder, not a picture");
  if (status.type() != fs::file_type::regular) {
    return Fail(ErrorKind::kBadInput, "{}", error ? error.message() : "not a regular file");
  }
  return normal.generic_string();
}

}  // namespace

Result<LabelTable> ParseLabels(std::string_view text, std::string_view where) {
  LabelTable table;
  std::optional<Columns> columns;
  HL_TRY(ForEachCsvRow(text, where, [&](CsvRow& row) -> Result<void> {
    if (!columns) {
      HL_ASSIGN(columns, ReadHeader(row, where, table.warnings));
      return {};
    }
    if (const std::string problem = RowProblem(row, *columns); !problem.empty()) {
      const std::string path = columns->path < row.fields.size() ? Printable(row.fields[columns->path]) : "";
      table.rejected.push_back({path, fmt::format("line {}: {}", row.line, problem)});
      return {};
    }
    table.rows.push_back({row.line, std::move(row.fields[columns->path]), std::move(row.fields[columns->label]),
                          columns->group ? std::move(row.fields[*columns->group]) : std::string()});
    return {};
  }));
  if (!columns) return Fail(ErrorKind::kBadInput, "{}: empty; expected the columns path,label[,group]", where);
  return table;
}

namespace {

// Rows of one file, in the order of the table: one row stays, equal ones are named, contradicting ones end all of them.
void TakeOne(std::span<LabelRow> rows, std::vector<std::string>& repeats, Listing& listing) {
  LabelRow& first = rows[0];
  bool contradicted = false;
  for (const LabelRow& row : rows.subspan(1)) {
    if (row.label == first.label && row.group == first.group) {
      repeats.push_back(fmt::format("line {} repeats line {} ({})", row.line, first.line, row.path));
      continue;
    }
    contradicted = true;
    const std::string what = first.label == row.label ? fmt::format("lines {} and {} give it different groups", first.line, row.line)
                                                      : fmt::format("line {} says {} and line {} says {}", first.line, first.label, row.line, row.label);
    listing.rejected.push_back({row.path, what + "; correct one of them"});
  }
  if (!contradicted) listing.entries.push_back({std::move(first.path), std::move(first.label), std::move(first.group)});
}

void WarnOfRepeats(const std::vector<std::string>& repeats, Listing& listing) {
  constexpr size_t kMostNamed = 3;
  if (repeats.empty()) return;
  const auto end = repeats.begin() + static_cast<std::ptrdiff_t>(std::min(kMostNamed, repeats.size()));
  listing.warnings.push_back(fmt::format("In the labels file {}{}.", fmt::join(repeats.begin(), end, ", "),
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
  size_t found = 0;
  for (LabelRow& row : rows) {
    if (progress.StopRequested()) return Interrupted();
    classes.insert(row.label);
    auto path = Locate(listing.root, row.path);
    if (!path) {
      listing.rejected.push_back({Printable(row.path), fmt::format("line {}: {}", row.line, path.error().message)});
      continue;
    }
    row.path = *std::move(path);
    if (&rows[found] != &row) rows[found] = std::move(row);
    ++found;
  }
  rows.resize(found);
  std::stable_sort(rows.begin(), rows.end(), [](const LabelRow& a, const LabelRow& b) { return a.path < b.path; });
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
