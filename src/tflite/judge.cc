// The official runtime behind Judge: found, loaded and called through its stable C interface, whose few
// declarations stand here so that the build needs no header of it.
#include <dlfcn.h>

#include <array>
#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string>

#include "base/program.h"
#include "tflite/model_bytes.h"
#include "tflite/runtime_place.h"
#include "tflite/tflite.h"

namespace handlens::tflite {
namespace {

struct TfLiteModel;
struct TfLiteOptions;
struct TfLiteInterpreter;
struct TfLiteTensor;
struct TfLiteDelegate;
struct TfLiteRegistration;
struct TfLiteQuantizationParams {
  float scale;
  int32_t zero_point;
};
using ErrorReporter = void (*)(void* user_data, const char* format, va_list args);

// TfLiteType of the C interface: not the numbers of the file format.
constexpr int kCFloat32 = 1, kCUInt8 = 3, kCInt8 = 9;

// The functions used, under their names without the prefix "TfLite".
struct Api {
  const char* (*Version)();
  TfLiteModel* (*ModelCreateWithErrorReporter)(const void*, size_t, ErrorReporter, void*);
  void (*ModelDelete)(TfLiteModel*);
  TfLiteOptions* (*InterpreterOptionsCreate)();
  void (*InterpreterOptionsDelete)(TfLiteOptions*);
  void (*InterpreterOptionsSetNumThreads)(TfLiteOptions*, int32_t);
  void (*InterpreterOptionsSetErrorReporter)(TfLiteOptions*, ErrorReporter, void*);
  void (*InterpreterOptionsAddDelegate)(TfLiteOptions*, TfLiteDelegate*);
  void (*InterpreterOptionsAddBuiltinOp)(TfLiteOptions*, int op, const TfLiteRegistration*,
                                         int32_t min_version, int32_t max_version);
  TfLiteInterpreter* (*InterpreterCreate)(const TfLiteModel*, const TfLiteOptions*);
  void (*InterpreterDelete)(TfLiteInterpreter*);
  int (*InterpreterAllocateTensors)(TfLiteInterpreter*);
  int (*InterpreterInvoke)(TfLiteInterpreter*);
  TfLiteTensor* (*InterpreterGetInputTensor)(const TfLiteInterpreter*, int32_t);
  const TfLiteTensor* (*InterpreterGetOutputTensor)(const TfLiteInterpreter*, int32_t);
  int (*TensorType)(const TfLiteTensor*);
  int32_t (*TensorNumDims)(const TfLiteTensor*);
  int32_t (*TensorDim)(const TfLiteTensor*, int32_t);
  size_t (*TensorByteSize)(const TfLiteTensor*);
  void* (*TensorData)(const TfLiteTensor*);
  TfLiteQuantizationParams (*TensorQuantizationParams)(const TfLiteTensor*);
  TfLiteDelegate* (*XNNPackDelegateCreate)(const void*);
  void (*XNNPackDelegateDelete)(TfLiteDelegate*);
  void* library;
};

template <class F>
bool Bind(void* library, const char* name, F& function) {
  void* const symbol = dlsym(library, name);
  std::memcpy(&function, &symbol,
              sizeof symbol);  // the one portable way from an object to a function pointer
  return symbol != nullptr;
}

bool BindInterpreter(void* library, Api& api) {
  return Bind(library, "TfLiteInterpreterOptionsCreate", api.InterpreterOptionsCreate) &&
         Bind(library, "TfLiteInterpreterOptionsDelete", api.InterpreterOptionsDelete) &&
         Bind(library, "TfLiteInterpreterOptionsSetNumThreads", api.InterpreterOptionsSetNumThreads) &&
         Bind(library, "TfLiteInterpreterOptionsSetErrorReporter", api.InterpreterOptionsSetErrorReporter) &&
         Bind(library, "TfLiteInterpreterOptionsAddDelegate", api.InterpreterOptionsAddDelegate) &&
         Bind(library, "TfLiteInterpreterOptionsAddBuiltinOp", api.InterpreterOptionsAddBuiltinOp) &&
         Bind(library, "TfLiteInterpreterCreate", api.InterpreterCreate) &&
         Bind(library, "TfLiteInterpreterDelete", api.InterpreterDelete) &&
         Bind(library, "TfLiteInterpreterAllocateTensors", api.InterpreterAllocateTensors) &&
         Bind(library, "TfLiteInterpreterInvoke", api.InterpreterInvoke) &&
         Bind(library, "TfLiteInterpreterGetInputTensor", api.InterpreterGetInputTensor) &&
         Bind(library, "TfLiteInterpreterGetOutputTensor", api.InterpreterGetOutputTensor);
}

bool BindAll(void* library, Api& api) {
  return Bind(library, "TfLiteVersion", api.Version) &&
         Bind(library, "TfLiteModelCreateWithErrorReporter", api.ModelCreateWithErrorReporter) &&
         Bind(library, "TfLiteModelDelete", api.ModelDelete) && BindInterpreter(library, api) &&
         Bind(library, "TfLiteTensorType", api.TensorType) &&
         Bind(library, "TfLiteTensorNumDims", api.TensorNumDims) &&
         Bind(library, "TfLiteTensorDim", api.TensorDim) &&
         Bind(library, "TfLiteTensorByteSize", api.TensorByteSize) &&
         Bind(library, "TfLiteTensorData", api.TensorData) &&
         Bind(library, "TfLiteTensorQuantizationParams", api.TensorQuantizationParams) &&
         Bind(library, "TfLiteXNNPackDelegateCreate", api.XNNPackDelegateCreate) &&
         Bind(library, "TfLiteXNNPackDelegateDelete", api.XNNPackDelegateDelete);
}

// The runtime announces its delegate on stderr, which belongs to the program's own progress. Its logger has
// no C interface; where the C++ symbol is not exported, the line stays.
void Quieten(void* library) {
  void (*set_minimum_severity)(int) = nullptr;
  constexpr int kErrorSeverity = 3;
  if (Bind(library, "_ZN6tflite16logging_internal13MinimalLogger21SetMinimumLogSeverityENS_11LogSeverityE",
           set_minimum_severity)) {
    set_minimum_severity(kErrorSeverity);
  }
}

// A library is loaded once a process, by the system's own rules; this is where that one fact is kept.
struct Runtime {
  std::mutex mutex;
  std::filesystem::path chosen;
  Api api{};
  bool loaded = false;
};

Runtime& TheRuntime() {
  static Runtime runtime;
  return runtime;
}

std::vector<std::filesystem::path> Candidates() {
  constexpr const char* kName = "libhandlens_tflite.so";
  std::vector<std::filesystem::path> candidates;
  std::filesystem::path folder = ProgramFolder();
  candidates.push_back(folder / kName);  // an installed handlens_judge lies beside it
  for (int up = 0; up < 4 && !folder.empty(); ++up, folder = folder.parent_path()) {
    candidates.push_back(folder / "lib" / kName);
    if (up < 2) candidates.push_back(folder / "lib" / "handlens" / kName);
    if (folder == folder.parent_path()) break;
  }
  return candidates;
}

Result<const Api*> LoadRuntime() {
  Runtime& runtime = TheRuntime();
  const std::lock_guard lock(runtime.mutex);
  if (runtime.loaded) return &runtime.api;
  std::string looked;
  const auto candidates = runtime.chosen.empty() ? Candidates() : std::vector{runtime.chosen};
  for (const auto& path : candidates) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
      looked += fmt::format("\n  {}: not there", path.string());
      continue;
    }
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      looked += fmt::format("\n  {}: {}", path.string(), dlerror());
      continue;
    }
    if (!BindAll(library, runtime.api)) {
      looked += fmt::format("\n  {}: not TensorFlow Lite with XNNPACK", path.string());
      dlclose(library);
      continue;
    }
    Quieten(library);
    runtime.api.library = library;
    runtime.loaded = true;
    return &runtime.api;
  }
  return Fail(ErrorKind::kInternal,
              "the TensorFlow Lite runtime cannot be loaded; install handlens again. Looked at:{}", looked);
}

// The reference kernels have no C interface: C++ functions that return their registrations, by the operator's
// code. Operators that are not here (RESHAPE, RELU, ...) have one kernel only.
Result<void> UseReferenceKernels(const Api& api, TfLiteOptions* options) {
  constexpr std::pair<int, std::string_view> kReferences[] = {
      {0, "ADD"},        {1, "AVERAGE_POOL"},    {3, "CONVOLUTION"}, {4, "DEPTHWISE_CONVOLUTION"},
      {6, "DEQUANTIZE"}, {9, "FULLY_CONNECTED"}, {17, "MAX_POOL"},   {25, "SOFTMAX"},
      {34, "PAD"},       {40, "MEAN"},           {114, "QUANTIZE"}};
  constexpr int32_t kAnyVersion = 1000;
  for (const auto& [code, name] : kReferences) {
    const std::string function = fmt::format("Register_{}_REF", name);
    const TfLiteRegistration* (*get)() = nullptr;
    if (!Bind(api.library, fmt::format("_ZN6tflite3ops7builtin{}{}Ev", function.size(), function).c_str(),
              get)) {
      return Fail(ErrorKind::kInternal,
                  "this TensorFlow Lite runtime does not give away its reference kernels ({})", function);
    }
    api.InterpreterOptionsAddBuiltinOp(options, code, get(), 1, kAnyVersion);
  }
  return {};
}

void Collect(void* user_data, const char* format, va_list args) {
  std::array<char, 512> line{};
  std::vsnprintf(line.data(), line.size(), format, args);
  auto& text = *static_cast<std::string*>(user_data);
  if (text.size() < 2000) text += (text.empty() ? "" : "; ") + std::string(line.data());
}

// Owns what the runtime made, in the order in which it must go: interpreter, delegate, model, bytes.
class OfficialJudge final : public Judge {
 public:
  OfficialJudge(const Api& api, std::span<const uint8_t> bytes)
      : api_(api), bytes_(bytes.begin(), bytes.end()) {}
  OfficialJudge(const OfficialJudge&) = delete;
  OfficialJudge& operator=(const OfficialJudge&) = delete;

  ~OfficialJudge() override {
    if (interpreter_ != nullptr) api_.InterpreterDelete(interpreter_);
    if (delegate_ != nullptr) api_.XNNPackDelegateDelete(delegate_);
    if (model_ != nullptr) api_.ModelDelete(model_);
  }

  Result<void> Start(Kernels kernels, int threads) {
    HL_TRY(CheckModel(bytes_));
    model_ = api_.ModelCreateWithErrorReporter(bytes_.data(), bytes_.size(), &Collect, &messages_);
    if (model_ == nullptr) return Refused("the model");
    TfLiteOptions* const options = api_.InterpreterOptionsCreate();
    api_.InterpreterOptionsSetNumThreads(options, threads);
    api_.InterpreterOptionsSetErrorReporter(options, &Collect, &messages_);
    if (kernels == Kernels::kXnnpack) {
      delegate_ = api_.XNNPackDelegateCreate(nullptr);
      if (delegate_ != nullptr) api_.InterpreterOptionsAddDelegate(options, delegate_);
    }
    const Result<void> chosen =
        kernels == Kernels::kReference ? UseReferenceKernels(api_, options) : Result<void>();
    if (!chosen) api_.InterpreterOptionsDelete(options);
    HL_TRY(chosen);
    interpreter_ = api_.InterpreterCreate(model_, options);
    api_.InterpreterOptionsDelete(options);
    if (interpreter_ == nullptr) return Refused("the model");
    if (api_.InterpreterAllocateTensors(interpreter_) != 0) return Refused("the model's tensors");
    return ReadShapes();
  }

  std::string RuntimeVersion() const override { return api_.Version(); }
  int input_size_px() const override { return size_px_; }
  int classes() const override { return classes_; }

  Result<std::vector<float>> Classify(std::span<const uint8_t> pixels) override {
    TfLiteTensor* const input = api_.InterpreterGetInputTensor(interpreter_, 0);
    const size_t element = api_.TensorType(input) == kCFloat32 ? 4 : 1;
    if (pixels.size() * element != api_.TensorByteSize(input)) {
      return Fail(ErrorKind::kBadInput, "the model takes {} bytes of pixels, not {}",
                  api_.TensorByteSize(input) / element, pixels.size());
    }
    Feed(pixels, input);
    return Invoke();
  }

  Result<std::vector<float>> ClassifyValues(std::span<const float> values) override {
    TfLiteTensor* const input = api_.InterpreterGetInputTensor(interpreter_, 0);
    if (api_.TensorType(input) != kCFloat32 || values.size() * sizeof(float) != api_.TensorByteSize(input)) {
      return Fail(ErrorKind::kBadInput, "the model does not take {} float32 values", values.size());
    }
    std::memcpy(api_.TensorData(input), values.data(), values.size() * sizeof(float));
    return Invoke();
  }

 private:
  Result<std::vector<float>> Invoke() {
    if (api_.InterpreterInvoke(interpreter_) != 0) return Refused("to run the model");
    return Scores(api_.InterpreterGetOutputTensor(interpreter_, 0));
  }

  tl::unexpected<Error> Refused(std::string_view what) const {
    return Fail(ErrorKind::kBadInput, "the TensorFlow Lite runtime refuses {}: {}", what,
                messages_.empty() ? "no reason given" : messages_);
  }

  Result<void> ReadShapes() {
    const TfLiteTensor* const input = api_.InterpreterGetInputTensor(interpreter_, 0);
    const TfLiteTensor* const output = api_.InterpreterGetOutputTensor(interpreter_, 0);
    if (input == nullptr || output == nullptr) return Refused("a model without input or output");
    if (api_.TensorNumDims(input) != 4 || api_.TensorDim(input, 0) != 1 || api_.TensorDim(input, 3) != 3 ||
        api_.TensorDim(input, 1) != api_.TensorDim(input, 2)) {
      return Fail(ErrorKind::kBadInput, "the model's input is not one square RGB picture (1, n, n, 3)");
    }
    for (const TfLiteTensor* tensor : {input, output}) {
      const int type = api_.TensorType(tensor);
      if (type != kCFloat32 && type != kCUInt8 && type != kCInt8) {
        return Fail(ErrorKind::kBadInput,
                    "the model's input or output is neither float32 nor uint8 nor int8");
      }
    }
    size_px_ = api_.TensorDim(input, 1);
    const int rank = api_.TensorNumDims(output);
    if (rank < 1 || api_.TensorDim(output, rank - 1) < 1) {
      return Fail(ErrorKind::kBadInput, "the model's output has no scores");
    }
    classes_ = api_.TensorDim(output, rank - 1);
    return {};
  }

  void Feed(std::span<const uint8_t> pixels, TfLiteTensor* input) const {
    void* const data = api_.TensorData(input);
    const int type = api_.TensorType(input);
    if (type == kCUInt8) {
      std::memcpy(data, pixels.data(), pixels.size());
    } else if (type == kCInt8) {
      auto* const values = static_cast<int8_t*>(data);
      for (size_t i = 0; i < pixels.size(); ++i) values[i] = static_cast<int8_t>(pixels[i] - 128);
    } else {
      auto* const values = static_cast<float*>(data);
      for (size_t i = 0; i < pixels.size(); ++i) values[i] = static_cast<float>(pixels[i]) / 255.0f;
    }
  }

  std::vector<float> Scores(const TfLiteTensor* output) const {
    const void* const data = api_.TensorData(output);
    const int type = api_.TensorType(output);
    const size_t count = api_.TensorByteSize(output) / (type == kCFloat32 ? 4 : 1);
    std::vector<float> scores(count);
    if (type == kCFloat32) {
      std::memcpy(scores.data(), data, count * 4);
      return scores;
    }
    const TfLiteQuantizationParams q = api_.TensorQuantizationParams(output);
    for (size_t i = 0; i < count; ++i) {
      const int value =
          type == kCUInt8 ? static_cast<const uint8_t*>(data)[i] : static_cast<const int8_t*>(data)[i];
      scores[i] = q.scale * static_cast<float>(value - q.zero_point);
    }
    return scores;
  }

  const Api& api_;
  const Bytes bytes_;  // the runtime refers to them
  std::string messages_;
  TfLiteModel* model_ = nullptr;
  TfLiteDelegate* delegate_ = nullptr;
  TfLiteInterpreter* interpreter_ = nullptr;
  int size_px_ = 0;
  int classes_ = 0;
};

}  // namespace

void SetRuntimeLibrary(const std::filesystem::path& path) {
  Runtime& runtime = TheRuntime();
  const std::lock_guard lock(runtime.mutex);
  runtime.chosen = path;
}

std::filesystem::path ChosenRuntimeLibrary() {
  Runtime& runtime = TheRuntime();
  const std::lock_guard lock(runtime.mutex);
  return runtime.chosen;
}

Result<void> WarmUp(Kernels kernels) {
  HL_ASSIGN(const Api* api, LoadRuntime());
  if (kernels != Kernels::kXnnpack) return {};
  if (TfLiteDelegate* const delegate = api->XNNPackDelegateCreate(nullptr); delegate != nullptr)
    api->XNNPackDelegateDelete(delegate);
  return {};
}

Result<std::string> RuntimeVersion() {
  HL_ASSIGN(const Api* api, LoadRuntime());
  return std::string(api->Version());
}

Result<std::unique_ptr<Judge>> Judge::Load(std::span<const uint8_t> model, Kernels kernels, int threads) {
  HL_ASSIGN(const Api* api, LoadRuntime());
  auto judge = std::make_unique<OfficialJudge>(*api, model);
  HL_TRY(judge->Start(kernels, threads));
  return std::unique_ptr<Judge>(std::move(judge));
}

}  // namespace handlens::tflite
