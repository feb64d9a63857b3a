// The page on paper, printed by a real browser: a report is handed round, and what is folded stays out of it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "base/disk.h"
#include "report/fixture.h"
#include "report/html.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

namespace fs = std::filesystem;

TEST(Print, TakesAtMostFourPagesOfA4) {
  const char* const given = std::getenv("CHROMIUM");
  const fs::path browser = given != nullptr ? given : "/usr/bin/chromium";
  if (!fs::exists(browser)) GTEST_SKIP() << browser << " is not there";
  const fs::path folder = fs::path(testing::TempDir()) / "report_print";
  fs::remove_all(folder);
  std::vector<std::string> labels;
  for (int c = 0; c < 10; ++c) labels.push_back(fmt::format("class with a long name {}", c));
  Records records = fixture::MakeRecords({.labels = labels, .pictures_per_class = 25});
  records.run = folder;
  fixture::WritePictures(folder, records.dataset);
  ASSERT_TRUE(WriteFileAtomic(folder / "report.html", ToHtml(MakeDocument(records))));
  const std::string command = fmt::format(
      "'{}' --headless --no-sandbox --user-data-dir='{}/profile' --no-pdf-header-footer "
      "--print-to-pdf='{}/report.pdf' 'file://{}/report.html' 2>'{}/log'",
      browser.string(), folder.string(), folder.string(), folder.string(), folder.string());
  ASSERT_EQ(std::system(command.c_str()), 0) << *ReadText(folder / "log");
  const std::string pdf = *ReadText(folder / "report.pdf");
  const std::regex page("/Type\\s*/Page[^s]");
  const auto pages =
      std::distance(std::sregex_iterator(pdf.begin(), pdf.end(), page), std::sregex_iterator());
  EXPECT_GE(pages, 1);
  EXPECT_LE(pages, 4);
  const std::regex box("/MediaBox\\s*\\[0 0 59[45][.0-9]* 84[12]");
  EXPECT_TRUE(std::regex_search(pdf, box)) << "A4, upright";
  fs::remove_all(folder);
}

}  // namespace
}  // namespace handlens::report
