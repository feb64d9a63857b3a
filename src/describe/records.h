// The record RUN/model/description.json: the fields of the paper's Table 2, the finished files, the proof.
#pragma once

#include <filesystem>

#include "describe/describe.h"

namespace handlens::describe {

// "handlens-description" version 1 (docs/formats.md).
Result<void> WriteDescription(const std::filesystem::path& path, const DescribeResult& result,
                              const DataFacts& data);

}  // namespace handlens::describe
