#include "dataset/layouts/label_columns.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <span>

#include "base/text.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

// In the order in which they are preferred. Seen in ISIC, HAM10000, APTOS, iNaturalist, Kaggle and Roboflow
// tables.
constexpr std::string_view kPaths[] = {
    "path",       "file",  "filename", "file_name", "filepath", "file_path", "image_path", "image_file",
    "image_name", "image", "image_id", "img",       "img_path", "picture",   "id_code",    "id"};
constexpr std::string_view kLabels[] = {"label",      "labels",   "class",  "class_name", "classname",
                                        "label_name", "category", "target", "species",    "finding",
                                        "diagnosis",  "dx",       "breed",  "class_id",   "label_id"};
constexpr std::string_view kGroups[] = {
    "group",    "group_id",  "patient", "patient_id", "patientid", "subject", "subject_id", "plant",
    "plant_id", "lesion_id", "case",    "case_id",    "specimen",  "object",  "object_id",  "individual"};

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string Key(std::string_view name) {
  std::string key = FoldedName(Trimmed(name));
  std::replace_if(
      key.begin(), key.end(), [](char c) { return c == ' ' || c == '-' || c == '.'; }, '_');
  return key;
}

std::optional<size_t> Find(const std::map<std::string, size_t>& at, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    if (const auto it = at.find(std::string(name)); it != at.end()) return it->second;
  }
  return std::nullopt;
}

// 0 or 1; nullopt for everything else.
std::optional<int> Mark(std::string_view field) {
  const std::string text = FoldedName(Trimmed(field));
  if (text == "1" || text == "1.0" || text == "true") return 1;
  if (text == "0" || text == "0.0" || text == "false") return 0;
  return std::nullopt;
}

std::string Named(const std::vector<std::string>& names, const std::vector<size_t>& which) {
  constexpr size_t kMostNamed = 8;
  std::string text;
  for (size_t i = 0; i < std::min(kMostNamed, which.size()); ++i)
    text += (i == 0 ? "" : ", ") + Printable(names[which[i]]);
  if (which.size() > kMostNamed) text += fmt::format(" and {} more", which.size() - kMostNamed);
  return text;
}

void WarnOfUnused(const std::vector<std::string>& names, const std::set<size_t>& used,
                  std::vector<std::string>& warnings) {
  std::vector<size_t> unused;
  for (size_t i = 0; i < names.size(); ++i) {
    if (!used.contains(i)) unused.push_back(i);
  }
  if (unused.empty()) return;
  warnings.push_back(fmt::format("The {} {} of the labels file {} not used.",
                                 unused.size() == 1 ? "column" : "columns", Named(names, unused),
                                 unused.size() == 1 ? "is" : "are"));
}

// The 32 characters that Windows-1252 has in the place of Latin-1's control characters; 0 = none.
constexpr std::array<char32_t, 32> kWindows1252 = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

// Nothing where a byte has no meaning there.
std::optional<std::string> FromWindows1252(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const char32_t point = byte >= 0x80 && byte < 0xA0 ? kWindows1252[byte - 0x80U] : byte;
    if (point == 0 && byte != 0) return std::nullopt;
    if (point < 0x80) {
      out += static_cast<char>(point);
    } else if (point < 0x800) {
      out += static_cast<char>(0xC0 | point >> 6);
      out += static_cast<char>(0x80 | (point & 0x3F));
    } else {
      out += static_cast<char>(0xE0 | point >> 12);
      out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
      out += static_cast<char>(0x80 | (point & 0x3F));
    }
  }
  return out;
}

// Whether two or more bytes make a letter of UTF-8 anywhere: in Windows-1252 such pairs (Ã©) hardly occur.
bool HoldsUtf8Letters(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const size_t length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : 2;
    if (byte >= 0xC2 && IsUtf8(text.substr(i, length)) && text.substr(i).size() >= length) return true;
  }
  return false;
}

// The word around the first letter beyond ASCII.
std::string_view OddWord(std::string_view text) {
  const auto is_end = [](char c) {
    return c == ',' || c == ';' || c == '\t' || c == '\n' || c == '\r' || c == '"' || c == '/' || c == '\\';
  };
  const auto odd =
      std::find_if(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
  const auto end = std::find_if(odd, text.end(), is_end);
  auto begin = odd;
  while (begin != text.begin() && !is_end(*(begin - 1))) --begin;
  return {begin, end};
}

}  // namespace

Result<LabelColumns> LabelColumns::Read(const CsvRow& header, std::string_view where,
                                        std::vector<std::string>& warnings) {
  LabelColumns columns;
  std::map<std::string, size_t> at;
  std::string seen;
  for (size_t i = 0; i < header.fields.size(); ++i) {
    columns.names_.emplace_back(Trimmed(header.fields[i]));
    seen += (i == 0 ? "" : ",") + Printable(columns.names_.back());
    if (at.emplace(Key(header.fields[i]), i).second) continue;
    return Fail(ErrorKind::kBadInput, "{}: line {}: the column {} occurs twice", where, header.line,
                Printable(columns.names_.back()));
  }
  const auto path = Find(at, kPaths);
  columns.label_ = Find(at, kLabels);
  columns.group_ = Find(at, kGroups);
  if (!path || header.fields.size() < 2 || (!columns.label_ && header.fields.size() < 3)) {
    return Fail(ErrorKind::kBadInput,
                "{}: line {}: the first line must name the columns path,label[,group] (also understood: {}; "
                "{}; {}; or, in place of label, one column a class "
                "that holds 0 or 1); it reads {}",
                where, header.line, fmt::join(std::span(kPaths).subspan(1), " "),
                fmt::join(std::span(kLabels).subspan(1), " "), fmt::join(std::span(kGroups).subspan(1), " "),
                seen.substr(0, 120));
  }
  columns.path_ = *path;
  if (!columns.label_) return columns;  // ReadClasses says what is used
  std::set<size_t> used = {*path, *columns.label_};
  if (columns.group_) used.insert(*columns.group_);
  const bool usual = at.contains("path") && at.contains("label") && (!columns.group_ || at.contains("group"));
  if (!usual) {
    warnings.push_back(
        fmt::format("Of the labels file, the column {} is taken as the pictures, {} as the labels{}.",
                    Printable(columns.names_[*path]), Printable(columns.names_[*columns.label_]),
                    columns.group_ ? fmt::format(", and {} as groups that no fold divides",
                                                 Printable(columns.names_[*columns.group_]))
                                   : ""));
  }
  WarnOfUnused(columns.names_, used, warnings);
  return columns;
}

Result<void> LabelColumns::ReadClasses(const CsvRow& row, std::string_view where,
                                       std::vector<std::string>& warnings) {
  if (label_) return {};
  std::set<size_t> used = {path_};
  if (group_) used.insert(*group_);
  for (size_t i = 0; i < std::min(names_.size(), row.fields.size()); ++i) {
    if (used.contains(i) || !Mark(row.fields[i])) continue;
    classes_.push_back(i);
  }
  if (classes_.size() < 2) {
    return Fail(ErrorKind::kBadInput,
                "{}: line {}: no column is called label or class, and no two columns hold 0 or 1; name the "
                "column of the labels 'label'",
                where, row.line);
  }
  used.insert(classes_.begin(), classes_.end());
  warnings.push_back(fmt::format(
      "Of the labels file, the column {} is taken as the pictures{}; {} hold 0 or 1 and are taken as the "
      "classes: {}.",
      Printable(names_[path_]),
      group_ ? fmt::format(" and {} as groups that no fold divides", Printable(names_[*group_])) : "",
      Plural(classes_.size(), "column", "columns"), Named(names_, classes_)));
  WarnOfUnused(names_, used, warnings);
  return {};
}

std::string LabelColumns::Problem(const CsvRow& row) const {
  if (row.fields.size() != names_.size()) {
    return fmt::format("{} fields instead of {}; a name with a comma needs quotes", row.fields.size(),
                       names_.size());
  }
  if (Path(row).empty()) return "the path is empty";
  if (!IsUtf8(Path(row))) return "the path is not valid UTF-8; save the table as UTF-8";
  if (group_ && !IsUtf8(row.fields[*group_])) return "the group is not valid UTF-8; save the table as UTF-8";
  return "";
}

std::string LabelColumns::Group(const CsvRow& row) const {
  return group_ ? std::string(Trimmed(row.fields[*group_])) : std::string();
}

Result<std::string> LabelColumns::Label(const CsvRow& row) const {
  if (label_) return std::string(Trimmed(row.fields[*label_]));
  std::vector<size_t> marked;
  for (const size_t i : classes_) {
    const auto mark = Mark(row.fields[i]);
    if (!mark)
      return Fail(ErrorKind::kBadInput, "the column {} holds '{}' instead of 0 or 1", Printable(names_[i]),
                  Printable(row.fields[i]));
    if (*mark == 1) marked.push_back(i);
  }
  if (marked.empty()) return Fail(ErrorKind::kBadInput, "no class is marked with 1");
  if (marked.size() == 1) return names_[marked[0]];
  return Fail(ErrorKind::kBadInput,
              "several classes are marked with 1 ({}); handlens gives a picture one label",
              Named(names_, marked));
}

std::string LabelsText(std::string_view text, std::vector<std::string>& warnings) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") || IsUtf8(text) || HoldsUtf8Letters(text))
    return std::string(text);
  const auto converted = FromWindows1252(text);
  if (!converted) return std::string(text);
  warnings.push_back(
      fmt::format("The labels file is not UTF-8; it is read as Windows-1252 (western European), such as "
                  "\"{}\". If that looks wrong, save it as UTF-8.",
                  Printable(OddWord(*converted).substr(0, 60))));
  return *converted;
}

}  // namespace handlens::dataset
