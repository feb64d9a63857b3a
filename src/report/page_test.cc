// The page that records become: everything is there, nothing can break out, nothing is fetched.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>

#include "base/disk.h"
#include "report/assets.h"
#include "report/fixture.h"
#include "report/html.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

using fixture::FindTable;
using fixture::Folder;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// The page without the plotting library, whose source holds any string.
std::string Own(const Records& records) {
  std::string page = ToHtml(MakeDocument(records));
  const size_t library = page.find(ChartLibrary());
  EXPECT_NE(library, std::string::npos);
  return page.erase(library, ChartLibrary().size());
}

const Chart* FindChart(const Document& document, std::string_view id) {
  for (const Section& section : document.sections) {
    for (const Block& block : section.blocks) {
      const Chart* chart = std::get_if<Chart>(&block);
      if (chart != nullptr && chart->id == id) return chart;
    }
  }
  return nullptr;
}

TEST(Page, PutsTheVerdictFirstAndAllSectionsInOrder) {
  const std::string page = Own(fixture::MakeRecords({}));
  size_t at = 0;
  const size_t behind = page.find("How it came about");
  for (const char* id :
       {"verdict", "routes", "errors", "mistakes", "answering", "phones", "data", "folds", "search",
        "learning", "model", "reduce", "convert", "ways", "time", "reproduce", "not-done"}) {
    const size_t next = page.find(fmt::format("\" id=\"{}\" aria-labelledby", id));
    ASSERT_NE(next, std::string::npos) << id;
    EXPECT_GT(next, at) << id;
    // What came before the results is a line until somebody opens it.
    const bool closed = page.compare(page.find(">", next), 20, ">\n<details><summary>") == 0;
    EXPECT_EQ(closed, next > behind) << id;
    at = next;
  }
  EXPECT_THAT(page, Not(HasSubstr("Not run yet")));
}

TEST(Page, TellsTheVerdictAndTablesWithoutJavaScript) {
  std::string page = Own(fixture::MakeRecords({}));
  page.erase(page.find("<script"));
  EXPECT_THAT(page, HasSubstr("Failed 1 of 2 checks"));
  EXPECT_THAT(page, HasSubstr("61.0&#160;% of 100 views; at least 70&#160;% are asked for."));
  EXPECT_THAT(page, HasSubstr("tilted by 6 degrees the accuracy falls below 90&#160;%"));
  for (const char* table : {"routes", "classes", "folds", "search-1", "rules", "search-2", "architecture",
                            "hyper-parameters", "metadata", "label-proof", "label-rivals", "camera-axes",
                            "per-class", "confusion-test", "confusion-training", "timings"}) {
    EXPECT_THAT(page, HasSubstr(fmt::format("<table id=\"table-{}\"", table)));
  }
}

TEST(Page, ShowsTheChosenCellWithMeanAndStdAndItsInterval) {
  const Records records = fixture::MakeRecords({});
  const Document document = MakeDocument(records);
  const Table* table = FindTable(document, "search-2");
  ASSERT_NE(table, nullptr);
  ASSERT_EQ(table->columns.size(), 5u);  // size and four generators
  EXPECT_EQ(table->columns[4].name, "gen4");
  ASSERT_EQ(table->rows.size(), 3u);
  const search::CellResult& chosen = records.search->cells[18];
  const Cell& cell = table->rows[1][3];  // nano24, 64 px, gen3
  EXPECT_EQ(cell.mark, "chosen");
  EXPECT_EQ(cell.text,
            fmt::format("{:.1f} ± {:.1f}", 100 * chosen.test_accuracy.mean, 100 * chosen.test_accuracy.std));
  EXPECT_THAT(cell.hint, HasSubstr(fmt::format("n = {}", chosen.test_n)));
  EXPECT_THAT(cell.hint, HasSubstr(RangeText(chosen.test_ci95)));
}

TEST(Page, SaysWhichPhonesHaveRoomForAnAnswer) {
  Records records = fixture::MakeRecords({});
  EXPECT_EQ(FindTable(MakeDocument(records), "memory-phones"), nullptr);
  records.memory = {{"model", "model/quantizedmodel.tflite"},
                    {"answer_bytes", 200'000'000},
                    {"process_bytes", 230'000'000},
                    {"median_ms", 31.4}};
  const Document document = MakeDocument(records);
  const Table* table = FindTable(document, "memory-phones");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(table->rows[0][3].text, "no");   // an eighth of 1 GB is 125 MB
  EXPECT_EQ(table->rows[1][3].text, "yes");  // of 2 GB 250 MB
  EXPECT_THAT(Own(records), HasSubstr("31.4 ms"));
}

TEST(Page, SaysWhatASmallDeviceNeeds) {
  Records records = fixture::MakeRecords({});
  EXPECT_THAT(Own(records), Not(HasSubstr("on a small device")));
  records.plain_c = {27'392, 37'136};
  EXPECT_THAT(Own(records),
              testing::AllOf(HasSubstr("27.4 KB"), HasSubstr("37.1 KB"), HasSubstr("small device")));
}

TEST(Page, ShowsWhyItAnswered) {
  Records records = fixture::MakeRecords({});
  std::vector<double> drops(49, 0.0);
  drops[8] = 0.42;
  const std::string& id = records.dataset.pictures[1].id;
  records.verdict["why"] = {{{"picture", id},
                             {"label", "Ash"},
                             {"called", "Beech"},
                             {"score", 0.9},
                             {"cells", 7},
                             {"drops", drops}},
                            {{"picture", id},
                             {"label", "Ash"},
                             {"called", "Ash"},
                             {"score", 0.8},
                             {"cells", 7},
                             {"drops", std::vector<double>(49, 0.001)}},
                            {{"picture", "of another run"}, {"cells", 7}, {"drops", drops}},
                            {{"picture", id}, {"cells", 3}, {"drops", drops}}};
  const std::string page = Own(records);
  EXPECT_THAT(page, HasSubstr("the reddest place takes 42 points"));
  EXPECT_THAT(page, HasSubstr("no single place matters"));
  EXPECT_THAT(page, HasSubstr("Why it was wrong"));
}

TEST(Page, NamesTheWorstGroupsFirst) {
  const Records records = fixture::MakeRecords({});
  const Document document = MakeDocument(records);
  const Table* table = FindTable(document, "groups");
  ASSERT_NE(table, nullptr);
  ASSERT_GT(table->rows.size(), 3u);
  double last = 0, n = 0, right = 0;
  for (const auto& row : table->rows) {
    EXPECT_GE(row[1].value.get<double>(), last);
    last = row[1].value.get<double>();
    right += row[2].value.get<double>();
    n += row[3].value.get<double>();
  }
  const Judged judged = TestAnswers(records);
  EXPECT_EQ(n, static_cast<double>(judged.truth.size()));
  double expected = 0;
  for (size_t i = 0; i < judged.truth.size(); ++i) expected += judged.truth[i] == judged.predicted[i] ? 1 : 0;
  EXPECT_EQ(right, expected);
}

TEST(Page, ComparesEveryCombinationWithTheChosenOneAndSaysHowMany) {
  const Records records = fixture::MakeRecords({});
  const Document document = MakeDocument(records);
  const Table* table = FindTable(document, "search-paired");
  ASSERT_NE(table, nullptr);
  EXPECT_THAT(table->caption, HasSubstr(fmt::format("{} comparisons", table->rows.size())));
  EXPECT_LT(table->rows.size(), records.search->cells.size());
  for (const auto& row : table->rows) {
    EXPECT_GE(row[7].value.get<double>(), row[6].value.get<double>());  // corrected p
    EXPECT_LE(row[7].value.get<double>(), 1);
  }
}

TEST(Page, PoolsTheAgreementOfFloatAndQuantizedOverTestPicturesOnly) {
  EXPECT_THAT(Own(fixture::MakeRecords({})),
              HasSubstr("85 of 86 test pictures; 95&#160;% interval 93.7 – 99.8&#160;%"));
}

TEST(Page, ListsEveryFoldWithAccuracyAndLoss) {
  const Records records = fixture::MakeRecords({});
  const Document document = MakeDocument(records);
  size_t trials = 0;
  for (const auto& cell : records.search->cells) trials += cell.folds.size();
  EXPECT_EQ(FindTable(document, "search-folds")->rows.size(), trials);
}

TEST(Page, LabelsTheHeatMapWithTheSweepsOwnValues) {
  const Document document = MakeDocument(fixture::MakeRecords({}));
  const Chart* chart = FindChart(document, "reduce-heat");
  ASSERT_NE(chart, nullptr);
  EXPECT_EQ(chart->data["x"], (Json{"2", "4", "8", "16", "32"}));
  EXPECT_EQ(chart->data["y"], (Json{"8", "16", "64"}));
  ASSERT_EQ(chart->data["values"].size(), 3u);
  EXPECT_EQ(chart->data["values"][0].size(), 5u);
  EXPECT_TRUE(chart->data["values"][0][4].is_null()) << "32 filters x 8 neurons was not trained";
  EXPECT_TRUE(chart->data["values"][1][4].is_number());
}

TEST(Page, ConfusionCountsEveryTestPictureOnce) {
  const Records records = fixture::MakeRecords({});
  size_t pictures = 0;
  for (const auto& fold : records.split->folds) pictures += fold.test.size();
  const Document document = MakeDocument(records);
  int64_t sum = 0;
  for (const auto& row : FindTable(document, "confusion-test")->rows) {
    for (size_t c = 1; c < row.size(); ++c) sum += row[c].value.get<int64_t>();
  }
  EXPECT_EQ(static_cast<size_t>(sum), pictures);
}

TEST(Page, EscapesNamesOfClassesAndFiles) {
  const std::string evil = "</script><script>alert('x')</script>\"' & 🍃";
  Records records = fixture::MakeRecords({.labels = {evil, "{{content}}", "\xFF<img src=x>"}});
  records.dataset.rejected = {{evil, evil}};
  records.dataset.warnings = {evil};
  records.verdict["reasons"] = {evil};
  records.search->rule = evil;
  records.config = evil;
  records.description["model"]["name"] = evil;
  const std::string page = Own(records);
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("<img src=x")));
  EXPECT_THAT(page, HasSubstr("&lt;/script&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"
                              "&quot;&#39; &amp; 🍃"));
  EXPECT_THAT(page, HasSubstr("{{content}}")) << "a class may be named like a mark of the template";
  const std::regex scripts("</script>");
  EXPECT_EQ(std::distance(std::sregex_iterator(page.begin(), page.end(), scripts), std::sregex_iterator()),
            3);
}

TEST(Page, ScriptDataHoldsNoTagAndReadsBack) {
  const Json data = {{"name", "</script><!-- 🍃 \u2028"}, {"quote", "\"'\\"}};
  const std::string safe = ScriptSafe(data);
  EXPECT_EQ(safe.find('<'), std::string::npos);
  EXPECT_EQ(Json::parse(safe), data);
}

TEST(Page, FetchesNothing) {
  const std::string page = Own(fixture::MakeRecords({}));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
  for (const char* word : {"http:", "https:", "src=\"//", "@import", "url(", "fetch(", "XMLHttpRequest",
                           "<link", "<iframe", "WebSocket"}) {
    EXPECT_THAT(page, Not(HasSubstr(word)));
  }
  const std::regex source("src=\"(?!data:)");
  EXPECT_FALSE(std::regex_search(page, source));
  const std::regex link("href=\"(?!#|model/|apps/|predictions.csv)");
  EXPECT_FALSE(std::regex_search(page, link)) << "links lead to files of the run folder only";
  EXPECT_EQ(std::string(ChartLibrary()).find("</script"), std::string::npos);
}

TEST(Page, EveryChartHasItsPlaceAndADescription) {
  const Document document = MakeDocument(fixture::MakeRecords({}));
  const std::string page = ToHtml(document);
  std::set<std::string> ids;
  const Json charts = Charts(document);
  for (const auto& [id, chart] : charts.items()) {
    EXPECT_THAT(page, HasSubstr(fmt::format("id=\"chart-{}\" role=\"img\" aria-label=\"", id)));
    EXPECT_THAT(std::string(PageScript()), HasSubstr(chart["kind"].get<std::string>()));
    EXPECT_TRUE(ids.insert(id).second);
  }
  for (const char* id : {"class-counts", "sizes", "search", "loss-curves", "accuracy-curves", "roc",
                         "reliability", "reduce-heat", "parameters", "sqnr", "timings"}) {
    EXPECT_TRUE(charts.contains(id)) << id;
  }
}

std::vector<std::string> IdsOf(const Document& document) {
  std::vector<std::string> ids;
  for (const Section& section : document.sections) ids.push_back(section.id);
  return ids;
}

TEST(Page, DrawsSharesAgainstSharesInASquareWithItsDiagonal) {
  const Json charts = Charts(MakeDocument(fixture::MakeRecords({})));
  for (const char* id : {"roc", "reliability"}) {
    const Json& data = charts.at(id).at("data");
    for (const char* axis : {"x", "y"}) {
      EXPECT_EQ(data.at(fmt::format("{}_min", axis)), 0) << id;
      EXPECT_EQ(data.at(fmt::format("{}_max", axis)), 100) << id;
    }
    EXPECT_EQ(data.at("series").back().at("style"), "guide") << id;
    EXPECT_EQ(data.at("series").back().at("points"), (Json{{0, 0}, {100, 100}})) << id;
  }
}

TEST(Page, BeginsWithThePicturesWhereNothingWasTrained) {
  Records bare;
  bare.dataset = fixture::MakeRecords({}).dataset;
  bare.run_name = "leaves-run";
  const Document document = MakeDocument(bare);
  EXPECT_THAT(IdsOf(document), ElementsAre("verdict", "data", "reproduce", "not-done"));
  EXPECT_EQ(document.sections[1].fold, Fold::kOpen);
  const Table* missing = FindTable(document, "not-run");
  ASSERT_NE(missing, nullptr);
  std::map<std::string, std::string> commands;
  for (const auto& row : missing->rows) commands[row[0].text] = row[1].text;
  EXPECT_EQ(commands["How pictures reach the model"], "handlens verify leaves-run");
  EXPECT_EQ(commands["Making it ready for phones"], "handlens convert leaves-run");
  EXPECT_EQ(commands["Time"], "handlens run PICTURES -o leaves-run");
  const std::string page = Own(bare);
  EXPECT_THAT(page, HasSubstr("No verdict yet"));
  EXPECT_THAT(page, HasSubstr("truncated JPEG at byte 1043"));
  EXPECT_THAT(page, HasSubstr("No phone was tried."));
}

TEST(Page, ShowsTheRestWhereOnlyTheVerdictIsMissing) {
  Records records = fixture::MakeRecords({});
  records.verdict = nullptr;
  const Document document = MakeDocument(records);
  EXPECT_THAT(IdsOf(document), AllOf(Contains("errors"), Not(Contains("routes")), Not(Contains("phones"))));
  const Table* missing = FindTable(document, "not-run");
  ASSERT_NE(missing, nullptr);
  EXPECT_EQ(missing->rows[0][0].text, "How pictures reach the model");
}

TEST(Page, NamesRoutesThatWereNotRun) {
  Records records = fixture::MakeRecords({});
  records.verdict["routes"].erase(3);
  records.verdict["routes"][2]["status"] = "not run";
  const std::string page = Own(records);
  EXPECT_THAT(page, HasSubstr("Pictures from the phone&#39;s gallery: not run."));
  EXPECT_THAT(page, HasSubstr("A simulated camera, usual care: not run."));
}

// A verdict with a phone that did both, as verify writes it.
Json VerdictWithPhone() {
  Json verdict = fixture::MakeRecords({}).verdict;
  const Json computer = {{"n", 2},
                         {"max_score_difference", 0.0039},
                         {"label_flips", 0},
                         {"flips_beyond_ties", 0},
                         {"tolerance", 0.03}};
  verdict["routes"].push_back({{"name", "phone-self-check"},
                               {"title", "Self-check on Maker <One>"},
                               {"status", "done"},
                               {"scope", "hold-out"},
                               {"n", 2},
                               {"correct", 2},
                               {"accuracy", 1.0},
                               {"ci95", {0.34, 1.0}},
                               {"agreement", 1.0},
                               {"computer", computer},
                               {"differing_inputs", 0},
                               {"phone", 0}});
  verdict["routes"].push_back(
      {{"name", "phone-field-test"},
       {"title", "Field test with Maker <One>"},
       {"status", "done"},
       {"scope", "field test"},
       {"n", 10},
       {"correct", 7},
       {"accuracy", 0.7},
       {"ci95", {0.4, 0.89}},
       {"agreement", nullptr},
       {"phone", 0},
       {"per_class", {{{"label", "x"}, {"n", 10}}}},
       {"confusion", {{7, 3}, {0, 0}}},
       {"conditions",
        {{{"distance", "fills"}, {"n", 5}, {"correct", 5}, {"ci95", {0.57, 1.0}}},
         {{"distance", "quarter"}, {"n", 5}, {"correct", 2}, {"ci95", {0.12, 0.77}}}}}});
  verdict["phones"] = {{{"title", "Maker <One>"},
                        {"system", "Android 14 (B1)"},
                        {"app", "Leaves"},
                        {"target", "android"},
                        {"app_version", "1.2"},
                        {"runtime", "2.21.0"},
                        {"kernels", "xnnpack"},
                        {"model", "model/quantizedmodel.tflite"},
                        {"files", {"phones/a.json"}},
                        {"self_check",
                         {{"made_at", "2026-11-23T10:00:00Z"},
                          {"ok", true},
                          {"problems", Json::array()},
                          {"golden", 208},
                          {"golden_right", 208},
                          {"differing_bytes", 0},
                          {"differing_inputs", 0},
                          {"largest_jpeg_difference", 2},
                          {"delegate", "used"}}},
                        {"field_test",
                         {{"first_at", "2026-11-23T11:00:00Z"},
                          {"last_at", "2026-11-23T11:09:00Z"},
                          {"shots", 10},
                          {"not_sure", 1},
                          {"median_ms", 12.0}}}}};
  return verdict;
}

TEST(Page, ShowsEachPhoneWithItsTallies) {
  Records records = fixture::MakeRecords({});
  records.verdict = VerdictWithPhone();
  const std::string page = Own(records);
  EXPECT_THAT(page, HasSubstr("Self-check on Maker &lt;One&gt;"));
  EXPECT_THAT(page, HasSubstr("Field test with Maker &lt;One&gt;"));
  EXPECT_THAT(page, HasSubstr("Self-check: green"));
  EXPECT_THAT(page, HasSubstr("Leaves 1.2 for Android"));
  EXPECT_THAT(page, HasSubstr("quarter"));
  EXPECT_THAT(page, Not(HasSubstr("No phone was tried.")));
  records.verdict["phones"][0]["self_check"]["ok"] = false;
  records.verdict["phones"][0]["self_check"]["problems"] = {"2 golden vectors failed"};
  EXPECT_THAT(Own(records), HasSubstr("Self-check: red"));
  records.verdict["phones"][0].erase("field_test");
  EXPECT_THAT(Own(records),
              HasSubstr("was tried with the held-out pictures only; nobody photographed with it."));
}

TEST(Page, SurvivesRecordsOfOtherShapes) {
  Records records = fixture::MakeRecords({});
  records.verdict = {{"routes", {{{"name", 3}, {"n", "many"}, {"ci95", {"a"}}}, {{"name", "camera"}}}},
                     {"reasons", 5},
                     {"rules", {{{"name", "x"}, {"passed", true}}}}};
  records.conversion = {{"layers", {{{"name", "a"}}}}, {"models", 4}, {"agreement", {1, 2}}};
  records.timings = {{"steps", {{{"name", "search"}}, 5}}};
  records.description = Json::array({1});
  records.reduce->chosen = 999;
  records.search->chosen = -1;
  records.search->cells[0].folds[0].test.scores.resize(3);
  EXPECT_THAT(Own(records), HasSubstr("id=\"not-done\""));
}

TEST(Page, IsUnderSixMegabytesWith250Pictures) {
  Folder folder;
  Records records = fixture::MakeRecords({.labels = {"a", "b", "c", "d", "e"}, .pictures_per_class = 50});
  records.run = folder.path();
  fixture::WritePictures(folder.path(), records.dataset);
  const std::string page = ToHtml(MakeDocument(records));
  EXPECT_LT(page.size(), size_t{6} << 20);
  EXPECT_THAT(page, HasSubstr("40 pictures of 50 shown."));
  EXPECT_THAT(page, HasSubstr("<table id=\"table-model-files\">"));
  const std::regex picture("<img loading=\"lazy\" src=\"data:image/jpeg;base64,");
  EXPECT_GE(std::distance(std::sregex_iterator(page.begin(), page.end(), picture), std::sregex_iterator()),
            200);
  EXPECT_EQ(page, ToHtml(MakeDocument(records))) << "the same records must give the same bytes";
}

TEST(Page, ThumbnailsGoAlongForMistakesFirstAndThenForEveryClass) {
  Folder folder;
  Records records = fixture::MakeRecords({.labels = {"a", "b", "c", "d", "e"}, .pictures_per_class = 400});
  records.run = folder.path();
  fixture::WritePictures(folder.path(), records.dataset);
  const Json held = PicturesOfPage(MakeDocument(records));
  size_t bytes = 0, without = 0;
  std::set<int> classes;
  for (const Json& row : held["pictures"]) {
    const size_t size = row[5].get<std::string>().size();
    bytes += size;
    if (row[1] != row[2]) EXPECT_GT(size, 0u) << row[4];
    else if (size > 0) classes.insert(row[1].get<int>());
    without += size == 0 ? 1 : 0;
  }
  EXPECT_GT(bytes, 1'900'000u);
  EXPECT_LT(bytes, 2'050'000u);
  EXPECT_GT(without, 0u);
  EXPECT_EQ(classes.size(), 5u);
}

TEST(Page, ANumberOfTheMatrixNamesItsPictures) {
  const Document document = MakeDocument(fixture::MakeRecords({}));
  const Json held = PicturesOfPage(document);
  std::map<std::string, int64_t> counted;
  for (const Json& row : held["pictures"])
    ++counted[fmt::format("{},{}", row[1].get<int>(), row[2].get<int>())];
  const Table* table = FindTable(document, "confusion-test");
  size_t cells = 0;
  for (const auto& row : table->rows) {
    for (size_t c = 1; c < row.size(); ++c) {
      if (row[c].value == 0) continue;
      EXPECT_EQ(counted[row[c].pick], row[c].value.get<int64_t>());
      ++cells;
    }
  }
  EXPECT_EQ(cells, counted.size());
}

TEST(Page, DrawsTheFourWaysOfThePaperWithTheirSkippedSteps) {
  Records records = fixture::MakeRecords({});
  const Document document = MakeDocument(records);
  const Table* table = FindTable(document, "ways");
  ASSERT_EQ(table->rows.size(), 4u);
  std::vector<size_t> skipped;
  for (const auto& row : table->rows)
    skipped.push_back(static_cast<size_t>(
        std::count_if(row.begin(), row.end(), [](const Cell& c) { return c.value == "skipped"; })));
  EXPECT_THAT(skipped, testing::ElementsAre(0u, 1u, 2u, 3u));
  EXPECT_EQ(table->rows[0][0].mark, "this run");
  records.verdict["thresholds"] = {{"for", "gallery"}};
  EXPECT_EQ(FindTable(MakeDocument(records), "ways")->rows[2][0].mark, "this run");
}

}  // namespace
}  // namespace handlens::report
