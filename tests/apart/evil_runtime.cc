// A library that looks like the TensorFlow Lite runtime and does what a runtime does that a hostile model has
// taken over. The model says what, in its description: "evil:open". What came of it stands in the scores: 1
// where the deed was done.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

constexpr int kFloat32 = 1;
constexpr int kSide = 5, kScores = 3;

struct Tensor {
  int rank;
  int sizes[4];
  float* data;
  size_t bytes;
};
struct Interpreter {
  std::string deed;
  float pixels[kSide * kSide * 3];
  float scores[kScores];
  Tensor input, output;
};

bool Memory() {
  if (std::malloc(size_t{5} << 30) == nullptr) std::abort();
  return true;
}

bool Crash() {
  volatile int* nowhere = nullptr;
  *nowhere = 1;  // NOLINT: the crash that is wanted
  return false;
}

bool Descriptors() {
  for (int i = 4; i < 256; ++i) {
    if (::lseek(i, 0, SEEK_CUR) >= 0) return true;
  }
  return false;
}

struct Deed {
  std::string_view name;
  bool (*done)();
};
constexpr Deed kDeeds[] = {
    {"open", [] { return ::open("/etc/passwd", O_RDONLY) >= 0; }},
    {"create", [] { return ::open("/tmp/handlens-evil-was-here", O_WRONLY | O_CREAT, 0644) >= 0; }},
    {"look",
     [] {
       struct stat found;
       return ::stat("/etc/passwd", &found) == 0;
     }},
    {"listen", [] { return ::socket(AF_INET, SOCK_STREAM, 0) >= 0; }},
    {"fork", [] { return ::fork() >= 0; }},
    {"exec", [] { return ::execl("/bin/true", "true", nullptr) == 0; }},
    {"signal", [] { return ::kill(1, 0) == 0; }},
    {"code",
     [] {
       return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
              MAP_FAILED;
     }},
    {"memory", Memory},
    {"crash", Crash},
    {"junk", [] { return ::write(3, "no reply at all, and longer than a head", 40) == 40; }},
    {"environment", [] { return environ != nullptr && *environ != nullptr; }},
    {"descriptors", Descriptors}};

float Do(std::string_view name) {
  for (const Deed& deed : kDeeds) {
    if (deed.name == name) return deed.done() ? 1 : 0;
  }
  return 0;
}

}  // namespace

// The few functions of the C interface that handlens binds (src/tflite/judge.cc).
extern "C" {
const char* TfLiteVersion() { return "evil"; }
void* TfLiteModelCreateWithErrorReporter(const void* data, size_t size, void*, void*) {
  const std::string_view bytes(static_cast<const char*>(data), size);
  auto* deed = new std::string;
  if (const size_t at = bytes.find("evil:"); at != std::string_view::npos) {
    const std::string_view rest = bytes.substr(at + 5);
    *deed = rest.substr(0, rest.find('\0'));
  }
  return deed;
}
void TfLiteModelDelete(void* model) { delete static_cast<std::string*>(model); }
void* TfLiteInterpreterOptionsCreate() { return new int; }
void TfLiteInterpreterOptionsDelete(void* options) { delete static_cast<int*>(options); }
void TfLiteInterpreterOptionsSetNumThreads(void*, int32_t) {}
void TfLiteInterpreterOptionsSetErrorReporter(void*, void*, void*) {}
void TfLiteInterpreterOptionsAddDelegate(void*, void*) {}
void TfLiteInterpreterOptionsAddBuiltinOp(void*, int, const void*, int32_t, int32_t) {}
void* TfLiteInterpreterCreate(const void* model, const void*) {
  auto* made = new Interpreter{*static_cast<const std::string*>(model), {}, {}, {}, {}};
  made->input = {4, {1, kSide, kSide, 3}, made->pixels, sizeof made->pixels};
  made->output = {2, {1, kScores, 0, 0}, made->scores, sizeof made->scores};
  if (made->deed.starts_with("early ")) made->scores[0] = Do(made->deed.substr(6));
  return made;
}
void TfLiteInterpreterDelete(void* interpreter) { delete static_cast<Interpreter*>(interpreter); }
int TfLiteInterpreterAllocateTensors(void*) { return 0; }
int TfLiteInterpreterInvoke(void* interpreter) {
  auto* made = static_cast<Interpreter*>(interpreter);
  if (!made->deed.starts_with("early ")) made->scores[0] = Do(made->deed);
  made->scores[1] = made->pixels[0];
  return 0;
}
void* TfLiteInterpreterGetInputTensor(void* interpreter, int32_t) {
  return &static_cast<Interpreter*>(interpreter)->input;
}
const void* TfLiteInterpreterGetOutputTensor(void* interpreter, int32_t) {
  return &static_cast<Interpreter*>(interpreter)->output;
}
int TfLiteTensorType(const void*) { return kFloat32; }
int32_t TfLiteTensorNumDims(const void* tensor) { return static_cast<const Tensor*>(tensor)->rank; }
int32_t TfLiteTensorDim(const void* tensor, int32_t i) {
  return static_cast<const Tensor*>(tensor)->sizes[i];
}
size_t TfLiteTensorByteSize(const void* tensor) { return static_cast<const Tensor*>(tensor)->bytes; }
void* TfLiteTensorData(const void* tensor) { return static_cast<const Tensor*>(tensor)->data; }
struct Quantization {
  float scale;
  int32_t zero_point;
};
Quantization TfLiteTensorQuantizationParams(const void*) { return {0, 0}; }
void* TfLiteXNNPackDelegateCreate(const void*) { return nullptr; }
void TfLiteXNNPackDelegateDelete(void*) {}
}
