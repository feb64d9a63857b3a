// Reads the records, makes the document, writes it three times: as a page, as JSON, as CSV.
#include "report/report.h"

#include "base/disk.h"
#include "report/anonymous.h"
#include "report/html.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

constexpr std::string_view kFormat = "handlens-report";
constexpr int kVersion = 1;

}  // namespace

FileNames NamesInReport(const std::filesystem::path& run) {
  const auto record = ReadRecord(run / "report.json", kFormat, kVersion);
  const bool hashed = record && record->value("anonymous", Json()) == Json(true);
  return hashed ? FileNames::kHashed : FileNames::kShown;
}

Result<std::filesystem::path> WriteReport(const std::filesystem::path& run, Progress& progress,
                                          FileNames names, const std::vector<std::string>& changed,
                                          const std::filesystem::path& backgrounds) {
  progress.Begin("report", 0, "files");
  HL_ASSIGN(Records records, ReadRecords(run));
  records.changed = changed;
  records.backgrounds = backgrounds;
  for (const std::string& change : records.changed) progress.Warn(change);
  for (const std::string& problem : records.problems) progress.Warn(problem);
  if (names == FileNames::kHashed) records = WithoutNames(std::move(records));
  Document document = MakeDocument(records);
  if (names == FileNames::kHashed) document.subtitle += " Names of files and groups are hashed.";
  size_t tables = 0;
  for (const Section& section : document.sections) {
    for (const Block& block : section.blocks) {
      if (progress.StopRequested()) return Interrupted();
      const Table* table = std::get_if<Table>(&block);
      if (table == nullptr) continue;
      HL_TRY(WriteFileAtomic(run / "report" / (table->id + ".csv"), ToCsv(*table)));
      ++tables;
    }
  }
  Json record = ToJson(document);
  record["anonymous"] = names == FileNames::kHashed;
  HL_TRY(WriteRecord(run / "report.json", kFormat, kVersion, record));
  const std::filesystem::path page = run / "report.html";
  HL_TRY(WriteFileAtomic(page, ToHtml(document)));
  progress.End(fmt::format("{} and {} tables as CSV", page.filename().string(), tables));
  return page;
}

}  // namespace handlens::report
