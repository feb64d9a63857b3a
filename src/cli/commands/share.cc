#include "cli/commands/share.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/process.h"

namespace handlens::cli {
namespace {

std::optional<int> Number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

// A place, from 0, among `of`; `of` 0 = not told how many.
struct ShardPlace {
  int index = 0, of = 1;
  bool told = false;
};

ShardPlace InArray(const Lookup& lookup) {
  const auto id = Number(lookup("SLURM_ARRAY_TASK_ID")), count = Number(lookup("SLURM_ARRAY_TASK_COUNT"));
  if (id && count) {
    const int least = Number(lookup("SLURM_ARRAY_TASK_MIN")).value_or(0),
              step = Number(lookup("SLURM_ARRAY_TASK_STEP")).value_or(1);
    return {(*id - least) / std::max(step, 1), *count, true};
  }
  const auto index = Number(lookup("JOB_COMPLETION_INDEX"));
  return index ? ShardPlace{*index, 0, true} : ShardPlace{};
}

ShardPlace AmongRanks(const Lookup& lookup) {
  constexpr std::pair<const char*, const char*> kRankAndSize[] = {
      {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
      {"PMI_RANK", "PMI_SIZE"},
      {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS"}};
  for (const auto& [rank_name, size_name] : kRankAndSize) {
    const auto rank = Number(lookup(rank_name)), size = Number(lookup(size_name));
    if (rank && size) return {*rank, *size, true};
  }
  return {};
}

tl::unexpected<Error> Bad(std::string_view text, std::string_view why) {
  return Fail(ErrorKind::kUsage, "--shard: '{}' {}; give K/N with K from 1 to N, such as 2/8, or auto", text,
              why);
}

Result<search::Share> Checked(std::string_view text, int number, int of) {
  if (of < 1 || of > 100000 || number < 1 || number > of)
    return Bad(text, fmt::format("means {} of {}", number, of));
  return search::Share{number, of};
}

}  // namespace

std::string FromEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Result<search::Share> ReadShare(std::string_view text, const Lookup& lookup) {
  const size_t slash = text.find('/');
  const std::string_view first = text.substr(0, slash);
  const bool counted = slash != std::string_view::npos;
  const int of = counted ? Number(text.substr(slash + 1)).value_or(0) : 0, number = Number(first).value_or(0);
  if (counted && of == 0) return Bad(text, "is no share");
  if (first != "auto") return counted && number != 0 ? Checked(text, number, of) : Bad(text, "is no share");
  ShardPlace array = InArray(lookup);
  const ShardPlace rank = AmongRanks(lookup);
  if (counted && array.of == 0) array.of = (of + rank.of - 1) / rank.of;
  if (array.of == 0) return Bad(text, "needs the number of tasks, which Kubernetes does not tell: auto/N");
  if (!array.told && !rank.told)
    return Bad(text, "finds neither Slurm, MPI nor Kubernetes in the environment");
  return Checked(text, array.index * rank.of + rank.index + 1, array.of * rank.of);
}

std::string UnusedShare(const Lookup& lookup) {
  const ShardPlace array = InArray(lookup), rank = AmongRanks(lookup);
  if (array.of != 0 && array.of * rank.of <= 1) return "";
  if (array.of == 0) return fmt::format("completion {}", array.index);
  return fmt::format("task {} of {}", array.index * rank.of + rank.index + 1, array.of * rank.of);
}

int ThreadsOfTask(const Lookup& lookup) {
  const auto threads = Number(lookup("SLURM_CPUS_PER_TASK"));
  return threads && *threads > 0 ? std::min(*threads, UsableThreads()) : 0;
}

}  // namespace handlens::cli
