// The room's one function on a real folder: records from disk, three kinds of files to disk.
#include "report/report.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/disk.h"
#include "report/fixture.h"

namespace handlens::report {
namespace {

using testing::HasSubstr;
using testing::Not;

class ReportTest : public testing::Test {
 protected:
  ReportTest()
      : run_(std::filesystem::path(testing::TempDir()) /
             fmt::format("report_{}", testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::remove_all(run_);
    records_ = fixture::MakeRecords({});
  }
  ~ReportTest() override { std::filesystem::remove_all(run_); }

  void WriteDataset() { ASSERT_TRUE(dataset::WriteDataset(run_ / "dataset.json", records_.dataset)); }

  std::filesystem::path run_;
  Records records_;
};

TEST_F(ReportTest, NeedsNothingButTheDataset) {
  const auto nothing = WriteReport(run_, SilentProgress());
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().kind, ErrorKind::kBadInput);
  WriteDataset();
  fixture::WritePictures(run_, records_.dataset);
  const auto page = WriteReport(run_, SilentProgress());
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(*page, run_ / "report.html");
  const std::string html = *ReadText(*page);
  EXPECT_THAT(html, HasSubstr("How the pictures were divided"));
  EXPECT_THAT(html, HasSubstr("Not run yet"));
  EXPECT_THAT(html, HasSubstr("data:image/jpeg;base64,/9j/"));
  EXPECT_THAT(*ReadText(run_ / "report" / "rejected.csv"),
              HasSubstr("Beech/cut.jpg,truncated JPEG at byte 1043\n"));
}

TEST_F(ReportTest, ReadsWhatOtherRoomsWroteAndWritesTheSameBytesAgain) {
  WriteDataset();
  ASSERT_TRUE(split::WriteSplit(run_ / "split.json", records_.dataset, *records_.split));
  ASSERT_TRUE(WriteRecord(run_ / "verdict.json", "handlens-verdict", 1, records_.verdict));
  ASSERT_TRUE(WriteRecord(run_ / "model" / "conversion.json", "handlens-conversion", 1, records_.conversion));
  ASSERT_TRUE(WriteRecord(run_ / "timings.json", "handlens-timings", 1, records_.timings));
  ASSERT_TRUE(WriteReport(run_, SilentProgress()));
  const std::string html = *ReadText(run_ / "report.html"), json = *ReadText(run_ / "report.json");
  EXPECT_THAT(html, HasSubstr("Failed 1 of 2 checks"));
  EXPECT_THAT(html, HasSubstr("<table id=\"table-folds\""));
  EXPECT_THAT(html, HasSubstr("<table id=\"table-timings\""));
  const auto record = ReadRecord(run_ / "report.json", "handlens-report", 1);
  ASSERT_TRUE(record);
  EXPECT_EQ((*record)["sections"].size(), 11u);  // those of the search are still to come
  EXPECT_THAT(*ReadText(run_ / "report" / "routes.csv"),
              HasSubstr("\"A simulated camera, usual care\",0.61,"));
  ASSERT_TRUE(WriteReport(run_, SilentProgress()));
  EXPECT_EQ(*ReadText(run_ / "report.html"), html);
  EXPECT_EQ(*ReadText(run_ / "report.json"), json);
}

TEST_F(ReportTest, TakesTheSheetsPhotographsBeforeTheUsersOwnBackgrounds) {
  const auto picture = [](const std::filesystem::path& path, uint8_t level) {
    ASSERT_TRUE(WriteFileAtomic(path, image::EncodePng(std::vector<uint8_t>(64 * 64 * 3, level), 64, 64)));
  };
  records_.dataset.root = records_.dataset.inspected_root = (run_ / "pictures").string();
  WriteDataset();
  for (const int held : records_.split->holdout)
    picture(run_ / "pictures" / records_.dataset.pictures[static_cast<size_t>(held)].path, 90);
  ASSERT_TRUE(split::WriteSplit(run_ / "split.json", records_.dataset, *records_.split));
  ASSERT_TRUE(WriteRecord(run_ / "verdict.json", "handlens-verdict", 1, records_.verdict));
  const auto html = [&](const std::filesystem::path& backgrounds) {
    EXPECT_TRUE(WriteReport(run_, SilentProgress(), FileNames::kShown, {}, backgrounds));
    return *ReadText(run_ / "report.html");
  };
  const std::string built_in = html({});
  EXPECT_THAT(built_in, HasSubstr("simulated camera, before built-in backgrounds."));
  picture(run_ / "garden-7" / "lawn.png", 200);
  const std::string own = html(run_ / "garden-7");
  EXPECT_THAT(own, HasSubstr("simulated camera, before your own backgrounds."));
  EXPECT_THAT(own, Not(HasSubstr("garden-7")));
  EXPECT_NE(own.substr(own.find("your own backgrounds")),
            built_in.substr(built_in.find("built-in backgrounds")));
  EXPECT_THAT(html(run_ / "gone"), HasSubstr("before built-in backgrounds, since your own are not where"));
}

TEST_F(ReportTest, HashesNamesOfFilesAndGroupsForStrangers) {
  records_.dataset.root = records_.dataset.inspected_root = "/home/jane/clinic";
  records_.dataset.warnings.push_back("Look at " + records_.dataset.pictures[0].path +
                                      " and Beech/cut.jpg in /home/jane/clinic.");
  records_.dataset.odd_ones_out = {records_.dataset.pictures[1].path};
  WriteDataset();
  fixture::WritePictures(run_, records_.dataset);
  ASSERT_TRUE(WriteFileAtomic(run_ / "handlens.toml",
                              "# \"a/b\"\nicon = \"/home/jane/icon.png\"\npreset = \"quick\"\n"));
  EXPECT_EQ(NamesInReport(run_), FileNames::kShown);
  ASSERT_TRUE(WriteReport(run_, SilentProgress(), FileNames::kHashed));
  EXPECT_EQ(NamesInReport(run_), FileNames::kHashed);
  std::string all = *ReadText(run_ / "report.html") + *ReadText(run_ / "report.json");
  for (const auto& entry : std::filesystem::directory_iterator(run_ / "report"))
    all += *ReadText(entry.path());
  for (const dataset::Picture& picture : records_.dataset.pictures) {
    EXPECT_EQ(all.find(picture.path), std::string::npos) << picture.path;
    EXPECT_EQ(all.find(picture.group + "<"), std::string::npos) << picture.group;
  }
  for (const char* name : {"cut.jpg", "notes.docx", "/home/jane", "clinic"})
    EXPECT_EQ(all.find(name), std::string::npos) << name;
  EXPECT_THAT(all, HasSubstr("picture-" + records_.dataset.pictures[1].id.substr(0, 12)));
  EXPECT_THAT(all, HasSubstr("preset = &quot;quick&quot;"));
  EXPECT_THAT(all, HasSubstr("truncated JPEG at byte 1043"));
}

TEST_F(ReportTest, NamesRecordsThatCannotBeRead) {
  WriteDataset();
  ASSERT_TRUE(WriteFileAtomic(run_ / "verdict.json", "{\"format\": \"handlens-verdict\", \"version\": 99}"));
  ASSERT_TRUE(WriteFileAtomic(run_ / "search.json", "{"));
  ASSERT_TRUE(WriteFileAtomic(run_ / "split.json", "[]"));
  const auto page = WriteReport(run_, SilentProgress());
  ASSERT_TRUE(page) << page.error().message;
  const std::string html = *ReadText(*page);
  EXPECT_THAT(html, HasSubstr("These records could not be read"));
  EXPECT_THAT(html, HasSubstr("verdict.json: written by a newer handlens"));
  EXPECT_THAT(html, HasSubstr("search.json"));
  EXPECT_THAT(html, HasSubstr("split.json"));
}

TEST_F(ReportTest, MarksWhatIsNotAsTheStepsLeftIt) {
  WriteDataset();
  ASSERT_TRUE(WriteReport(run_, SilentProgress()));
  EXPECT_THAT(*ReadText(run_ / "report.html"), Not(HasSubstr("Not everything is as handlens made it")));
  ASSERT_TRUE(
      WriteReport(run_, SilentProgress(), FileNames::kShown, {"verdict.json was changed by hand <here>."}));
  EXPECT_THAT(*ReadText(run_ / "report.html"), HasSubstr("Not everything is as handlens made it"));
  EXPECT_THAT(*ReadText(run_ / "report.html"), HasSubstr("verdict.json was changed by hand &lt;here&gt;."));
  EXPECT_THAT(*ReadText(run_ / "report.json"), HasSubstr("verdict.json was changed by hand"));
}

}  // namespace
}  // namespace handlens::report
