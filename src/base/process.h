// Processes by name across machines: who wrote something, and whether it can still be at work. And what of
// the machine a process may use.
#pragma once

#include <cstdint>
#include <string>

#include "base/json.h"
#include "base/result.h"

namespace handlens {

// Enough to tell a process from every other one of any machine, also after its number is used again.
struct ProcessIdentity {
  std::string host;  // its name
  std::string boot;  // of the kernel, new at each start of the machine; empty where it is not told
  std::string
      numbers;  // within which process numbers count (a container has its own); empty where it is not told
  int64_t pid = 0;
  int64_t started = 0;  // in ticks since the kernel's start

  // "HOST-PID-ABCDEF12", fit for a file's name: letters, digits and '-'; the last part is a hash of all
  // fields.
  std::string Name() const;
  bool operator==(const ProcessIdentity&) const = default;
};
ProcessIdentity ThisProcess();
Json ToJson(const ProcessIdentity& process);
Result<ProcessIdentity> ProcessFromJson(const Json& json);

// kUnknown: of another machine or container, or this one tells too little. `own` is ThisProcess().
enum class Alive { kYes, kNo, kUnknown };
Alive IsAlive(const ProcessIdentity& process, const ProcessIdentity& own);

// Threads that this process may run at once: processors of its affinity mask, within the quota of its control
// group; at least 1. Not the machine's processors: on a cluster's node or in a container they belong to
// others too.
int UsableThreads();
// The limit of one quota: "max 100000" and "150000 100000" as in cpu.max (2 threads: begun ones count); 0 =
// none.
int ThreadsOfQuota(const std::string& cpu_max);
// Bytes of memory that this process may take: its control group's limit, at most the machine's memory; 0
// where nothing tells.
int64_t UsableMemory_bytes();

}  // namespace handlens
