// What only the caller knows of the user and the moment. No room below `cli` looks up the environment or the
// clock: the program hands them in (cli/dispatch.cc), and so may a program that uses the library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

namespace handlens::pipeline {

struct Surroundings {
  // The user's settings, such as ~/.config: the signing key is made in handlens/ of it. Empty: the current
  // folder.
  std::filesystem::path config;
  // The user's data, such as ~/.local/share: backbones of one's own are in handlens/backbones of it. Empty:
  // there are none but the product's.
  std::filesystem::path data;
  // Seconds since 1970, UTC. Empty: nothing is written down about when a step was done.
  std::function<int64_t()> now_s;
};

}  // namespace handlens::pipeline
