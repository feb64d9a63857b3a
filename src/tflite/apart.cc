// Judge::LoadApart: the program's side of a model that runs in a process of its own (main.cc).
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/program.h"
#include "tflite/apart_words.h"
#include "tflite/footprint.h"
#include "tflite/runtime_place.h"
#include "tflite/tflite.h"

namespace handlens::tflite {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHelper = "handlens_judge";
// Longer than the child gives itself, so that its own end comes first.
constexpr int kPatienceMs = (kApartSeconds + 10) * 1000;

// Beside the program, in the libraries' folder of an installation, or in a parent folder.
Result<fs::path> HelperPath() {
  if (fs::path helper = FindPart(kHelper, {"", "lib/handlens"}); !helper.empty()) return helper;
  return Fail(ErrorKind::kInternal,
              "{}, which runs models apart from the program, is not beside it; install handlens again",
              kHelper);
}

// A child with one end of a socket as its descriptor 3, nothing else open, no environment. Returns its id.
Result<pid_t> Spawn(const fs::path& helper, int socket) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDWR, 0);
  posix_spawn_file_actions_adddup2(&actions, 0, 1);
  posix_spawn_file_actions_adddup2(&actions, 0, 2);
  posix_spawn_file_actions_adddup2(&actions, socket, kApartSocket);
  posix_spawn_file_actions_addclosefrom_np(&actions, kApartSocket + 1);
  std::string name = helper.string(), library = ChosenRuntimeLibrary().string();
  char* arguments[] = {name.data(), library.empty() ? nullptr : library.data(), nullptr};
  char* environment[] = {nullptr};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, name.c_str(), &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    return Fail(ErrorKind::kResources, "{}: cannot be started ({})", name, std::strerror(error));
  return child;
}

std::string HowItEnded(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("it ended with exit code {}", WEXITSTATUS(status));
  switch (WTERMSIG(status)) {
    case SIGSYS: return "it tried to do what no model needs to do (a forbidden system call)";
    case SIGSEGV:
    case SIGBUS: return "it reached into memory that is not its own";
    case SIGABRT: return "it gave up, or needed more than 4 GB of memory";
    case SIGALRM: return fmt::format("it took more than {} s", kApartSeconds);
    default: return fmt::format("signal {}", WTERMSIG(status));
  }
}

class ApartJudge final : public Judge {
 public:
  ApartJudge(int socket, pid_t child) : socket_(socket), child_(child) {}
  ApartJudge(const ApartJudge&) = delete;
  ApartJudge& operator=(const ApartJudge&) = delete;
  ~ApartJudge() override {
    ::close(socket_);
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);  // it has nothing to tidy
    ::waitpid(child_, nullptr, 0);
  }

  // The runtime is there and knows the processor; no model yet.
  Result<void> WarmUp(size_t model_bytes, Kernels kernels) {
    const ApartLoad load{.kernels = static_cast<int32_t>(kernels), .model_bytes = model_bytes};
    HL_TRY(Say(&load, sizeof load, {}));
    return {};
  }
  Result<void> Start(std::span<const uint8_t> model) {
    HL_ASSIGN(const Reply reply, Say(nullptr, 0, model));
    version_ = reply.text;
    size_px_ = reply.head.size_px;
    classes_ = reply.head.classes;
    return {};
  }

  // A field of the process's memory in /proc: "RssAnon", "VmHWM".
  Result<int64_t> Bytes(std::string_view field) const {
    const std::string path = fmt::format("/proc/{}/status", child_);
    std::ifstream status(path);
    std::string name;
    int64_t kilobytes = 0;
    while (status >> name) {
      if (name == fmt::format("{}:", field) && status >> kilobytes) return 1024 * kilobytes;
      status.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
    }
    return Fail(ErrorKind::kInternal, "{}: says nothing of {}", path, field);
  }

  std::string RuntimeVersion() const override { return version_; }
  int input_size_px() const override { return size_px_; }
  int classes() const override { return classes_; }

  Result<std::vector<float>> Classify(std::span<const uint8_t> pixels) override { return Ask(pixels, 0); }
  Result<std::vector<float>> ClassifyValues(std::span<const float> values) override {
    return Ask({reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()}, 1);
  }

 private:
  struct Reply {
    ApartReply head;
    std::string text;
    std::vector<float> scores;
  };

  Result<std::vector<float>> Ask(std::span<const uint8_t> input, int is_values) {
    const ApartAsk ask{.is_values = is_values, .bytes = input.size()};
    HL_ASSIGN(Reply reply, Say(&ask, sizeof ask, input));
    return std::move(reply.scores);
  }

  // Kind kBadInput: what went wrong in there is the model's doing.
  tl::unexpected<Error> Dead() {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);  // only one that does not answer still lives
      int status = 0;
      if (::waitpid(child_, &status, 0) == child_) end_ = HowItEnded(status);
      child_ = -1;
    }
    return Fail(ErrorKind::kBadInput,
                "the TensorFlow Lite runtime died of this model: {}. The model is damaged or hostile; it ran "
                "apart from handlens and could do nothing else",
                end_);
  }

  // A request, its bytes, and the answer. One after the other on both sides, so neither waits for the other
  // to read.
  Result<Reply> Say(const void* head, size_t head_size, std::span<const uint8_t> bytes) {
    if (child_ <= 0) return Dead();
    Reply reply;
    if (!Send(head, head_size) || !Send(bytes.data(), bytes.size()) ||
        !Receive(&reply.head, sizeof reply.head))
      return Dead();
    if (reply.head.magic != kApartMagic || reply.head.text_bytes > kMaxApartText ||
        reply.head.scores > kMaxApartScores)
      return Dead();
    reply.text.resize(reply.head.text_bytes);
    reply.scores.resize(reply.head.scores);
    if (!Receive(reply.text.data(), reply.text.size()) ||
        !Receive(reply.scores.data(), reply.scores.size() * sizeof(float)))
      return Dead();
    if (reply.head.error_kind == 0) return reply;
    const bool ours = reply.head.error_kind == static_cast<int>(ErrorKind::kInternal);
    return tl::make_unexpected(Error{ours ? ErrorKind::kInternal : ErrorKind::kBadInput, reply.text});
  }

  bool Ready(short event) const {
    pollfd wait{socket_, event, 0};
    int ready = -1;
    while ((ready = ::poll(&wait, 1, kPatienceMs)) < 0 && errno == EINTR) continue;
    return ready > 0;
  }
  bool Send(const void* data, size_t size) const {
    const auto* at = static_cast<const char*>(data);
    while (size > 0) {
      if (!Ready(POLLOUT)) return false;
      const ssize_t put = ::send(socket_, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
      if (put < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (put <= 0) return false;
      at += put;
      size -= static_cast<size_t>(put);
    }
    return true;
  }
  bool Receive(void* data, size_t size) const {
    auto* at = static_cast<char*>(data);
    while (size > 0) {
      if (!Ready(POLLIN)) return false;
      const ssize_t got = ::recv(socket_, at, size, MSG_DONTWAIT);
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got <= 0) return false;
      at += got;
      size -= static_cast<size_t>(got);
    }
    return true;
  }

  const int socket_;
  pid_t child_;
  std::string version_, end_ = "it is gone";
  int size_px_ = 0, classes_ = 0;
};

// Warmed up, without a model.
Result<std::unique_ptr<ApartJudge>> Begin(size_t model_bytes, Kernels kernels) {
  HL_ASSIGN(const fs::path helper, HelperPath());
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Fail(ErrorKind::kResources, "no socket for the model's process ({})", std::strerror(errno));
  }
  const auto child = Spawn(helper, ends[1]);
  ::close(ends[1]);
  if (!child) {
    ::close(ends[0]);
    return tl::make_unexpected(child.error());
  }
  auto judge = std::make_unique<ApartJudge>(ends[0], *child);
  HL_TRY(judge->WarmUp(model_bytes, kernels));
  return judge;
}

}  // namespace

Result<std::unique_ptr<Judge>> Judge::LoadApart(std::span<const uint8_t> model, Kernels kernels) {
  HL_ASSIGN(auto judge, Begin(model.size(), kernels));
  HL_TRY(judge->Start(model));
  return std::unique_ptr<Judge>(std::move(judge));
}

// Anonymous memory alone: pages of files (the runtime's code) are taken away and read again as the system
// likes.
Result<Footprint> MeasureFootprint(std::span<const uint8_t> model, Kernels kernels, int answers) {
  HL_CHECK(answers > 0);
  HL_ASSIGN(auto judge, Begin(model.size(), kernels));
  HL_ASSIGN(const int64_t before, judge->Bytes("RssAnon"));
  HL_TRY(judge->Start(model));
  const auto side = static_cast<size_t>(judge->input_size_px());
  const std::vector<uint8_t> grey(3 * side * side, 128);
  std::vector<double> times_ms;
  for (int i = 0; i < answers; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    HL_TRY(judge->Classify(grey));
    times_ms.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
  }
  std::sort(times_ms.begin(), times_ms.end());
  HL_ASSIGN(const int64_t after, judge->Bytes("RssAnon"));
  HL_ASSIGN(const int64_t peak, judge->Bytes("VmHWM"));
  return Footprint{.answer_bytes = std::max<int64_t>(0, after - before),
                   .process_bytes = peak,
                   .median_ms = times_ms[times_ms.size() / 2],
                   .answers = answers};
}

}  // namespace handlens::tflite
