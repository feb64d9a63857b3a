// Claims about the packed web app and the bundle: complete, versioned, never over somebody else's files,
// never with labels that are not the model's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/hash.h"
#include "base/json.h"
#include "describe/describe.h"
#include "describe/sample_models.h"
#include "package/labelled_model.h"
#include "package/package.h"

namespace handlens::package {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

struct WebSample {
  fs::path folder;
  FolderRequest request;
};

WebSample MakeSample(const std::string& name, const Bytes& model) {
  // Of the test's own: others that make the same sample may run at the same time.
  const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  const fs::path folder = fs::path(testing::TempDir()) / ("handlens-web-" + name + "-" + test);
  fs::remove_all(folder);
  WebSample sample{folder, {}};
  EXPECT_TRUE(WriteFileAtomic(folder / "site/index.html", std::string_view("<p>app")));
  EXPECT_TRUE(WriteFileAtomic(folder / "site/sw.js", std::string_view("self.x = 1;")));
  EXPECT_TRUE(WriteFileAtomic(folder / "model.tflite", model));
  const auto rgb = describe::sample::Flat(200, 30, 40, 9);
  EXPECT_TRUE(WriteFileAtomic(folder / "red.png", image::EncodePng(rgb, 9, 9)));
  sample.request.bundle = {folder / "model.tflite", {}, "Bär 叶", {{folder / "red.png", "red"}}};
  sample.request.built = folder / "site";
  sample.request.icon = {9, 9, rgb};
  sample.request.out = folder / "out";
  return sample;
}

// Mean colour with int8 numbers in and out.
Bytes Int8Model() {
  const tflite::Quantization inner{{1.0f / 255}, {-128}, 0};
  tflite::Graph graph;
  graph.tensors = {{.name = "picture",
                    .type = tflite::Type::kInt8,
                    .shape = {1, describe::sample::kSizePx, describe::sample::kSizePx, 3},
                    .quantization = inner},
                   {.name = "axes",
                    .type = tflite::Type::kInt32,
                    .shape = {2},
                    .data = describe::sample::Int32Bytes({1, 2})},
                   {.name = "scores", .type = tflite::Type::kInt8, .shape = {1, 3}, .quantization = inner}};
  graph.ops = {{.op = tflite::Op::kMean, .inputs = {0, 1}, .outputs = {2}}};
  graph.input = 0;
  graph.output = 2;
  return tflite::WriteModel(graph);
}

const std::vector<std::string>& Labels() {
  static const std::vector<std::string> labels = {"red", "green", "blue"};
  return labels;
}

std::string Version(const fs::path& out) {
  const auto json = ParseJson(*ReadText(out / "precache.json"), "precache.json");
  return json->at("version").get<std::string>();
}

TEST(PackWeb, WritesEveryFileOnceAndNamesThemForOfflineUse) {
  const WebSample sample = MakeSample("complete", WithLabels(describe::sample::FloatModel(), Labels()));
  const auto files = PackWeb(sample.request);
  ASSERT_TRUE(files) << files.error().message;
  const auto names = ParseJson(*ReadText(sample.request.out / "precache.json"), "")
                         ->at("files")
                         .get<std::vector<std::string>>();
  for (const char* name : {"index.html", "bundle/app.json", "bundle/model.tflite", "bundle/check/check.json",
                           "bundle/check/0.png", "app.webmanifest", "icon-192.png", "icon-512.png"}) {
    EXPECT_THAT(names, Contains(name));
    EXPECT_TRUE(fs::exists(sample.request.out / name)) << name;
  }
  EXPECT_THAT(names, Not(Contains("sw.js")));  // the browser keeps its worker itself
  const auto manifest = ParseJson(*ReadText(sample.request.out / "app.webmanifest"), "");
  EXPECT_EQ(manifest->at("name"), "Bär 叶");
}

TEST(PackWeb, CarriesHowManyChecksTheModelPassed) {
  WebSample sample = MakeSample("checks", WithLabels(describe::sample::FloatModel(), Labels()));
  const auto verdict = [&sample] {
    EXPECT_TRUE(PackWeb(sample.request));
    const auto app = ParseJson(*ReadText(sample.request.out / "bundle/app.json"), "app.json");
    return app->contains("verdict") ? app->at("verdict") : Json();
  };
  EXPECT_EQ(verdict(), Json());
  sample.request.bundle.verdict = {11, 13};
  EXPECT_EQ(verdict(), (Json{{"passed", 11}, {"of", 13}}));
}

// The file of an example a label; null where the record has none at all.
Json ExamplesOf(const fs::path& out) {
  const auto app = ParseJson(*ReadText(out / "bundle/app.json"), "app.json");
  return app->contains("examples") ? app->at("examples") : Json();
}

TEST(PackWeb, ShowsAPictureOfEachClassOnlyWhenAsked) {
  WebSample sample = MakeSample("examples", WithLabels(describe::sample::FloatModel(), Labels()));
  // A dull red before the bright one; the blue one carries a secret behind its pixels.
  const auto put = [&](const char* name, const std::vector<uint8_t>& rgb, std::string_view behind) {
    const Bytes png = image::EncodePng(rgb, 9, 9);
    std::string text(png.begin(), png.end());
    EXPECT_TRUE(WriteFileAtomic(sample.folder / name, text + std::string(behind)));
  };
  put("dull.png", describe::sample::Flat(120, 90, 90, 9), "");
  put("blue.png", describe::sample::Flat(10, 20, 220, 9), "Jane Doe");
  auto& pictures = sample.request.bundle.check_pictures;
  pictures.insert(pictures.begin(), CheckPicture{sample.folder / "dull.png", "red"});
  pictures.push_back({sample.folder / "blue.png", "blue"});
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_TRUE(ExamplesOf(sample.request.out).is_null());

  sample.request.bundle.examples = true;
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_EQ(ExamplesOf(sample.request.out), Json({"check/1.png", nullptr, "check/2.png"}));

  // The originals travel for the check, but what is shown are the model's pixels.
  sample.request.bundle.carry = Carry::kOriginals;
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_EQ(ExamplesOf(sample.request.out), Json({"examples/0.png", nullptr, "examples/2.png"}));
  EXPECT_THAT(*ReadText(sample.request.out / "bundle/check/2.png"), HasSubstr("Jane Doe"));
  const Bytes shown = *ReadFile(sample.request.out / "bundle/examples/2.png");
  EXPECT_THAT(std::string(shown.begin(), shown.end()), Not(HasSubstr("Jane Doe")));
  const auto decoded = image::Decode(shown);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->image.width, describe::sample::kSizePx);
  EXPECT_EQ(decoded->image.height, describe::sample::kSizePx);
}

TEST(PackWeb, GivesTheWorkerItsVersionWhichFollowsEveryFile) {
  WebSample sample = MakeSample("version", WithLabels(describe::sample::FloatModel(), Labels()));
  ASSERT_TRUE(PackWeb(sample.request));
  const std::string first = Version(sample.request.out);
  EXPECT_THAT(*ReadText(sample.request.out / "sw.js"),
              HasSubstr("self.handlensVersion = \"" + first + "\";"));
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_EQ(Version(sample.request.out), first);
  sample.request.bundle.name = "Another";
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_NE(Version(sample.request.out), first);
}

TEST(PackWeb, NeverReplacesAFolderThatItDidNotMake) {
  const WebSample sample = MakeSample("foreign", WithLabels(describe::sample::FloatModel(), Labels()));
  ASSERT_TRUE(WriteFileAtomic(sample.request.out / "thesis.txt", std::string_view("years of work")));
  const auto files = PackWeb(sample.request);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(*ReadText(sample.request.out / "thesis.txt"), "years of work");
}

// The app is what was proven, and what the user made of it is not lost.
TEST(PackWeb, PutsWhatTheUserChangedBesideTheNewOne) {
  const WebSample sample = MakeSample("own", WithLabels(describe::sample::FloatModel(), Labels()));
  ASSERT_TRUE(WriteFileAtomic(sample.request.built / "assets/app.js", std::string_view("app")));
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_TRUE(ChangedFiles(sample.request.out)->empty());
  for (const char* mine : {"mine", "mine again"}) {
    ASSERT_TRUE(WriteFileAtomic(sample.request.out / "assets/app.js", std::string_view(mine)));
    EXPECT_THAT(*ChangedFiles(sample.request.out), testing::ElementsAre("assets/app.js"));
    ASSERT_TRUE(PackWeb(sample.request));
    EXPECT_EQ(*ReadText(sample.request.out / "assets/app.js"), "app");
  }
  EXPECT_EQ(*ReadText(sample.request.out / "assets/app.js.yours"), "mine");
  EXPECT_EQ(*ReadText(sample.request.out / "assets/app.js.yours2"), "mine again");
}

TEST(PackWeb, KeepsTheUsersFilesAndDropsItsOwnOldOnes) {
  const WebSample sample = MakeSample("users", WithLabels(describe::sample::FloatModel(), Labels()));
  ASSERT_TRUE(WriteFileAtomic(sample.request.built / "old.html", std::string_view("old")));
  ASSERT_TRUE(PackWeb(sample.request));
  ASSERT_TRUE(WriteFileAtomic(sample.request.out / ".htaccess", std::string_view("mine")));
  ASSERT_TRUE(WriteFileAtomic(sample.request.out / "logs/one.txt", std::string_view("mine too")));
  ASSERT_TRUE(WriteFileAtomic(sample.request.out / "bundle/notes.txt", std::string_view("and mine")));
  fs::remove(sample.request.built / "old.html");
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_EQ(*ReadText(sample.request.out / ".htaccess"), "mine");
  EXPECT_EQ(*ReadText(sample.request.out / "logs/one.txt"), "mine too");
  EXPECT_EQ(*ReadText(sample.request.out / "bundle/notes.txt"), "and mine");
  EXPECT_FALSE(fs::exists(sample.request.out / "old.html"));
  EXPECT_FALSE(fs::exists(sample.request.out / "sw.js.old"));
  EXPECT_THAT(ListFolder(sample.folder).value(), testing::Each(Not(testing::StartsWith(".handlens"))));
}

TEST(PackWeb, AMistakeKeepsTheOldApp) {
  WebSample sample = MakeSample("mistake", WithLabels(describe::sample::FloatModel(), Labels()));
  ASSERT_TRUE(PackWeb(sample.request));
  const std::string old = Version(sample.request.out);
  sample.request.bundle.check_pictures[0].path = sample.folder / "gone.png";
  EXPECT_FALSE(PackWeb(sample.request));
  ASSERT_TRUE(WriteFileAtomic(sample.request.bundle.model, Int8Model()));
  EXPECT_FALSE(PackWeb(sample.request));
  EXPECT_EQ(Version(sample.request.out), old);
  EXPECT_TRUE(fs::exists(sample.request.out / "bundle/model.tflite"));
}

TEST(PackWeb, GoesOnWhereItWasInterrupted) {
  const WebSample sample = MakeSample("interrupted", WithLabels(describe::sample::FloatModel(), Labels()));
  ASSERT_TRUE(PackWeb(sample.request));
  for (const char* name : {"precache.json", "sw.js", "icon-512.png"}) fs::remove(sample.request.out / name);
  ASSERT_TRUE(PackWeb(sample.request));
  EXPECT_TRUE(fs::exists(sample.request.out / "sw.js"));
}

TEST(PackWeb, RefusesNumbersThatBrowsersDoNotRun) {
  const WebSample sample = MakeSample("int8", WithLabels(Int8Model(), Labels()));
  const auto files = PackWeb(sample.request);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(files.error().message, HasSubstr("--io uint8"));
  EXPECT_FALSE(fs::exists(sample.request.out));
}

TEST(PackWeb, SaysSoWhenTheAppWasNotBuilt) {
  WebSample sample = MakeSample("unbuilt", WithLabels(describe::sample::FloatModel(), Labels()));
  sample.request.built = sample.folder / "nothing";
  const auto files = PackWeb(sample.request);
  ASSERT_FALSE(files);
  EXPECT_THAT(files.error().message, HasSubstr("not there"));
}

TEST(Bundle, RefusesLabelsThatAreNotTheModels) {
  for (const std::vector<std::string>& labels :
       {std::vector<std::string>{"red", "green"}, {"red", "green", "blue", "grey"}}) {
    const WebSample sample = MakeSample("labels", WithLabels(describe::sample::FloatModel(), labels));
    const auto bundle = MakeBundle(sample.request.bundle);
    ASSERT_FALSE(bundle);
    EXPECT_EQ(bundle.error().kind, ErrorKind::kBadInput);
    EXPECT_THAT(bundle.error().message, HasSubstr(fmt::format("3 outputs, {} labels", labels.size())));
  }
}

const Bytes* Find(const std::vector<BundleFile>& files, std::string_view name) {
  for (const BundleFile& file : files) {
    if (file.name == name) return &file.bytes;
  }
  return nullptr;
}

Json CheckOf(const std::vector<BundleFile>& files) {
  const Bytes* bytes = Find(files, "check/check.json");
  if (bytes == nullptr) return {};
  return *ParseJson(std::string_view(reinterpret_cast<const char*>(bytes->data()), bytes->size()),
                    "check.json");
}

// A picture whose file says more than its pixels.
WebSample SampleWithSecret() {
  WebSample sample = MakeSample("secret", WithLabels(describe::sample::FloatModel(), Labels()));
  Bytes file = *ReadFile(sample.folder / "red.png");
  for (const char c : std::string_view("patient: Jane Doe")) file.push_back(static_cast<uint8_t>(c));
  EXPECT_TRUE(WriteFileAtomic(sample.folder / "red.png", file));
  return sample;
}

TEST(Bundle, CarriesThePixelsThatTheModelSeesAndNothingElseOfAPicture) {
  const WebSample sample = SampleWithSecret();
  const auto files = MakeBundle(sample.request.bundle);
  ASSERT_TRUE(files) << files.error().message;
  const Bytes* png = Find(*files, "check/0.png");
  ASSERT_NE(png, nullptr);
  EXPECT_EQ(std::string(png->begin(), png->end()).find("Jane"), std::string::npos);
  const auto decoded = image::Decode(*png);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->image.width, describe::sample::kSizePx);
  const Json check = CheckOf(*files), picture = check["pictures"][0];
  EXPECT_FALSE(check.contains("pictures_are"));
  EXPECT_EQ(picture["input_sha256"], Sha256(decoded->image.rgb));
  EXPECT_EQ(picture["sha256"], Sha256(*ReadFile(sample.folder / "red.png")));  // the picture's id in the run
  EXPECT_EQ(picture["lossless"], true);
}

TEST(Bundle, CarriesOriginalsOnlyWhenAsked) {
  WebSample sample = SampleWithSecret();
  sample.request.bundle.carry = Carry::kOriginals;
  const auto files = MakeBundle(sample.request.bundle);
  ASSERT_TRUE(files) << files.error().message;
  const Bytes* png = Find(*files, "check/0.png");
  ASSERT_NE(png, nullptr);
  EXPECT_EQ(*png, *ReadFile(sample.folder / "red.png"));
  EXPECT_EQ(CheckOf(*files)["pictures_are"], "originals");
}

TEST(DrawIcon, ShowsNoMoreDetailThanTheModelSees) {
  const fs::path folder = fs::path(testing::TempDir()) / "handlens-icon";
  std::vector<uint8_t> stripes;
  for (int i = 0; i < 64 * 64; ++i) stripes.insert(stripes.end(), 3, i % 2 == 0 ? 0 : 255);
  ASSERT_TRUE(WriteFileAtomic(folder / "stripes.png", image::EncodePng(stripes, 64, 64)));
  const auto icon = DrawIcon({folder / "stripes.png"}, 8);
  ASSERT_TRUE(icon) << icon.error().message;
  EXPECT_EQ(icon->width, 512);
  const auto [least, most] = std::minmax_element(icon->rgb.begin(), icon->rgb.end());
  EXPECT_GT(*least, 100);
  EXPECT_LT(*most, 155);
}

TEST(Bundle, SaysHowQuantizedOutputsBecomeScores) {
  const WebSample sample = MakeSample("quantized", WithLabels(describe::sample::QuantizedModel(), Labels()));
  ASSERT_TRUE(PackWeb(sample.request));
  const auto app = ParseJson(*ReadText(sample.request.out / "bundle/app.json"), "");
  EXPECT_EQ(app->at("output_type"), "uint8");
  EXPECT_FLOAT_EQ(app->at("output_quantization").at("scale").get<float>(), 1.0f / 255);
  EXPECT_EQ(app->at("output_quantization").at("zero_point"), 0);
  const auto check = ParseJson(*ReadText(sample.request.out / "bundle/check/check.json"), "");
  const auto& picture = check->at("pictures").at(0);
  EXPECT_NEAR(picture.at("scores").at(0).get<double>(), 200 / 255.0, 1.01 / 255);
  EXPECT_EQ(picture.at("input_sha256"), Sha256(describe::sample::Flat(200, 30, 40)));
}

}  // namespace
}  // namespace handlens::package
