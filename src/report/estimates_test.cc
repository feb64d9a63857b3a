// The page's estimates: times on phones that are not at hand, and how far the choice can be trusted.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/fixture.h"
#include "report/html.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

using fixture::FindTable;
using testing::HasSubstr;

TEST(Page, EstimatesTheTimeOnPhones) {
  Records records = fixture::MakeRecords({});
  records.memory = {{"model", "model/quantizedmodel.tflite"},
                    {"answer_bytes", 200'000},
                    {"process_bytes", 230'000'000},
                    {"median_ms", 2.0}};
  EXPECT_EQ(FindTable(MakeDocument(records), "time-phones"), nullptr);  // a record from before
  records.memory["reference"] = "MobileNet";
  records.memory["reference_ms"] = 20.0;
  records.memory["phones"] = {{{"phone", "small"}, {"low_ms", 8.0}, {"high_ms", 543.0}}};
  const Document document = MakeDocument(records);
  const Table* table = FindTable(document, "time-phones");
  ASSERT_NE(table, nullptr);
  EXPECT_THAT(table->caption, HasSubstr("not tried on a phone"));
  EXPECT_THAT(table->caption, HasSubstr("MobileNet took 20.0 ms"));
  ASSERT_EQ(table->columns.size(), 3u);
  EXPECT_EQ(table->columns[2].name, "small");
  EXPECT_EQ(table->rows[0][0].mark, "chosen");
  EXPECT_EQ(table->rows[0][2].text, "8.0 to 540 ms");
  ASSERT_GT(table->rows.size(), 1u);
  const double chosen = std::stod(table->rows[0][1].text);
  for (size_t i = 1; i < table->rows.size(); ++i) {
    const double share = std::stod(table->rows[i][1].text) / chosen;
    EXPECT_LT(share, 1);
    EXPECT_NEAR(std::stod(table->rows[i][2].text), 8 * share, 0.06 * 8 * share) << i;
  }
}

TEST(Page, SaysByHowMuchTheChoiceFlatters) {
  Records records = fixture::MakeRecords({});
  EXPECT_EQ(FindTable(MakeDocument(records), "nested"), nullptr);
  records.crossvalidation = {
      {"repeats",
       {{"runs",
         {{{"correct", 9}, {"n", 10}, {"accuracy", 0.9}}, {{"correct", 8}, {"n", 10}, {"accuracy", 0.8}}}},
        {"sentence", "Dealt in 2 ways."}}},
      {"nested",
       {{"folds",
         {{{"chosen", "nano24, 64 px, mild"},
           {"validation_accuracy", 0.95},
           {"inner", {{"correct", 17}, {"n", 20}, {"accuracy", 0.85}}},
           {"outer", {{"correct", 3}, {"n", 4}, {"accuracy", 0.75}}}}}},
        {"sentence", "The choice flatters by 10.0 points."}}}};
  const Document document = MakeDocument(records);
  const Table *nested = FindTable(document, "nested"), *repeats = FindTable(document, "repeats");
  ASSERT_NE(nested, nullptr);
  ASSERT_NE(repeats, nullptr);
  EXPECT_EQ(repeats->rows.size(), 2u);
  EXPECT_EQ(nested->rows[0][1].text, "nano24, 64 px, mild");
  EXPECT_EQ(nested->rows[0][3].text, PercentText(0.85));
  EXPECT_EQ(nested->rows[0][4].text, "3 of 4");
  EXPECT_THAT(ToHtml(document), HasSubstr("The choice flatters by 10.0 points."));
}

}  // namespace
}  // namespace handlens::report
