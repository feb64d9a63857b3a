// Claims about descriptions: they read back, wrappers compile whatever the labels are, a wrong label order is
// found.
#include "describe/describe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "base/hash.h"
#include "describe/sample_models.h"
#include "tflite/tflite.h"

namespace handlens::describe {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

fs::path FreshFolder(const std::string& name) {
  const fs::path folder = fs::path(testing::TempDir()) / fmt::format("handlens-describe-{}", name);
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

Description Colours() {
  Description d;
  d.name = "colours";
  d.author = "somebody";
  d.notice = "not a diagnosis";
  d.size_px = sample::kSizePx;
  d.labels = {"1 red", "2 green", "3 blue"};
  d.not_sure_below = 0.25;
  return d;
}

const std::vector<std::string>& NastyLabels() {
  static const std::vector<std::string> labels = {"a\"b", "c\\d", "${e}$f", "Bär", "叶",
                                                  "🍃1",   "x\ny", "@NAME@", "?\?/"};
  return labels;
}

TEST(PreprocessJson, ReadsBackWhatItWrote) {
  Description d = Colours();
  d.labels = NastyLabels();
  const std::string text = PreprocessJson(d);
  const auto read = DescriptionFromJson(text, "here");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->labels, d.labels);
  EXPECT_EQ(read->not_sure_below, d.not_sure_below);
  EXPECT_EQ(PreprocessJson(*read), text);
}

TEST(PreprocessJson, RefusesWhatItWouldMisread) {
  const std::string good = PreprocessJson(Colours());
  const auto refused = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    const auto read = DescriptionFromJson(text, "here");
    return !read && read.error().kind == ErrorKind::kBadInput && read.error().message.starts_with("here: ");
  };
  EXPECT_TRUE(refused("\"pixel_contract\": 1", "\"pixel_contract\": 2"));
  EXPECT_TRUE(refused("\"version\": 1", "\"version\": 2"));
  EXPECT_TRUE(refused("handlens-preprocess", "something"));
  EXPECT_TRUE(refused("\"fit\": \"crop\"", "\"fit\": \"chop\""));
  EXPECT_TRUE(refused("\"size_px\": 5", "\"size_px\": 0"));
  EXPECT_TRUE(refused("2 green", "1 red"));
}

ScoredPicture Scored(float top, bool correct) { return {{top, 1 - top}, correct ? 0 : 1}; }

TEST(ChooseNotSureBelow, TakesTheSmallestThresholdThatReachesTheTarget) {
  std::vector<ScoredPicture> pictures;
  for (int i = 0; i < 9; ++i) pictures.push_back(Scored(0.8f, true));
  pictures.push_back(Scored(0.9f, false));
  for (int i = 0; i < 5; ++i) pictures.push_back(Scored(0.6f, false));
  const NotSureChoice choice = ChooseNotSureBelow(pictures);
  EXPECT_DOUBLE_EQ(choice.threshold, 0.61);
  EXPECT_DOUBLE_EQ(choice.accuracy, 0.9);
  EXPECT_NEAR(choice.answered, 10.0 / 15, 1e-12);
}

TEST(ChooseNotSureBelow, IsZeroWhenAllAnswersAreGoodEnoughAndWithoutPictures) {
  EXPECT_EQ(ChooseNotSureBelow(std::vector{Scored(0.6f, true), Scored(0.51f, true)}).threshold, 0);
  EXPECT_EQ(ChooseNotSureBelow({}).threshold, 0);
}

TEST(ChooseNotSureBelow, StillAnswersHalfOfThePictures) {
  std::vector<ScoredPicture> pictures;
  for (int i = 0; i < 9; ++i) pictures.push_back(Scored(0.6f, i % 2 == 0));
  pictures.push_back(Scored(0.95f, true));
  EXPECT_GE(ChooseNotSureBelow(pictures).answered, 0.5);
}

TEST(NormalizationOf, SaysWhatEachInputTypeIsFed) {
  const auto check = [](const char* type, float zero, float full) {
    const auto n = NormalizationOf(type);
    return n && (0 - n->mean) / n->std == zero && (255 - n->mean) / n->std == full && n->min == zero &&
           n->max == full;
  };
  EXPECT_TRUE(check("float32", 0, 1));
  EXPECT_TRUE(check("uint8", 0, 255));
  EXPECT_TRUE(check("int8", -128, 127));
  EXPECT_FALSE(NormalizationOf("int32"));
}

std::string TextOf(const std::string& file_name, const Description& d) {
  for (const Wrapper& w : Wrappers(d)) {
    if (w.file_name == file_name) return w.text;
  }
  return "";
}

int Shell(const std::string& command) { return std::system((command + " > /dev/null").c_str()); }

TEST(Wrappers, AreSixAndWhole) {
  size_t classifiers = 0, samples = 0;
  for (const Wrapper& w : Wrappers(Colours())) {
    const bool is_classifier = w.file_name.find("lassifier") != std::string::npos;
    classifiers += is_classifier;
    samples += w.file_name.starts_with("Sample") || w.file_name.starts_with("sample");
    if (is_classifier) {
      EXPECT_THAT(w.text, HasSubstr("\"1 red\", \"2 green\", \"3 blue\"")) << w.file_name;
      EXPECT_THAT(w.text, HasSubstr("\"not a diagnosis\"")) << w.file_name;
    }
    for (const char* key :
         {"@NAME@", "@LABELS@", "@SIZE_PX@", "@FIT@", "@FIT_NAME@", "@CLASSES@", "@VERSION@"}) {
      EXPECT_THAT(w.text, Not(HasSubstr(key))) << w.file_name;
    }
  }
  EXPECT_EQ(classifiers, 6u);
  EXPECT_EQ(samples, 6u);
}

TEST(Wrappers, NoLabelStartsAnInterpolationOrEndsALiteral) {
  Description d = Colours();
  d.labels = NastyLabels();
  for (const Wrapper& w : Wrappers(d)) {
    EXPECT_THAT(w.text, Not(HasSubstr("${e}"))) << w.file_name;
    EXPECT_THAT(w.text, Not(HasSubstr("\"a\"b\""))) << w.file_name;
    EXPECT_TRUE(std::all_of(w.text.begin(), w.text.end(),
                            [](char c) { return c == '\n' || (c >= 0x20 && c < 0x7f); }));
  }
}

TEST(Wrappers, CppCompilesAndHasTheLabelsBytes) {
  if (Shell("g++ --version 2>&1") != 0) GTEST_SKIP() << "no g++";
  Description d = Colours();
  d.labels = NastyLabels();
  const fs::path folder = FreshFolder("cpp");
  std::string text = "#include <string_view>\n" + TextOf("handlens_classifier.h", d);
  text.erase(text.find("#pragma once"), 12);
  for (size_t i = 0; i < d.labels.size(); ++i) {
    std::string bytes;
    for (const char c : d.labels[i]) bytes += fmt::format("'\\x{:02x}',", static_cast<uint8_t>(c));
    text += fmt::format(
        "constexpr char kExpected{0}[] = {{{1}0}};\n"
        "static_assert(std::string_view(handlens_model::kLabels[{0}]) == kExpected{0});\n",
        i, bytes);
  }
  ASSERT_TRUE(WriteFileAtomic(folder / "wrapper.cc", text));
  const std::string source = HANDLENS_SOURCE_DIR;
  EXPECT_EQ(Shell(fmt::format(
                "g++ -std=c++17 -Wall -Wextra -Werror -fsyntax-only -I{0}/src/describe/testdata/stubs "
                "-I{0}/src/pixels {1}",
                source, (folder / "wrapper.cc").string())),
            0);
}

TEST(Wrappers, JavaCompiles) {
  if (Shell("javac -version 2>&1") != 0) GTEST_SKIP() << "no javac";
  Description d = Colours();
  d.labels = NastyLabels();
  const fs::path folder = FreshFolder("java");
  ASSERT_TRUE(WriteFileAtomic(folder / "HandlensClassifier.java", TextOf("HandlensClassifier.java", d)));
  EXPECT_EQ(Shell(fmt::format(
                "javac -d {1}/out -sourcepath {0}/src/describe/testdata/stubs {1}/HandlensClassifier.java",
                HANDLENS_SOURCE_DIR, folder.string())),
            0);
}

// A run's model folder as `convert` leaves it.
fs::path ConvertedRun(const std::string& name, const std::vector<std::string>& labels) {
  const fs::path folder = FreshFolder(name) / "model";
  const auto write = [&](const char* file, const Bytes& bytes) {
    EXPECT_TRUE(WriteFileAtomic(folder / file, bytes));
  };
  write("model.tflite", sample::FloatModel());
  write("quantizedmodel.tflite", sample::QuantizedModel());
  std::string lines;
  for (const std::string& label : labels) lines += label + "\n";
  EXPECT_TRUE(WriteFileAtomic(folder / "labels.txt", lines));
  const Json models = {{{"file", "model.tflite"}, {"role", "final"}},
                       {{"file", "quantizedmodel.tflite"}, {"role", "final"}}};
  EXPECT_TRUE(WriteRecord(folder / "conversion.json", "handlens-conversion", 1,
                          {{"size_px", sample::kSizePx},
                           {"fit", "crop"},
                           {"labels", labels},
                           {"models", models},
                           {"method", "quantization-aware training"}}));
  return folder;
}

// `count` pictures of each colour, which the sample models tell apart.
std::vector<ProofPicture> ProofPictures(int count = 6) {
  std::vector<ProofPicture> pictures;
  for (int i = 0; i < count; ++i) {
    const auto high = static_cast<uint8_t>(200 + i);
    pictures.push_back({fmt::format("r{}", i), "r.png", 0, sample::Flat(high, 10, 10)});
    pictures.push_back({fmt::format("g{}", i), "g.png", 1, sample::Flat(10, high, 10)});
    pictures.push_back({fmt::format("b{}", i), "b.png", 2, sample::Flat(10, 10, high)});
  }
  return pictures;
}

#define SKIP_WITHOUT_RUNTIME() \
  if (const auto version = tflite::RuntimeVersion(); !version) GTEST_SKIP() << version.error().message

// The whole way of a user: the folder that `describe` leaves, a compiler, TensorFlow Lite's library, the
// picture of the sample.
TEST(Wrappers, CppSampleRunsAndGivesTheComputersScores) {
  if (Shell("g++ --version 2>&1") != 0) GTEST_SKIP() << "no g++";
  const fs::path library = fs::path(HANDLENS_SOURCE_DIR) / "build/lib/libhandlens_tflite.so";
  const fs::path beside = fs::current_path() / "lib/libhandlens_tflite.so";
  const fs::path runtime = fs::exists(beside) ? beside : library;
  if (!fs::exists(runtime)) GTEST_SKIP() << "the runtime library is not there";
  const fs::path folder = ConvertedRun("sample", Colours().labels);
  const auto described = DescribeRun({folder, Colours(), ProofPictures(), {}}, SilentProgress());
  ASSERT_TRUE(described) << described.error().message;
  const std::string source = HANDLENS_SOURCE_DIR;
  ASSERT_EQ(Shell(fmt::format(
                "cd {2}/wrappers && g++ -std=c++17 -Wall -Wextra -Werror -I{0}/src/describe/testdata/stubs "
                "-I{0}/src/pixels -I{0}/src sample.cc -x c++ {0}/src/pixels/pixels.c -x none {1} "
                "-Wl,-rpath,{3} -o sample_program",
                source, runtime.string(), folder.string(), runtime.parent_path().string())),
            0);
  for (const char* model : {"model.tflite", "quantizedmodel.tflite"}) {
    EXPECT_EQ(Shell(fmt::format("cd {}/wrappers && ./sample_program ../{}", folder.string(), model)), 0)
        << model;
  }
  // Other scores must not pass.
  ASSERT_TRUE(
      WriteFileAtomic(folder / "wrappers/sample/model.tflite.scores.txt", std::string_view("0.1\n0.9\n0\n")));
  EXPECT_NE(Shell(fmt::format("cd {}/wrappers && ./sample_program ../model.tflite", folder.string())), 0);
}

// Whether the program `main` exits with `code`, compiled against the C++ wrapper of the description.
bool ExitsWith(int code, const Description& d, const std::string& name, std::string_view main) {
  const fs::path folder = FreshFolder(name);
  for (const Wrapper& wrapper : Wrappers(d))
    EXPECT_TRUE(WriteFileAtomic(folder / wrapper.file_name, wrapper.text));
  EXPECT_TRUE(WriteFileAtomic(folder / "try.cc", main));
  return Shell(fmt::format(
             "cd {1} && g++ -std=c++17 -O1 -Wall -Wextra -Werror -I{0}/src/describe/testdata/stubs "
             "-I{0}/src/pixels -I{0}/src try.cc -o try_program && ./try_program; test $? = {2}",
             HANDLENS_SOURCE_DIR, folder.string(), code)) == 0;
}

TEST(Wrappers, CppRefersTheClassThatMustNotBeMissed) {
  if (Shell("g++ --version 2>&1") != 0) GTEST_SKIP() << "no g++";
  // Exit code: bit 0 of a sure red with much blue, bit 1 of one with little.
  constexpr std::string_view kMain =
      "#include \"handlens_classifier.h\"\nint main() {\n"
      "  handlens_model::Answer much, little;\n  much.scores = {0.6f, 0.1f, 0.3f};\n"
      "  little.scores = {0.7f, 0.1f, 0.2f};\n"
      "  return (much.refer() ? 1 : 0) + (little.refer() ? 2 : 0);\n}\n";
  Description d = Colours();
  EXPECT_TRUE(ExitsWith(0, d, "refers-none", kMain));
  d.referral.emplace();
  d.referral->wanted.label = d.labels[2];
  d.referral->label = 2;
  d.referral->from = 0.3;
  EXPECT_TRUE(ExitsWith(1, d, "refers", kMain));
}

TEST(Wrappers, CppNamesThePossibleClasses) {
  if (Shell("g++ --version 2>&1") != 0) GTEST_SKIP() << "no g++";
  constexpr std::string_view kMain =
      "#include \"handlens_classifier.h\"\nint main() {\n"
      "  handlens_model::Answer two, none;\n  two.scores = {0.35f, 0.1f, 0.55f};\n"
      "  none.scores = {0.2f, 0.2f, 0.2f};\n"
      "  return (two.possible() == std::vector<size_t>{2, 0} ? 1 : 0) +\n"
      "         (two.possible().empty() ? 2 : 0) + (none.possible().empty() ? 4 : 0);\n}\n";
  Description d = Colours();
  EXPECT_TRUE(ExitsWith(6, d, "possible-not-said", kMain));
  d.answering.emplace();
  d.answering->sets.emplace();
  d.answering->sets->from = 0.3;
  EXPECT_TRUE(ExitsWith(5, d, "possible", kMain));
}

TEST(DescribeRun, ProvesTheLabelOrderOnEveryFile) {
  SKIP_WITHOUT_RUNTIME();
  const fs::path folder = ConvertedRun("proves", Colours().labels);
  const auto result = DescribeRun({folder, Colours(), ProofPictures(), {}}, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_TRUE(result->unproven.empty());
  EXPECT_EQ(result->proof.size(), 6u);
  const auto bytes = ReadFile(folder / "quantizedmodel.tflite");
  ASSERT_TRUE(bytes);
  EXPECT_EQ(Sha256(*bytes), result->files[1].sha256);
  EXPECT_EQ((*ReadRecord(folder / "description.json", "handlens-description", 1))["model"]["quantization"],
            "quantization-aware training");
  EXPECT_NE(ReadText(folder / "modelcard.md")->find("come from quantization-aware training"),
            std::string::npos);
  const auto info = tflite::ReadModelInfo(*bytes);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->labels, Colours().labels);
  EXPECT_EQ(info->norm_mean, std::vector<float>{0});
  EXPECT_EQ(info->norm_std, std::vector<float>{1});
  EXPECT_EQ(info->preprocess_json, *ReadText(folder / "preprocess.json"));
}

TEST(DescribeRun, GivesTheSameBytesWhenRepeated) {
  SKIP_WITHOUT_RUNTIME();
  const fs::path folder = ConvertedRun("repeats", Colours().labels);
  const auto all = [&] {
    std::string hashes;
    EXPECT_TRUE(DescribeRun({folder, Colours(), ProofPictures(), {}}, SilentProgress()));
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.is_regular_file()) hashes += entry.path().string() + Sha256(*ReadFile(entry.path()));
    }
    return hashes;
  };
  const std::string first = all();
  EXPECT_EQ(all(), first);
}

TEST(DescribeRun, FindsSwappedLabels) {
  SKIP_WITHOUT_RUNTIME();
  Description d = Colours();
  std::swap(d.labels[0], d.labels[2]);
  const fs::path folder = ConvertedRun("swapped", d.labels);
  auto pictures = ProofPictures();
  for (ProofPicture& picture : pictures) picture.label = 2 - picture.label;
  const auto result = DescribeRun({folder, d, pictures, {}}, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->unproven.size(), 2u);  // one a file
  EXPECT_TRUE(result->contradicted);
  EXPECT_EQ(
      result->unproven[0],
      "model.tflite: the labels 3 blue and 1 red have changed places: of 12 training pictures of theirs, "
      "0 are given their own label and 12 the other");
}

TEST(DescribeRun, FindsLabelsThatHaveMovedInARing) {
  SKIP_WITHOUT_RUNTIME();
  Description d = Colours();
  std::rotate(d.labels.begin(), d.labels.begin() + 1, d.labels.end());
  const fs::path folder = ConvertedRun("ring", d.labels);
  auto pictures = ProofPictures();
  for (ProofPicture& picture : pictures) picture.label = (picture.label + 2) % 3;
  const auto result = DescribeRun({folder, d, pictures, {}}, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_EQ(result->unproven.size(), 2u);
  EXPECT_THAT(
      result->unproven[0],
      HasSubstr(
          "the labels 2 green, 3 blue and 1 red have changed places: of 18 training pictures of theirs, 0 "
          "are given their own label and 18 the next of them"));
}

// One picture that a rounding turns used to make the whole verdict "cannot be deployed: label-order".
TEST(DescribeRun, ProvesTheOrderInSpiteOfAFlippedAnswer) {
  SKIP_WITHOUT_RUNTIME();
  auto pictures = ProofPictures();
  pictures[0].pixels = sample::Flat(100, 101, 10);
  const auto result =
      DescribeRun({ConvertedRun("flipped", Colours().labels), Colours(), pictures, {}}, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  EXPECT_THAT(result->unproven, testing::IsEmpty());
  EXPECT_EQ(result->proof[0].right, 5u);
  EXPECT_EQ(result->proof[0].most_taken_for, "2 green");
  EXPECT_EQ(result->rivals[0].labels, (std::vector<std::string>{"1 red", "2 green"}));
  EXPECT_EQ(result->rivals[0].right, 11u);
  EXPECT_EQ(result->rivals[0].right_if_moved, 1u);
}

TEST(DescribeRun, DoesNotTakeChanceForAProof) {
  SKIP_WITHOUT_RUNTIME();
  auto pictures = ProofPictures(2);  // four of each pair, all right: chance does that once in sixteen
  const auto result =
      DescribeRun({ConvertedRun("few", Colours().labels), Colours(), pictures, {}}, SilentProgress());
  ASSERT_TRUE(result) << result.error().message;
  ASSERT_FALSE(result->unproven.empty());
  EXPECT_THAT(
      result->unproven[0],
      HasSubstr("it is not shown that the labels 1 red and 2 green are in the right order: of 4 training "
                "pictures of theirs, 4 are given their own label and 0 the other, which chance could turn"));
}

TEST(DescribeRun, AsksForMorePicturesOnlyWhereTenAClassDoNotDecide) {
  SKIP_WITHOUT_RUNTIME();
  auto pictures = ProofPictures(40);
  const auto asked = [&](const std::string& name) {
    const auto result =
        DescribeRun({ConvertedRun(name, Colours().labels), Colours(), pictures, {}}, SilentProgress());
    EXPECT_TRUE(result && result->unproven.empty());
    return result ? result->proof[0].pictures : 0;
  };
  EXPECT_EQ(asked("clear"), 10u);
  for (size_t i = 0; i < 60; ++i) {  // red and green are hard to tell apart at first
    if (i % 6 == 0) pictures[i].pixels = sample::Flat(100, 101, 10);
    if (i % 6 == 1) pictures[i].pixels = sample::Flat(101, 100, 10);
  }
  EXPECT_EQ(asked("unclear"), 40u);
}

TEST(DescribeRun, RefusesOtherLabelsThanConvertWrote) {
  const fs::path folder = ConvertedRun("other", Colours().labels);
  ASSERT_TRUE(WriteFileAtomic(folder / "labels.txt", "2 green\n1 red\n3 blue\n"));
  const auto result = DescribeRun({folder, Colours(), ProofPictures(), {}}, SilentProgress());
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::kBadInput);
  EXPECT_THAT(result.error().message, HasSubstr("labels.txt"));
}

TEST(DescribeRun, RefusesAModelWithAnotherNumberOfOutputs) {
  Description d = Colours();
  d.labels = {"1 red", "2 green"};
  const auto result = DescribeRun({ConvertedRun("outputs", d.labels), d, {}, {}}, SilentProgress());
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("3 outputs for 2 labels"));
}

TEST(ModelCard, ShowsNoticeCountsAndTheVerdictWhenThereIsOne) {
  SKIP_WITHOUT_RUNTIME();
  const fs::path folder = ConvertedRun("card", Colours().labels);
  DataFacts data;
  data.pictures_per_class = {11, 12, 13};
  ASSERT_TRUE(DescribeRun({folder, Colours(), ProofPictures(), data}, SilentProgress()));
  const std::string before = *ReadText(folder / "modelcard.md");
  EXPECT_THAT(before, HasSubstr("> **not a diagnosis**"));
  EXPECT_THAT(before, HasSubstr("## Data\n\n| class | pictures |"));  // not where they came from
  EXPECT_THAT(before, HasSubstr("| all | 36 |"));
  EXPECT_THAT(before, HasSubstr("Not verified yet"));
  const Json route = {{"name", "computer"}, {"scope", "out-of-fold"}, {"model", "m"},          {"n", 36},
                      {"correct", 27},      {"accuracy", 0.75},       {"ci95", {0.589, 0.862}}};
  Json verdict = {{"routes", {route, {{"name", "gallery"}, {"status", "not run"}}}},
                  {"deployable", false},
                  {"reasons", {"accuracy: too low"}},
                  {"files", Json::object()}};
  for (const char* file : {"model.tflite", "quantizedmodel.tflite"})
    verdict["files"][file] = Sha256(*ReadFile(folder / file));
  const auto card_with = [&](const Json& record) {
    EXPECT_TRUE(WriteModelCard(folder, record));
    return *ReadText(folder / "modelcard.md");
  };
  const std::string after = card_with(verdict);
  EXPECT_THAT(
      after,
      HasSubstr(
          "| computer (test pictures) | 27 of 36 = 75.0 % | 58.9 to 86.2 % |\n| gallery | not run | |\n"));
  verdict["routes"][0]["title"] = "Float file on the computer";
  EXPECT_THAT(card_with(verdict), HasSubstr("| Float file on the computer (test pictures) | 27 of 36"));
  EXPECT_THAT(after, HasSubstr("**Failed some checks.**"));
  verdict["summary"] = {{"headline", "Failed 1 of 9 checks: Right often enough"},
                        {"caveats", {"Few pictures."}},
                        {"weakest", {{"label", "green"}, {"n", 12}, {"correct", 5}}}};
  EXPECT_THAT(card_with(verdict), AllOf(HasSubstr("**Failed 1 of 9 checks: Right often enough.**\n\nWeakest "
                                                  "class: green, 5 of 12 right.\n\n- Few pictures.\n"),
                                        HasSubstr("36 |\n\n0 files could not be used.")));
  verdict["files"]["model.tflite"] = "another";  // a verdict on an older model
  EXPECT_EQ(card_with(verdict), before);
}

}  // namespace
}  // namespace handlens::describe
