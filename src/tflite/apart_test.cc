// Claims about models that run apart: the same scores as in the program; a runtime that is taken over, dies,
// lies or needs too much ends in one clear error and touches nothing.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>

#include "tflite/footprint.h"
#include "tflite/tflite.h"

namespace handlens::tflite {
namespace {

using testing::HasSubstr;

Graph MeanColour(const std::string& description) {
  Bytes axes(8);
  const int32_t values[] = {1, 2};
  std::memcpy(axes.data(), values, sizeof values);
  Graph graph;
  graph.description = description;
  graph.tensors = {{.name = "picture", .shape = {1, 5, 5, 3}},
                   {.name = "axes", .type = Type::kInt32, .shape = {2}, .data = axes},
                   {.name = "scores", .shape = {1, 3}}};
  graph.ops = {{.op = Op::kMean, .inputs = {0, 1}, .outputs = {2}}};
  graph.input = 0;
  graph.output = 2;
  return graph;
}

std::vector<uint8_t> Pixels() {
  std::vector<uint8_t> pixels(75);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 3);
  return pixels;
}

// What a model says that the evil runtime obeys: in a process of its own, since a runtime stays loaded. "" =
// no error.
struct Told {
  std::string error;
  std::vector<float> scores;
};
Told Evil(const std::string& deed) {
  SetRuntimeLibrary(EVIL_RUNTIME);
  const auto judge = Judge::LoadApart(WriteModel(MeanColour("evil:" + deed)), Kernels::kXnnpack);
  SetRuntimeLibrary({});
  if (!judge) return {judge.error().message, {}};
  const auto scores = (*judge)->Classify(Pixels());
  if (scores) return {"", *scores};
  // Once dead, dead for all that follows, and the same is said.
  const auto again = (*judge)->Classify(Pixels());
  EXPECT_FALSE(again);
  EXPECT_EQ(again.error().message, scores.error().message);
  EXPECT_EQ(scores.error().kind, ErrorKind::kBadInput);
  return {scores.error().message, {}};
}

TEST(Apart, GivesTheSameScoresAsInTheProgram) {
  if (const auto version = RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  const Bytes model = WriteModel(MeanColour("plain"));
  for (const Kernels kernels : {Kernels::kXnnpack, Kernels::kBuiltin}) {
    const auto here = Judge::Load(model, kernels);
    const auto apart = Judge::LoadApart(model, kernels);
    ASSERT_TRUE(here) << here.error().message;
    ASSERT_TRUE(apart) << apart.error().message;
    EXPECT_EQ((*here)->RuntimeVersion(), (*apart)->RuntimeVersion());
    EXPECT_EQ((*apart)->input_size_px(), 5);
    EXPECT_EQ((*apart)->classes(), 3);
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ((*here)->Classify(Pixels()).value(), (*apart)->Classify(Pixels()).value());
    const std::vector<float> values(75, 0.5f);
    EXPECT_EQ((*here)->ClassifyValues(values).value(), (*apart)->ClassifyValues(values).value());
    // An error of a call is no death.
    const auto wrong = (*apart)->Classify(std::vector<uint8_t>(3));
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message, (*here)->Classify(std::vector<uint8_t>(3)).error().message);
    EXPECT_TRUE((*apart)->Classify(Pixels()));
  }
}

TEST(Apart, RefusesABrokenModelInTheSameWords) {
  if (const auto version = RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  const Bytes broken(100, 7);
  const auto here = Judge::Load(broken, Kernels::kXnnpack),
             apart = Judge::LoadApart(broken, Kernels::kXnnpack);
  ASSERT_FALSE(apart);
  EXPECT_EQ(apart.error().kind, ErrorKind::kBadInput);
  EXPECT_EQ(apart.error().message, here.error().message);
}

TEST(Apart, OpensNothing) {
  for (const char* deed : {"open", "create", "look", "early open", "environment", "descriptors"}) {
    const Told told = Evil(deed);
    EXPECT_EQ(told.error, "") << deed;
    ASSERT_EQ(told.scores.size(), 3u) << deed;
    EXPECT_EQ(told.scores[0], 0) << deed;
  }
  EXPECT_FALSE(std::filesystem::exists("/tmp/handlens-evil-was-here"));
}

TEST(Apart, DiesOfWhatNoModelNeeds) {
  for (const char* deed : {"listen", "fork", "exec", "signal", "code", "early listen"}) {
    const Told told = Evil(deed);
    EXPECT_THAT(told.error, HasSubstr("died of this model: it tried to do what no model needs to do"))
        << deed;
    EXPECT_THAT(told.error, HasSubstr("damaged or hostile")) << deed;
  }
}

TEST(Apart, ItsDeathIsAClearError) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "the sanitizer ends the process before the kernel does";
#endif
  EXPECT_THAT(Evil("crash").error, HasSubstr("it reached into memory that is not its own"));
  EXPECT_THAT(Evil("early crash").error, HasSubstr("it reached into memory that is not its own"));
  EXPECT_THAT(Evil("memory").error, HasSubstr("needed more than 4 GB of memory"));
  EXPECT_THAT(Evil("junk").error, HasSubstr("died of this model"));
}

// A picture of 32 px through a dense layer of `units`: 12,288 bytes of weights a unit.
Bytes Dense(int units) {
  const auto wide = static_cast<size_t>(units);
  Graph graph;
  graph.tensors = {{.name = "picture", .shape = {1, 32, 32, 3}},
                   {.name = "kernel", .shape = {units, 3072}, .data = Bytes(4 * 3072 * wide, 1)},
                   {.name = "bias", .shape = {units}, .data = Bytes(4 * wide, 0)},
                   {.name = "flat", .shape = {1, 3072}},
                   {.name = "scores", .shape = {1, units}}};
  graph.ops = {{.op = Op::kReshape, .inputs = {0}, .outputs = {3}, .new_shape = {1, 3072}},
               {.op = Op::kFullyConnected, .inputs = {3, 1, 2}, .outputs = {4}}};
  graph.input = 0;
  graph.output = 4;
  return WriteModel(graph);
}

// The weights are known; the runtime keeps them, and what its kernels pack of them. The kernel's own account
// of ended children is the other witness of the whole process.
TEST(Footprint, GrowsByTheWeightsAndIsTheSystemsOwnCount) {
  if (const auto version = RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  const auto small = MeasureFootprint(Dense(100), Kernels::kBuiltin),
             large = MeasureFootprint(Dense(2100), Kernels::kBuiltin);
  ASSERT_TRUE(small && large);
  // Besides the weights some hundred KB differ from process to process (where the heap's pages lie): a tenth
  // is left for them.
  constexpr int64_t kNeuron = 12288, kMore = 2000 * kNeuron;
  EXPECT_GT(small->answer_bytes, 90 * kNeuron);
  EXPECT_GT(large->answer_bytes, 1900 * kNeuron);
  EXPECT_LE(large->answer_bytes - small->answer_bytes, 3 * kMore);
  EXPECT_GT(large->process_bytes, large->answer_bytes);
  EXPECT_EQ(large->answers, 15);
  EXPECT_GT(large->median_ms, 0);
  rusage ended{};
  ASSERT_EQ(::getrusage(RUSAGE_CHILDREN, &ended), 0);
  EXPECT_LE(large->process_bytes, 1024 * ended.ru_maxrss);
}

TEST(Footprint, OfABrokenModelIsTheSameErrorAsLoading) {
  if (const auto version = RuntimeVersion(); !version) GTEST_SKIP() << version.error().message;
  const Bytes broken(100, 7);
  const auto measured = MeasureFootprint(broken, Kernels::kXnnpack);
  ASSERT_FALSE(measured);
  EXPECT_EQ(measured.error().message, Judge::LoadApart(broken, Kernels::kXnnpack).error().message);
}

TEST(Apart, LeavesNoProcessBehind) {
  for (int i = 0; i < 3; ++i) Evil(i == 0 ? "crash" : "open");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was not waited for";
}

}  // namespace
}  // namespace handlens::tflite
