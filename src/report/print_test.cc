// The page on paper, printed by a real browser: a report is handed round, and what is folded stays out of it.
#include <fmt/format.h>
#include <gmock/gmock.h>
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

// The report of a fixture in a folder of its own, and a browser to look at it.
class Browser : public testing::Test {
 protected:
  void SetUp() override {
    const char* const given = std::getenv("CHROMIUM");
    browser_ = given != nullptr ? given : "/usr/bin/chromium";
    if (!fs::exists(browser_)) GTEST_SKIP() << browser_ << " is not there";
  }

  void MakeReport(const fixture::Shape& shape, const std::string& script = "") {
    records_ = fixture::MakeRecords(shape);
    records_.run = folder_.path();
    fixture::WritePictures(folder_.path(), records_.dataset);
    ASSERT_TRUE(WriteFileAtomic(folder_.path() / "report.html", ToHtml(MakeDocument(records_)) + script));
  }

  // What the browser writes to its standard output.
  std::string Run(const std::string& options) {
    const std::string at = folder_.path().string();
    const std::string command = fmt::format(
        "'{0}' --headless --no-sandbox --user-data-dir='{1}/profile' {2} "
        "'file://{1}/report.html' >'{1}/out' 2>'{1}/log'",
        browser_.string(), at, options);
    EXPECT_EQ(std::system(command.c_str()), 0) << *ReadText(folder_.path() / "log");
    return *ReadText(folder_.path() / "out");
  }

  void PrintsOnFourPages(const std::vector<std::string>& labels) {
    MakeReport({.labels = labels, .pictures_per_class = 25});
    Run(fmt::format("--no-pdf-header-footer --print-to-pdf='{}/report.pdf'", folder_.path().string()));
    const std::string pdf = *ReadText(folder_.path() / "report.pdf");
    const std::regex page("/Type\\s*/Page[^s]");
    const auto pages =
        std::distance(std::sregex_iterator(pdf.begin(), pdf.end(), page), std::sregex_iterator());
    EXPECT_GE(pages, 1);
    EXPECT_LE(pages, 4);
    const std::regex box("/MediaBox\\s*\\[0 0 59[45][.0-9]* 84[12]");
    EXPECT_TRUE(std::regex_search(pdf, box)) << "A4, upright";
  }

  fixture::Folder folder_;
  Records records_;
  fs::path browser_;
};
using Print = Browser;
using Screen = Browser;

std::vector<std::string> Numbered(std::string_view name, int classes) {
  std::vector<std::string> labels;
  for (int c = 0; c < classes; ++c) labels.push_back(fmt::format("{} {}", name, c));
  return labels;
}

TEST_F(Print, TakesAtMostFourPagesOfA4) { PrintsOnFourPages(Numbered("class with a long name", 10)); }

TEST_F(Print, HasRoomForTwentyClasses) { PrintsOnFourPages(Numbered("Quercus", 20)); }

TEST_F(Print, HasRoomForNamesOfFortyLettersAndOfOtherScripts) {
  PrintsOnFourPages({"Acer pseudoplatanus subsp. atropurpureum", "invasive_lobular_carcinoma_of_the_breast",
                     "ورقة شجرة البلوط القديمة", "银杏树的叶子在秋天变成金黄色", "Beech"});
}

// A script after the page measures what a reader sees and leaves it in the title.
TEST_F(Screen, CutsNoNameOfTheMatrixOff) {
  MakeReport({.labels = {"Acer pseudoplatanus subsp. atropurpureum",
                         "invasive_lobular_carcinoma_of_the_breast", "银杏树的叶子在秋天变成金黄色"}},
             "<script>const cut = [...document.querySelectorAll('.matrix th span')].filter((e) => "
             "getComputedStyle(e).overflow !== 'visible' || e.getBoundingClientRect().height > 200 || "
             "e.scrollHeight > e.clientHeight + 1 && e.clientHeight > 0); "
             "document.title = `${cut.length} names cut off`;</script>");
  EXPECT_THAT(Run("--window-size=1280,900 --dump-dom"), testing::HasSubstr("<title>0 names cut off"));
}

TEST_F(Screen, AClickOnAClassShowsItsPictures) {
  MakeReport({.labels = {"a", "b", "c"}, .pictures_per_class = 200},
             "<script>document.querySelector('#table-confusion-test tbody [data-pick]').click(); "
             "const tiles = (what) => document.querySelectorAll(`#viewer-pictures ${what}`).length; "
             "document.title = `${tiles('img')} pictures, ${tiles('.no-picture')} without`;</script>");
  EXPECT_THAT(Run("--dump-dom"), testing::HasSubstr("<title>48 pictures, 0 without"));
}

TEST_F(Screen, SaysHowManyTilesHaveNoPicture) {
  MakeReport({.labels = {"a", "b"}});
  fs::remove_all(folder_.path() / "thumbnails");
  const std::string script =
      "<script>document.querySelector('#table-confusion-test tbody [data-pick]').click(); "
      "document.title = document.getElementById('viewer-count').textContent;</script>";
  ASSERT_TRUE(WriteFileAtomic(folder_.path() / "report.html", ToHtml(MakeDocument(records_)) + script));
  EXPECT_THAT(
      Run("--dump-dom"),
      testing::ContainsRegex("<title>[0-9]+ test pictures.*; [0-9]+ of them without a small picture"));
}

}  // namespace
}  // namespace handlens::report
