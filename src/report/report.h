// The report: one self-contained page that shows everything a run found, for people who know their pictures,
// and the same content as JSON and CSV for machines. Turns records into words, tables and figures
// (docs/report.md). Computes nothing that another room already states; judges, trains and measures nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"

namespace handlens::report {

// kHashed: names of files, folders and groups are replaced by hashes wherever the report would show them.
enum class FileNames { kShown, kHashed };

// Writes RUN/report.html, RUN/report.json and RUN/report/<table>.csv from the records of the run folder and
// returns the path of the page. Only RUN/dataset.json is required: a step that was not run is shown as "not
// run yet", a record that cannot be read is named on the page, so the same function gives the contact sheet
// after `inspect`. The page needs no network and no other file; the same records give the same bytes. Kind
// kBadInput when there is no readable dataset.json, kResources when the disk is full. Not thread-safe for one
// run folder. `changed` are sentences about files that are not as the steps left them; they are marked at the
// top of the page. `backgrounds` is the folder that the verdict's camera photographed before, empty for the
// built-in ones: the contact sheet is made before them too; their names and metadata are not shown.
Result<std::filesystem::path> WriteReport(const std::filesystem::path& run, Progress& progress,
                                          FileNames names = FileNames::kShown,
                                          const std::vector<std::string>& changed = {},
                                          const std::filesystem::path& backgrounds = {});

// Of the report that lies in the run folder; kShown where there is none.
FileNames NamesInReport(const std::filesystem::path& run);

}  // namespace handlens::report
