// handlens_judge: the process in which the official runtime runs a stranger's model (Judge::LoadApart). It
// gets the model and the pictures over a socket, gives back scores, and can do nothing else: before the
// model's first byte is looked at, limits and a filter of system calls are in force. What the runtime or a
// model makes of it ends here.
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>
#include <vector>

#include "tflite/apart_words.h"
#include "tflite/cage.h"
#include "tflite/tflite.h"

namespace handlens::tflite {
namespace {

bool ReadAll(void* data, size_t size) {
  auto* at = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::read(kApartSocket, at, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;  // the program is gone
    at += got;
    size -= static_cast<size_t>(got);
  }
  return true;
}

bool WriteAll(const void* data, size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t put = ::write(kApartSocket, at, size);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return false;
    at += put;
    size -= static_cast<size_t>(put);
  }
  return true;
}

bool Reply(ApartReply reply, std::string_view text, std::span<const float> scores) {
  reply.text_bytes = static_cast<uint32_t>(std::min<size_t>(text.size(), kMaxApartText));
  reply.scores = static_cast<uint32_t>(scores.size());
  return WriteAll(&reply, sizeof reply) && WriteAll(text.data(), reply.text_bytes) &&
         WriteAll(scores.data(), scores.size() * sizeof(float));
}

bool ReplyError(const Error& error) {
  return Reply({.error_kind = static_cast<int32_t>(error.kind)}, error.message, {});
}

bool Answer(Judge& judge, const ApartAsk& ask, const Bytes& input) {
  std::vector<float> values;
  if (ask.is_values != 0) {
    values.resize(input.size() / sizeof(float));
    std::memcpy(values.data(), input.data(), values.size() * sizeof(float));
  }
  const auto scores = ask.is_values != 0 ? judge.ClassifyValues(values) : judge.Classify(input);
  return scores ? Reply({}, "", *scores) : ReplyError(scores.error());
}

Result<void> GetReady(Kernels kernels) {
  HL_TRY(WarmUp(kernels));
  return EnterCage({.memory_bytes = kApartMemoryBytes, .cpu_seconds = kApartCpuSeconds});
}

// The program reads how much memory is taken before it sends the model, so none is taken until the first
// byte is here.
bool ReadModel(size_t size, Bytes& model) {
  uint8_t first = 0;
  if (size == 0) return true;
  if (!ReadAll(&first, 1)) return false;
  model.assign(size, first);
  return ReadAll(model.data() + 1, size - 1);
}

// Returns when the program has closed its end, or something is wrong with what it says.
void Serve() {
  ApartLoad load;
  if (!ReadAll(&load, sizeof load) || load.magic != kApartMagic) return;
  const auto kernels = static_cast<Kernels>(load.kernels);
  if (const auto ready = GetReady(kernels); !ready) {
    ReplyError(ready.error());
    return;
  }
  if (!Reply({}, "", {})) return;  // warmed up: what it takes from here on is the model's
  ::alarm(kApartSeconds);
  Bytes model;
  if (!ReadModel(load.model_bytes, model)) return;
  auto judge = Judge::Load(model, kernels);
  Bytes().swap(model);
  if (!judge) {
    ReplyError(judge.error());
    return;
  }
  Judge& j = **judge;
  if (!Reply({.size_px = j.input_size_px(), .classes = j.classes()}, j.RuntimeVersion(), {})) return;
  Bytes input;
  while (true) {
    ApartAsk ask;
    ::alarm(0);
    if (!ReadAll(&ask, sizeof ask) || ask.magic != kApartMagic) return;
    ::alarm(kApartSeconds);
    input.resize(ask.bytes);
    if (!ReadAll(input.data(), input.size()) || !Answer(j, ask, input)) return;
  }
}

}  // namespace
}  // namespace handlens::tflite

int main(int argc, char** argv) {
  // Ctrl-C is for the program, which then closes its end.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  if (argc > 1) handlens::tflite::SetRuntimeLibrary(argv[1]);
  handlens::tflite::Serve();
  // Without the runtime's own farewell: destructors of a library that a model may have bent have no business
  // here.
  ::_exit(0);
}
