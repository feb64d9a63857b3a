// Errors: the one way in which a function says that it failed for a reason outside the program.
//
// A failure has a kind, which becomes the exit code, and a message that says what, where, and what to do:
//   train/cat/12.jpg: truncated JPEG at byte 1043; replace the file or remove it
// Programmer errors are not results: HL_CHECK prints the broken condition and aborts.
#pragma once

#include <fmt/format.h>

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace handlens {

// The values are the exit codes of the program (docs/commands.md).
enum class ErrorKind {
  kInternal = 1,   // a defect of handlens or of a library it uses
  kUsage = 2,      // the command line or a configuration file is wrong
  kBadInput = 3,   // pictures, labels or a run folder are wrong
  kGate = 4,       // the verdict is "cannot be deployed", or a gate was missed
  kResources = 5,  // out of disk, memory or time budget; or another process holds the run
  kSaved = 75,  // stopped by the system (SIGTERM, SIGUSR1): saved, run the same command again; EX_TEMPFAIL of
                // sysexits.h
  kInterrupted = 130  // stopped by the user; the run can be resumed
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  std::string message;
};

template <class T = void>
using Result = tl::expected<T, Error>;

// Fail(kind, "{}: {}", path, why) makes a failed Result of any type.
template <class... Args>
tl::unexpected<Error> Fail(ErrorKind kind, fmt::format_string<Args...> format, Args&&... args) {
  return tl::make_unexpected(Error{kind, fmt::format(format, std::forward<Args>(args)...)});
}

// Prints the condition and the place on stderr and aborts. Never returns.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace handlens

#define HL_CONCAT_INNER(a, b) a##b
#define HL_CONCAT(a, b) HL_CONCAT_INNER(a, b)

// HL_ASSIGN(auto x, F()): x becomes F()'s value, or the calling function returns F()'s error.
#define HL_ASSIGN(declaration, expression) \
  HL_ASSIGN_INNER(declaration, expression, HL_CONCAT(hl_result_, __LINE__))
#define HL_ASSIGN_INNER(declaration, expression, name)            \
  auto name = (expression);                                       \
  if (!name) return tl::make_unexpected(std::move(name).error()); \
  declaration = *std::move(name)

// HL_TRY(F()): the calling function returns F()'s error, if it has one.
#define HL_TRY(expression)                                          \
  do {                                                              \
    if (auto hl_try_result = (expression); !hl_try_result)          \
      return tl::make_unexpected(std::move(hl_try_result).error()); \
  } while (false)

// HL_TRY_MACHINE(result): the calling function returns its error if that is the machine's (kResources), which
// says nothing of the file asked for; any other error is left to the caller.
#define HL_TRY_MACHINE(result)                                       \
  do {                                                               \
    if (!(result) && (result).error().kind == ErrorKind::kResources) \
      return tl::make_unexpected((result).error());                  \
  } while (false)

// HL_CHECK(condition): a programmer error aborts here rather than corrupting a result later.
#define HL_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::handlens::CheckFailed(#condition, __FILE__, __LINE__))
