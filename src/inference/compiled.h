// Compiles C text with the system's compiler and calls it. For tests only.
#pragma once

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/disk.h"

namespace handlens::inference::sample {

inline bool HasCompiler() { return std::system("cc --version >/dev/null 2>&1") == 0; }
// Whether this processor runs what -march=native makes; the tests of vectors are worth something only with
// AVX2.
inline bool HasVectors() { return __builtin_cpu_supports("avx2") != 0; }

// A library of C sources, in a folder of its own.
class Library {
 public:
  Library(const std::string& name, const std::vector<std::pair<std::string, std::string>>& files,
          const std::string& flags) {
    const std::filesystem::path folder =
        std::filesystem::temp_directory_path() / ("handlens-inference-" + name);
    std::filesystem::create_directories(folder);
    std::string sources;
    for (const auto& [file, text] : files) {
      EXPECT_TRUE(WriteFileAtomic(folder / file, Bytes(text.begin(), text.end())));
      if (file.ends_with(".c")) sources += " " + (folder / file).string();
    }
    const std::string library = (folder / "model.so").string(), log = (folder / "log").string();
    const std::string command = "cc -std=c11 -Wall -Wextra -Werror -shared -fPIC " + flags + sources +
                                " -o " + library + " >" + log + " 2>&1";
    const int status = std::system(command.c_str());
    const auto words = ReadText(log);
    EXPECT_EQ(status, 0) << command << "\n" << (words ? words->substr(0, 3000) : "");
    if (status != 0) return;
    handle_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    EXPECT_NE(handle_, nullptr) << dlerror();
  }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  template <class F>
  F* Function(const std::string& name) const {
    void* const symbol = handle_ == nullptr ? nullptr : dlsym(handle_, name.c_str());
    EXPECT_NE(symbol, nullptr) << name;
    return reinterpret_cast<F*>(symbol);
  }

 private:
  void* handle_ = nullptr;
};

// A classifier among a library's functions.
class Classifier {
 public:
  Classifier(const Library& library, const std::string& prefix, size_t classes)
      : classify_(library.Function<int(const uint8_t*, void*, float*)>(prefix + "classify")),
        scores_(classes) {
    if (auto* bytes = library.Function<size_t()>(prefix + "arena_bytes"); bytes != nullptr)
      arena_.resize(bytes() / 16 + 1);
  }
  // Fresh memory holds anything: the scores must not depend on it.
  const std::vector<float>& Scores(const std::vector<uint8_t>& rgb, uint8_t memory = 0xa5) {
    for (auto& line : arena_) line.fill(memory);
    if (classify_ != nullptr) best_ = classify_(rgb.data(), arena_.data(), scores_.data());
    return scores_;
  }
  int best() const { return best_; }

 private:
  using Line = std::array<uint8_t, 16>;
  struct alignas(16) Aligned : Line {};
  int (*classify_)(const uint8_t*, void*, float*);
  std::vector<Aligned> arena_;
  std::vector<float> scores_;
  int best_ = -1;
};

}  // namespace handlens::inference::sample
