// Which columns of a labels file say what: by the names that people and public data sets give them, or one
// column a class with a 1 in the picture's own. Reads no file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "dataset/csv.h"

namespace handlens::dataset {

class LabelColumns {
 public:
  // From the first line, whose names are compared without case, blanks and hyphens. Appends what the user
  // should know, such as which columns are not used. Kind kBadInput: no column of pictures, or a name that
  // occurs twice.
  static Result<LabelColumns> Read(const CsvRow& header, std::string_view where,
                                   std::vector<std::string>& warnings);

  // From the first row of values, where no column is called label: the columns that hold 0 or 1 are the
  // classes. Must be called once before Label. Kind kBadInput when there are fewer than two.
  Result<void> ReadClasses(const CsvRow& row, std::string_view where, std::vector<std::string>& warnings);

  // Why a row is wrong in itself, its label aside; empty when it is not.
  std::string Problem(const CsvRow& row) const;
  size_t path() const { return path_; }  // the number of the pictures' column
  const std::string& Path(const CsvRow& row) const { return row.fields[path_]; }
  std::string Group(const CsvRow& row) const;
  // Kind kBadInput, without the line: no class is marked, several are, or a value is neither 0 nor 1.
  Result<std::string> Label(const CsvRow& row) const;

 private:
  std::vector<std::string> names_;  // as the first line spells them
  size_t path_ = 0;
  std::optional<size_t> label_, group_;
  std::vector<size_t> classes_;  // one-hot; only without label_
};

// A labels file's text in UTF-8. One that is not, and holds no letter of UTF-8 at all, is taken as
// Windows-1252, what spreadsheet programs write in western Europe (and Latin-1 where both agree), with a
// warning that shows a word of it. A mixture is left as it is: its wrong rows are then rejected one by one.
std::string LabelsText(std::string_view text, std::vector<std::string>& warnings);

}  // namespace handlens::dataset
