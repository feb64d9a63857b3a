// Whatever stands in a handlens.toml or behind a flag: settings, or an error that says where. Settings that
// were accepted are written down as a handlens.toml that reads back to the same.
#include <random>

#include "fuzz.h"
#include "pipeline/settings.h"

namespace {

using namespace handlens;
using namespace handlens::pipeline;

const fuzz::Seeds& SomeFiles() {
  static const fuzz::Seeds seeds = {
      "preset = 'quick'\nname = 'a \"quoted\" \\\\ name'\nsizes = [30, 50]\nbudget = 90\nmin_accuracy = 1\n"
      "[[model]]\nname = 'mine'\nlayers = [{conv = 8, activation = 'relu'}, {pool = 2}, {dense = 16}]\n",
      "[[model]]\nname = 'm'\nlayers = [{conv = 8, kernel = 5, padding = 'same', name = 'a'},\n"
      "{batch_norm = true, momentum = 0.5, name = 'b'}, {add = ['a', 'b'], activation = 'relu6'},\n"
      "{depthwise = 3, stride = 2, bias = false}, {global_average_pool = true}, {dropout = 0.2}]\n",
      "[[generator]]\nname = 'mine'\nrotation_deg = 20\nzoom = [0.9, 1.1]\nhorizontal_flip = true\n"
      "[recipe]\noptimizer = 'adam'\nlearning_rate = 0.001\nepochs = 5\nbatch = 8\n",
      "[recipe]\nlike = 'modern'\nlabel_smoothing = 0.1\nclass_weights = true\n", EffectiveToml(Settings())};
  return seeds;
}

// A key with a value that may or may not fit it.
std::string Line(unsigned seed) {
  static const char* const kValues[] = {"0",
                                        "1",
                                        "-1",
                                        "3",
                                        "0.5",
                                        "1e308",
                                        "nan",
                                        "inf",
                                        "true",
                                        "''",
                                        "'a'",
                                        "','",
                                        "'nan(1)'",
                                        "'90s'",
                                        "'64K'",
                                        "[30, 50]",
                                        "['a', 'b']",
                                        "[]",
                                        "[[1]]",
                                        "'\\u007f'",
                                        "\"\\u007f\\u0001\\n\\\"\\\\\"",
                                        "'a,b'",
                                        "{}",
                                        "'quick'",
                                        "'both'",
                                        "9223372036854775807",
                                        "1979-05-27",
                                        "'red:0.9'"};
  std::minstd_rand random(seed);
  const auto options = Options();
  const std::string key = TomlKey(options[random() % options.size()]);
  return key + " = " + kValues[random() % std::size(kValues)] + "\n";
}

void ReadBack(const Settings& settings) {
  static fuzz::MemoryFile memory;
  const std::string text = EffectiveToml(settings);
  memory.Set(text);
  const auto again = ReadConfig(memory.path());
  HL_CHECK(again.has_value());
  HL_CHECK(EffectiveToml(Settings({}, {.kept = *again, .asked = {}})) == text);
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  const fuzz::Place place{data, size, max_size, seed};
  if (seed % 2 == 0) return fuzz::MutateBytes(place, SomeFiles());
  return place.Take(Line(seed) + std::string(place.text()));
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static fuzz::MemoryFile memory;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  memory.Set(text);
  const auto config = ReadConfig(memory.path());
  if (config) ReadBack(Settings({}, {.kept = *config, .asked = {}}));
  else HL_CHECK(config.error().kind == ErrorKind::kUsage && !config.error().message.empty());
  if (size < 2) return 0;
  const auto options = Options();
  const Option& option = options[data[0] % options.size()];
  if (option.scope == Scope::kCommandLine) return 0;
  const auto value = CheckValue(option, text.substr(1), option.name);
  if (value) ReadBack(Settings({.flags = {{std::string(option.name), *value}}}, {}));
  return 0;
}
