// What the C says is what the official runtime's reference kernels say, to the last bit: random graphs of
// every operator and option, compiled by the system's compiler with and without vectors.
#include "inference/inference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/hash.h"
#include "base/rng.h"
#include "inference/compiled.h"
#include "inference/random_graph.h"
#include "plan.h"

namespace handlens::inference {
namespace {

constexpr int kGraphs = 1000, kInOneFile = 125, kPicturesEach = 3;

std::vector<uint8_t> RandomPicture(int size_px, uint64_t seed) {
  Rng rng(seed, "picture", {});
  std::vector<uint8_t> rgb(static_cast<size_t>(size_px * size_px * 3));
  for (uint8_t& byte : rgb) byte = static_cast<uint8_t>(rng.Below(256));
  return rgb;
}

// The scores of the reference kernels for a graph's pictures; empty when the runtime refuses the graph.
std::vector<std::vector<float>> Expected(const tflite::Graph& graph, int number) {
  const auto judge = tflite::Judge::Load(tflite::WriteModel(graph), tflite::Kernels::kReference);
  std::vector<std::vector<float>> all;
  for (int p = 0; judge && p < kPicturesEach; ++p) {
    auto scores =
        (*judge)->Classify(RandomPicture((*judge)->input_size_px(), static_cast<uint64_t>(number * 10 + p)));
    EXPECT_TRUE(scores) << scores.error().message;
    if (scores) all.push_back(*std::move(scores));
  }
  return all;
}

struct Compared {
  int graphs = 0, distinct = 0;  // distinct: those whose scores are not all the same number
};

// Compares the graphs numbered [first, first + kInOneFile).
void Compare(int first, const std::string& flags, Compared& total) {
  std::string text = AllKernels();
  std::map<int, tflite::Graph> graphs;
  for (int g = first; g < first + kInOneFile; ++g) {
    graphs[g] = sample::RandomGraph(static_cast<uint64_t>(g));
    const auto body = WriteBody(graphs[g], fmt::format("g{}_", g));
    ASSERT_TRUE(body) << g << ": " << body.error().message;
    text += fmt::format(
                "size_t g{0}_arena_bytes(void);\nint g{0}_classify(const uint8_t *, void *, float *);\n", g) +
            *body;
  }
  const sample::Library library(fmt::format("graphs{}", first), {{"graphs.c", text}}, flags);
  for (const auto& [g, graph] : graphs) {
    const auto expected = Expected(graph, g);
    ASSERT_EQ(expected.size(), kPicturesEach) << "graph " << g;
    const auto& in = graph.tensors[static_cast<size_t>(graph.input)].shape;
    sample::Classifier classifier(library, fmt::format("g{}_", g), expected[0].size());
    for (int p = 0; p < kPicturesEach; ++p) {
      const auto& scores = classifier.Scores(RandomPicture(in[1], static_cast<uint64_t>(g * 10 + p)),
                                             static_cast<uint8_t>(0x55 * p));
      ASSERT_EQ(scores, expected[static_cast<size_t>(p)])
          << "graph " << g << ", picture " << p << ": " << sample::Words(graph);
    }
    ++total.graphs;
    if (std::set<float>(expected[0].begin(), expected[0].end()).size() > 1) ++total.distinct;
  }
}

void CompareAll(const std::string& flags, int graphs = kGraphs) {
  Compared total;
  for (int first = 0; first < graphs && !testing::Test::HasFailure(); first += kInOneFile)
    Compare(first, flags, total);
  EXPECT_EQ(total.graphs, graphs);
  EXPECT_GT(total.distinct, graphs / 2) << "the graphs say nothing: a kernel may be wrong without being seen";
}

TEST(PlainC, HasTheBitsOfTheReferenceKernels) {
  if (!sample::HasCompiler()) GTEST_SKIP() << "no cc on this machine";
  CompareAll("-O2");
}

TEST(PlainC, HasThemWithVectorsToo) {
  if (!sample::HasCompiler() || !sample::HasVectors()) GTEST_SKIP() << "no cc, or a processor without AVX2";
  CompareAll("-O2 -mavx2", kGraphs / 4);
  CompareAll("-O3 -march=native");  // with AVX-512 VNNI where the processor has it
}

// The same graphs as plans, run by the one program that knows them all.
struct PlanRunner {
  static std::string Text(const std::string& file) {
    const auto text = ReadText(std::filesystem::path(HANDLENS_SOURCE_DIR) / file);
    EXPECT_TRUE(text) << text.error().message;
    return text.value_or("");
  }
  const sample::Library library;
  using Open = const hl_plan*(const void*, size_t);
  using Classify = int(const hl_plan*, const uint8_t*, void*, float*);
  Open* const open;
  Classify* const classify;

  explicit PlanRunner(const std::string& flags)
      : library("plan", {{"plan.h", Text("apps/pi/plan.h")}, {"plan.c", Text("apps/pi/plan.c")}},
                flags + " -I" + (std::filesystem::path(HANDLENS_SOURCE_DIR) / "apps/c/kernels").string()),
        open(library.Function<Open>("hl_plan_open")),
        classify(library.Function<Classify>("hl_plan_classify")) {}
};

void ComparePlans(const std::string& flags, int graphs) {
  const PlanRunner runner(flags);
  ASSERT_NE(runner.open, nullptr);
  for (int g = 0; g < graphs; ++g) {
    const tflite::Graph graph = sample::RandomGraph(static_cast<uint64_t>(g));
    const Bytes model = tflite::WriteModel(graph);
    const auto bytes = WritePlan(model);
    ASSERT_TRUE(bytes) << g << ": " << bytes.error().message;
    std::vector<uint64_t> memory(bytes->size() / 8 + 3);  // aligned by hand: vectors know 8 bytes only
    auto* const aligned =
        reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(memory.data()) + 15) / 16 * 16);
    std::copy(bytes->begin(), bytes->end(), aligned);
    EXPECT_EQ(runner.open(aligned, bytes->size() - 1), nullptr) << "a plan that is cut short";
    const hl_plan* const plan = runner.open(aligned, bytes->size());
    ASSERT_NE(plan, nullptr) << g;
    EXPECT_EQ(std::string_view(plan->model_sha256, 64), Sha256(model));
    const auto expected = Expected(graph, g);
    ASSERT_EQ(expected.size(), kPicturesEach);
    std::vector<uint64_t> arena(plan->arena_bytes / 8 + 3, 0x5a5a5a5a5a5a5a5a);
    auto* const arena_at =
        reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(arena.data()) + 15) / 16 * 16);
    for (int p = 0; p < kPicturesEach; ++p) {
      std::vector<float> scores(plan->classes);
      const auto picture = RandomPicture(static_cast<int>(plan->side), static_cast<uint64_t>(g * 10 + p));
      const int best = runner.classify(plan, picture.data(), arena_at, scores.data());
      ASSERT_EQ(scores, expected[static_cast<size_t>(p)])
          << "graph " << g << ", picture " << p << ": " << sample::Words(graph);
      ASSERT_EQ(best, std::max_element(scores.begin(), scores.end()) - scores.begin());
    }
  }
}

TEST(Plan, HasTheBitsOfTheReferenceKernels) {
  if (!sample::HasCompiler()) GTEST_SKIP() << "no cc on this machine";
  ComparePlans("-O2", kGraphs);
}

TEST(PlainC, RefusesWhatIsNotInt8ByTheOperatorsName) {
  tflite::Graph graph = sample::RandomGraph(1);
  graph.ops = {{.op = tflite::Op::kConv2D, .inputs = {0, 1}, .outputs = {2}}};
  graph.tensors = {{.name = "picture", .shape = {1, 4, 4, 3}},
                   {.name = "weights", .shape = {2, 4, 4, 3}, .data = Bytes(2 * 4 * 4 * 3 * 4)},
                   {.name = "scores", .shape = {1, 1, 1, 2}}};
  graph.input = 0;
  graph.output = 2;
  const auto body = WriteBody(graph, "x_");
  ASSERT_FALSE(body);
  EXPECT_EQ(body.error().kind, ErrorKind::kBadInput);
  EXPECT_NE(body.error().message.find("operator 0, CONV_2D: works on float32 numbers"), std::string::npos)
      << body.error().message;
}

TEST(PlainC, RefusesLabelsThatAreNotTheOutputs) {
  const Bytes bytes = tflite::WriteModel(sample::RandomGraph(3));
  const auto model = WriteC({.model = bytes, .name = "n", .labels = {"one"}});
  ASSERT_FALSE(model);
  EXPECT_NE(model.error().message.find("outputs, but there are 1 labels"), std::string::npos);
}

// The whole files, as `app --target c` writes them: labels that could break C, the header, pictures of any
// shape.
TEST(PlainC, AWholeModelCompilesAsCAndCarriesItsLabels) {
  if (!sample::HasCompiler()) GTEST_SKIP() << "no cc on this machine";
  const tflite::Graph graph = sample::RandomGraph(5);
  const Bytes bytes = tflite::WriteModel(graph);
  std::vector<std::string> labels = {"\"; int x",
                                     "?"
                                     "?/ */ \\",
                                     "Bl\xc3\xa4tter\n7"};
  labels.resize(static_cast<size_t>(graph.tensors[static_cast<size_t>(graph.output)].shape.back()), "more");
  const auto model = WriteC(
      {.model = bytes, .name = "a name */ with \\ traps", .labels = labels, .not_sure_below = 0.4, .fit = 2});
  ASSERT_TRUE(model) << model.error().message;
  const sample::Library library("whole", {{"model.h", model->header}, {"model.c", model->source}}, "-O2");
  const char* const* const names = library.Function<const char* const>("handlens_labels");
  for (size_t i = 0; i < labels.size(); ++i) EXPECT_EQ(names[i], labels[i]);
  sample::Classifier classifier(library, "handlens_", labels.size());
  const auto judge = tflite::Judge::Load(bytes, tflite::Kernels::kReference);
  ASSERT_TRUE(judge);
  const auto picture = RandomPicture(model->size_px, 4);
  EXPECT_EQ(classifier.Scores(picture), *(*judge)->Classify(picture));
  const auto needs = NeedsOf(bytes);
  ASSERT_TRUE(needs);
  EXPECT_EQ(needs->constant_bytes, model->constant_bytes);
  EXPECT_EQ(needs->arena_bytes, static_cast<int64_t>(library.Function<size_t()>("handlens_arena_bytes")()));
  EXPECT_EQ(WriteC({.model = bytes,
                    .name = "a name */ with \\ traps",
                    .labels = labels,
                    .not_sure_below = 0.4,
                    .fit = 2})
                ->source,
            model->source);
}

}  // namespace
}  // namespace handlens::inference
