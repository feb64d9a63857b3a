// A cell as JSON, shared by search.json and reduce.json.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "search/search.h"

namespace handlens::search {

Json CellToJson(const CellResult& cell);
// The folds' results are read from run / "trials".
Result<CellResult> CellFromJson(const Json& json, const std::filesystem::path& run);
// Whether a record of cells has the `cut_short` of a time budget; false where the file is not there.
Result<bool> SaysCutShort(const std::filesystem::path& record, std::string_view format);

}  // namespace handlens::search
