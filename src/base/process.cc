// Reads /proc and /sys/fs/cgroup (cgroup v2, and v1 where that is mounted: kernel documentation,
// admin-guide/cgroup-v2 and -v1).
#include "base/process.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>
#include <thread>

#include "base/disk.h"
#include "base/hash.h"

namespace handlens {
namespace fs = std::filesystem;
namespace {

// Files of /proc have no size, so they are not read by their size.
std::string ReadSmall(const fs::path& path) {
  std::FILE* const file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return "";
  std::array<char, 4096> buffer;
  const size_t got = std::fread(buffer.data(), 1, buffer.size(), file);
  std::fclose(file);
  std::string text(buffer.data(), got);
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  return text;
}

// Fields 3 (state) and 22 (start) of /proc/PID/stat; the second is a name in parentheses that may hold
// anything.
struct Stat {
  char state = 0;
  int64_t started = 0;
};
Stat StatOf(int64_t pid) {
  const std::string text = ReadSmall(fmt::format("/proc/{}/stat", pid));
  const size_t end = text.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream fields(text.substr(end + 1));
  std::string field;
  Stat stat;
  for (int number = 3; number <= 22 && fields >> field; ++number) {
    if (number == 3) stat.state = field[0];
    if (number == 22) stat.started = std::strtoll(field.c_str(), nullptr, 10);
  }
  return stat;
}

int ProcessorsOfMask() {
  for (int most = 1024; most <= 1 << 20; most *= 4) {
    cpu_set_t* const set = CPU_ALLOC(static_cast<size_t>(most));
    const size_t size = CPU_ALLOC_SIZE(static_cast<size_t>(most));
    const bool told = ::sched_getaffinity(0, size, set) == 0;
    const int error = errno, count = told ? CPU_COUNT_S(size, set) : 0;
    CPU_FREE(set);
    if (told) return count;
    if (error != EINVAL) break;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Folders of this process' control group for `controller`, and of all above it, innermost first. Within a
// container the file system begins at the group itself, whose path in /proc is then not there.
std::vector<fs::path> GroupFolders(const std::string& controller) {
  std::vector<fs::path> folders;
  std::istringstream lines(ReadSmall("/proc/self/cgroup"));
  for (std::string line; std::getline(lines, line);) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    const bool unified = names.empty();
    if (!unified && ("," + names + ",").find("," + controller + ",") == std::string::npos) continue;
    const fs::path root = unified ? fs::path("/sys/fs/cgroup") : fs::path("/sys/fs/cgroup") / names;
    fs::path group = fs::path(line.substr(second + 1)).relative_path();
    for (; !group.empty(); group = group.parent_path()) folders.push_back(root / group);
    folders.push_back(root);
  }
  return folders;
}

int64_t LimitIn(const fs::path& file) {
  const std::string text = ReadSmall(file);
  return text.empty() || text == "max" ? 0 : std::strtoll(text.c_str(), nullptr, 10);
}

}  // namespace

std::string ProcessIdentity::Name() const {
  std::string name;
  for (const char c : host.substr(0, 40)) name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '-';
  return fmt::format(
      "{}-{}-{}", name.empty() ? "host" : name, pid,
      Sha256(fmt::format("{}\n{}\n{}\n{}\n{}", host, boot, numbers, pid, started)).substr(0, 8));
}

ProcessIdentity ThisProcess() {
  ProcessIdentity process;
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) process.host = host.data();
  process.boot = ReadSmall("/proc/sys/kernel/random/boot_id");
  std::error_code error;
  process.numbers = fs::read_symlink("/proc/self/ns/pid", error).string();
  process.pid = ::getpid();
  process.started = StatOf(process.pid).started;
  return process;
}

Json ToJson(const ProcessIdentity& process) {
  return {{"host", process.host},
          {"boot", process.boot},
          {"numbers", process.numbers},
          {"pid", process.pid},
          {"started", process.started}};
}

Result<ProcessIdentity> ProcessFromJson(const Json& json) {
  return FromJson(json, "a process", [](const Json& j) {
    return ProcessIdentity{j.at("host").get<std::string>(), j.at("boot").get<std::string>(),
                           j.at("numbers").get<std::string>(), j.at("pid").get<int64_t>(),
                           j.at("started").get<int64_t>()};
  });
}

Alive IsAlive(const ProcessIdentity& process, const ProcessIdentity& own) {
  const bool tells = !process.boot.empty() && !process.numbers.empty() && own.started != 0;
  if (!tells || process.boot != own.boot || process.numbers != own.numbers) return Alive::kUnknown;
  const Stat stat = StatOf(process.pid);
  return stat.started == process.started && stat.state != 'Z' ? Alive::kYes : Alive::kNo;
}

int ThreadsOfQuota(const std::string& cpu_max) {
  std::istringstream fields(cpu_max);
  std::string quota;
  double period = 100000;  // the kernel's own, in microseconds
  fields >> quota >> period;
  const double used = std::strtod(quota.c_str(), nullptr);  // 0 for "max", -1 for v1's "none"
  return used > 0 && period > 0 ? std::max(1, static_cast<int>((used + period - 1) / period)) : 0;
}

int UsableThreads() {
  int threads = std::max(1, ProcessorsOfMask());
  for (const fs::path& folder : GroupFolders("cpu")) {
    std::string text = ReadSmall(folder / "cpu.max");
    if (text.empty())
      text = ReadSmall(folder / "cpu.cfs_quota_us") + " " + ReadSmall(folder / "cpu.cfs_period_us");
    if (const int quota = ThreadsOfQuota(text); quota > 0) threads = std::min(threads, quota);
  }
  return threads;
}

int64_t UsableMemory_bytes() {
  int64_t least = int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
  for (const fs::path& folder : GroupFolders("memory")) {
    for (const char* name : {"memory.max", "memory.limit_in_bytes"}) {
      if (const int64_t limit = LimitIn(folder / name); limit > 0)
        least = least > 0 ? std::min(least, limit) : limit;
    }
  }
  return std::max<int64_t>(least, 0);
}

}  // namespace handlens
