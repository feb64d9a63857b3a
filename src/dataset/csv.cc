#include "dataset/csv.h"

namespace handlens::dataset {
namespace {

char SeparatorOf(std::string_view text) {
  const std::string_view first = text.substr(0, text.find_first_of("\r\n"));
  if (first.find(',') != std::string_view::npos) return ',';
  if (first.find(';') != std::string_view::npos) return ';';
  return first.find('\t') != std::string_view::npos ? '\t' : ',';
}

// Walks over the text once; line_ is the line of the next character.
class CsvReader {
 public:
  CsvReader(std::string_view text, std::string_view where)
      : text_(text), where_(where), separator_(SeparatorOf(text)) {}

  Result<void> ReadAll(const std::function<Result<void>(CsvRow&)>& take) {
    while (at_ < text_.size()) {
      HL_ASSIGN(CsvRow row, ReadRow());
      if (row.fields.size() > 1 || !row.fields[0].empty()) HL_TRY(take(row));
    }
    return {};
  }

 private:
  Result<CsvRow> ReadRow() {
    CsvRow row{.line = line_, .fields = {}};
    while (true) {
      HL_ASSIGN(std::string field, ReadField());
      row.fields.push_back(std::move(field));
      if (at_ >= text_.size()) return row;
      if (text_[at_] == separator_) {
        ++at_;
        continue;
      }
      at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1;
      ++line_;
      return row;
    }
  }

  // Stops before a separator, a line break or the end.
  Result<std::string> ReadField() {
    if (at_ < text_.size() && text_[at_] == '"') return ReadQuoted();
    const size_t start = at_;
    while (at_ < text_.size() && !AtFieldEnd()) {
      if (text_[at_] == '"') return Wrong("a quote inside a field that does not begin with one");
      if (text_[at_] == '\0') return Wrong("a NUL byte; this is not a text file");
      ++at_;
    }
    return std::string(text_.substr(start, at_ - start));
  }

  Result<std::string> ReadQuoted() {
    const size_t opened = line_;
    std::string field;
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\0') return Wrong("a NUL byte; this is not a text file");
      if (c == '\n') ++line_;
      if (c != '"') {
        field += c;
        continue;
      }
      if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
        field += '"';
        ++at_;
        continue;
      }
      ++at_;
      if (at_ < text_.size() && !AtFieldEnd()) return Wrong("text after a closing quote");
      return field;
    }
    line_ = opened;
    return Wrong("a quote that is never closed");
  }

  bool AtFieldEnd() const { return text_[at_] == separator_ || text_[at_] == '\n' || text_[at_] == '\r'; }

  tl::unexpected<Error> Wrong(std::string_view what) const {
    return Fail(ErrorKind::kBadInput, "{}: line {}: {}", where_, line_, what);
  }

  std::string_view text_;
  std::string_view where_;
  char separator_;
  size_t at_ = 0;
  size_t line_ = 1;
};

}  // namespace

Result<void> ForEachCsvRow(std::string_view text, std::string_view where,
                           const std::function<Result<void>(CsvRow&)>& take) {
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return Fail(ErrorKind::kBadInput, "{}: saved as UTF-16; save it as \"CSV UTF-8\"", where);
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return CsvReader(text, where).ReadAll(take);
}

Result<std::vector<CsvRow>> ParseCsv(std::string_view text, std::string_view where) {
  std::vector<CsvRow> rows;
  HL_TRY(ForEachCsvRow(text, where, [&](CsvRow& row) -> Result<void> {
    rows.push_back(std::move(row));
    return {};
  }));
  return rows;
}

}  // namespace handlens::dataset
