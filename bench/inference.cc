// One picture through an int8 model on one core: the plain C of `handlens app --target c`, compiled here,
// against the official runtime with XNNPACK, with its builtin and with its reference kernels. All in turn,
// round after round; the least time of each counts, in processor time. TensorFlow Lite for Microcontrollers
// comes along where its Python package is (bench/tflm_worker.py). With --avx2 XNNPACK and the C are kept from
// newer instructions. Usage: bench_inference [--avx2] [--json FILE] [--tflm 'PYTHON tflm_worker.py']
// MODEL.tflite ...
#include <dlfcn.h>
#include <fmt/core.h>
#include <link.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>

#include "base/json.h"
#include "inference/inference.h"

namespace handlens {
namespace {

namespace fs = std::filesystem;
constexpr int kRounds = 15;
constexpr double kRoundSeconds = 0.06;

double Now() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

// XNNPACK asks the runtime's copy of cpuinfo what the processor can. Takes from that all that is newer than
// AVX2, before XNNPACK asks. Kind kBadInput where the answers do not lie where they are expected.
Result<void> ForgetNewerThanAvx2() {
  HL_TRY(tflite::RuntimeVersion());  // loads it
  std::string path;
  ::dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void* found) {
        if (std::string_view(info->dlpi_name).ends_with("libhandlens_tflite.so"))
          *static_cast<std::string*>(found) = info->dlpi_name;
        return 0;
      },
      &path);
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  auto* const initialize =
      reinterpret_cast<bool (*)()>(library ? dlsym(library, "cpuinfo_initialize") : nullptr);
  auto* const isa = static_cast<bool*>(library ? dlsym(library, "cpuinfo_isa") : nullptr);
  // struct cpuinfo_x86_isa of cpuinfo.h: a bool an extension, in this order.
  enum { kAvx = 22, kAvxVnni, kAvx2 = 28, kAvx512f, kAvx512pf, kAvx512vl = 35, kAvx512vnni = 41, kLast = 46 };
  if (initialize == nullptr || isa == nullptr || !initialize() || !isa[kAvx] ||
      isa[kAvx2] != (__builtin_cpu_supports("avx2") != 0) ||
      isa[kAvx512f] != (__builtin_cpu_supports("avx512f") != 0) || isa[kAvx512pf] ||
      isa[kAvx512vl] != (__builtin_cpu_supports("avx512vl") != 0) ||
      isa[kAvx512vnni] != (__builtin_cpu_supports("avx512vnni") != 0)) {
    return Fail(ErrorKind::kBadInput, "--avx2: this runtime keeps what it knows of the processor elsewhere");
  }
  isa[kAvxVnni] = false;
  std::fill(isa + kAvx512f, isa + kLast + 1, false);
  return {};
}

struct Runner {
  std::string name;
  std::function<void()> once;
  std::function<double()> measure = {};  // instead: the milliseconds of one picture, measured elsewhere
  double best_ms = 1e9;
};

using Classify = int(const uint8_t*, void*, float*);

// The model's C as this machine's compiler makes it with `flags`.
Result<Classify*> Compile(const inference::CModel& model, const std::string& flags, const fs::path& folder) {
  HL_TRY(WriteFileAtomic(folder / "model.h", std::string_view(model.header)));
  HL_TRY(WriteFileAtomic(folder / "model.c", std::string_view(model.source)));
  const std::string library = (folder / "model.so").string();
  const std::string command =
      fmt::format("cc -std=c11 {} -shared -fPIC {} -o {}", flags, (folder / "model.c").string(), library);
  if (std::system(command.c_str()) != 0) return Fail(ErrorKind::kInternal, "{}: failed", command);
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  void* const symbol = handle == nullptr ? nullptr : dlsym(handle, "handlens_classify");
  if (symbol == nullptr) return Fail(ErrorKind::kInternal, "{}: cannot be loaded", library);
  return reinterpret_cast<Classify*>(symbol);
}

void Time(std::vector<Runner>& runners) {
  for (int round = 0; round < kRounds; ++round) {
    for (Runner& runner : runners) {
      if (runner.measure) {
        runner.best_ms = std::min(runner.best_ms, runner.measure());
        continue;
      }
      const double begun = Now();
      int pictures = 0;
      do {
        runner.once();
        ++pictures;
      } while (Now() - begun < kRoundSeconds);
      runner.best_ms = std::min(runner.best_ms, 1e3 * (Now() - begun) / pictures);
    }
  }
}

// What the worker says of a model: its first line, the milliseconds of one picture. Kind kBadInput where it
// does not run.
Result<double> AskWorker(const std::string& worker, const fs::path& model) {
  const std::string command = fmt::format("{} '{}' {}", worker, model.string(), kRoundSeconds);
  std::FILE* const pipe = ::popen(command.c_str(), "r");
  double milliseconds = 0;
  const bool said = pipe != nullptr && std::fscanf(pipe, "%lf", &milliseconds) == 1;
  if (pipe == nullptr || ::pclose(pipe) != 0 || !said)
    return Fail(ErrorKind::kBadInput, "{}: says nothing", command);
  return milliseconds;
}

struct Opponents {
  std::string worker;  // the command of TensorFlow Lite for Microcontrollers; empty = without
  bool avx2 = false;   // nothing newer than AVX2
};

Result<Json> Bench(const fs::path& path, const Opponents& opponents, const fs::path& work) {
  const std::string& worker = opponents.worker;
  HL_ASSIGN(const Bytes file, ReadFile(path));
  HL_ASSIGN(const tflite::ModelInfo info, tflite::ReadModelInfo(file));
  const auto classes = static_cast<size_t>(info.output_shape.back());
  HL_ASSIGN(
      const inference::CModel model,
      inference::WriteC({.model = file, .name = "bench", .labels = std::vector<std::string>(classes, "x")}));
  std::vector<uint8_t> rgb(static_cast<size_t>(model.size_px * model.size_px * 3));
  for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = static_cast<uint8_t>(i * 37 % 251);
  std::vector<std::max_align_t> arena(static_cast<size_t>(model.arena_bytes) / sizeof(std::max_align_t) + 1);
  std::vector<float> scores(classes);
  std::vector<Runner> runners;
  std::vector<std::unique_ptr<tflite::Judge>> judges;
  const std::pair<const char*, tflite::Kernels> kernels[] = {{"xnnpack", tflite::Kernels::kXnnpack},
                                                             {"builtin", tflite::Kernels::kBuiltin},
                                                             {"reference", tflite::Kernels::kReference}};
  for (const auto& [name, kind] : kernels) {
    HL_ASSIGN(auto judge, tflite::Judge::Load(file, kind));
    runners.push_back({name, [judge = judge.get(), &rgb] { HL_CHECK(judge->Classify(rgb).has_value()); }});
    judges.push_back(std::move(judge));
  }
  if (!worker.empty() && AskWorker(worker, path)) {
    runners.push_back({"tflite-micro", {}, [&] { return AskWorker(worker, path).value_or(1e9); }});
  } else {
    fmt::print(
        "without tflite-micro: it is not in this Python (bench/requirements.txt; BENCH_PYTHON names "
        "another)\n");
  }
  std::vector<std::string> all_flags = {"-O3 -march=native", "-O3 -mavx2", "-O3"};
  if (opponents.avx2) all_flags = {"-O3 -march=haswell"};
  for (const std::string& flags : all_flags) {
    HL_ASSIGN(Classify* const classify, Compile(model, flags, work / fmt::format("{}", runners.size())));
    runners.push_back({fmt::format("C {}", flags), [classify, &rgb, &arena, &scores] {
                         classify(rgb.data(), arena.data(), scores.data());
                       }});
  }
  Time(runners);
  Json row = {{"model", path.parent_path().filename().string()},
              {"size_px", model.size_px},
              {"constant_bytes", model.constant_bytes},
              {"arena_bytes", model.arena_bytes}};
  fmt::print("{} ({} px, {} bytes of constants, {} of working memory)\n", row["model"].get<std::string>(),
             model.size_px, model.constant_bytes, model.arena_bytes);
  for (const Runner& runner : runners) {
    fmt::print("  {:<22}{:>10.3f} ms {:>7.2f} x XNNPACK's speed\n", runner.name, runner.best_ms,
               runners[0].best_ms / runner.best_ms);
    row["milliseconds"][runner.name] = runner.best_ms;
  }
  return row;
}

}  // namespace
}  // namespace handlens

int main(int argc, char** argv) {
  using namespace handlens;
  const fs::path work =
      fs::temp_directory_path() / fmt::format("handlens-bench-inference-{}", std::time(nullptr));
  Json rows = Json::array();
  std::string out;
  Opponents opponents;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--json" && i + 1 < argc) {
      out = argv[++i];
      continue;
    }
    if (std::string_view(argv[i]) == "--tflm" && i + 1 < argc) {
      opponents.worker = argv[++i];
      continue;
    }
    if (std::string_view(argv[i]) == "--avx2") {
      opponents.avx2 = true;
      const auto forgotten = ForgetNewerThanAvx2();
      if (forgotten) continue;
      fmt::print(stderr, "{}\n", forgotten.error().message);
      return 1;
    }
    const auto row = Bench(argv[i], opponents, work / std::to_string(i));
    if (!row) {
      fmt::print(stderr, "{}: {}\n", argv[i], row.error().message);
      return 1;
    }
    rows.push_back(*row);
  }
  std::error_code ignored;
  fs::remove_all(work, ignored);
  if (!out.empty() && !WriteFileAtomic(out, std::string_view(Json{{"rows", rows}}.dump(1) + "\n"))) return 1;
  return 0;
}
