// A cell as JSON, shared by search.json and reduce.json.
#pragma once

#include <filesystem>

#include "base/json.h"
#include "search/search.h"

namespace handlens::search {

Json CellToJson(const CellResult& cell);
// The folds' results are read from run / "trials".
Result<CellResult> CellFromJson(const Json& json, const std::filesystem::path& run);

}  // namespace handlens::search
