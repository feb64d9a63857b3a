// Small texts of the report: tables as CSV, times in words, and the predictions that it reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/fixture.h"
#include "report/html.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

TEST(Csv, QuotesAndKeepsFullPrecision) {
  Table table{.id = "x", .caption = "", .columns = {{"a,b"}, {"c"}}};
  table.rows = {{Text("say \"hi\"\nthere"), Percent(0.98765432)}};
  EXPECT_EQ(ToCsv(table), "\"a,b\",c\n\"say \"\"hi\"\"\nthere\",0.98765432\n");
}

TEST(Time, CountsEveryTargetAsMakingTheApp) {
  Records records = fixture::MakeRecords({});
  records.timings["steps"] = {{{"name", "app-web"}, {"seconds", 2.0}, {"at", "2026-11-27T14:00:00Z"}},
                              {{"name", "app-android"}, {"seconds", 3.0}},
                              {{"name", "inspect"}, {"seconds", 1.0}, {"at", "2026-11-26T14:00:00Z"}}};
  const Document document = MakeDocument(records);
  EXPECT_EQ(document.date, "27 November 2026");
  const Table* table = fixture::FindTable(document, "timings");
  for (const auto& row : table->rows) {
    if (row[0].text == "Making the app") {
      EXPECT_EQ(row[1].text, "5.0 s");
    }
    if (row[0].text == "Verifying") {
      EXPECT_EQ(row[1].text, "not run");
    }
  }
}

TEST(Words, ReadAsPeopleWrite) {
  EXPECT_EQ(DurationText(4.25), "4.2 s");
  EXPECT_EQ(DurationText(59.9), "1 min 0 s");
  EXPECT_EQ(DurationText(3 * 86400), "3.0 days");
}

TEST(Predictions, AreReadByIdOrPathWithQuotedLabels) {
  dataset::Dataset dataset;
  dataset.labels = {"a,b", "c"};
  dataset.pictures.resize(2);
  dataset.pictures[0].id = "00ff";
  dataset.pictures[1].path = "c/1.jpg";
  const auto predictions = *ParsePredictions(
      "picture,route,model,label,predicted,x\n00ff,computer,model.tflite,\"a,b\",c,0.1\nc/"
      "1.jpg,camera,m,c,what,1\n",
      "", dataset);
  ASSERT_EQ(predictions.size(), 2u);
  EXPECT_EQ(predictions[0].picture, 0);
  EXPECT_EQ(predictions[0].label, 0);
  EXPECT_EQ(predictions[0].predicted, 1);
  EXPECT_EQ(predictions[1].picture, 1);
  EXPECT_EQ(predictions[1].predicted, -1);
  const auto damaged = ParsePredictions("picture,route\n\"00ff,computer\n", "predictions.csv", dataset);
  ASSERT_FALSE(damaged);
  EXPECT_THAT(damaged.error().message, testing::HasSubstr("predictions.csv"));
}

}  // namespace
}  // namespace handlens::report
