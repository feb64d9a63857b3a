#include "tflite/cage.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <vector>

namespace handlens::tflite {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// Reckoning in memory, reading and writing what is open, ending.
constexpr int kAllowed[] = {
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_munmap,
    SYS_mremap,
    SYS_madvise,
    SYS_brk,
    SYS_futex,
    SYS_exit,
    SYS_exit_group,
    SYS_rt_sigreturn,
    SYS_rt_sigprocmask,
    SYS_rt_sigaction,
    SYS_clock_gettime,
    SYS_gettimeofday,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_getcpu,
    SYS_getpid,
    SYS_gettid,
    SYS_getrandom,
    SYS_getrusage,
    SYS_sysinfo,
    SYS_uname,
    SYS_fstat,
    SYS_close,
    SYS_lseek,
    SYS_setitimer,
    SYS_tgkill,
    SYS_restart_syscall,
    SYS_membarrier,
    SYS_rseq,
    SYS_set_robust_list,
#ifdef SYS_alarm
    SYS_alarm,
    SYS_time,
#endif
};

// Questions about files that libraries ask and can do without an answer to.
constexpr int kRefused[] = {
    SYS_openat,     SYS_newfstatat, SYS_statx, SYS_faccessat, SYS_faccessat2,
    SYS_readlinkat, SYS_getdents64, SYS_ioctl, SYS_getcwd,    SYS_memfd_create,
#ifdef SYS_open
    SYS_open,       SYS_stat,       SYS_lstat, SYS_access,    SYS_readlink,
#endif
};

sock_filter Load(size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)); }
sock_filter Return(uint32_t action) { return BPF_STMT(BPF_RET | BPF_K, action); }
// Goes on with the next instruction when equal, else skips it.
sock_filter OnlyIf(uint32_t value) { return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1); }

// Memory may be mapped and protected, but never be made into code.
void AllowUnlessExecutable(int call, std::vector<sock_filter>& program) {
  constexpr size_t kProtection =
      offsetof(seccomp_data, args) + 2 * sizeof(uint64_t);  // the third argument of both
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 4));
  program.push_back(Load(kProtection));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1));
  program.push_back(Return(SECCOMP_RET_KILL_PROCESS));
  program.push_back(Return(SECCOMP_RET_ALLOW));
}

std::vector<sock_filter> Program() {
  std::vector<sock_filter> program;
  program.push_back(Load(offsetof(seccomp_data, arch)));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kArchitecture, 1, 0));
  program.push_back(Return(SECCOMP_RET_KILL_PROCESS));
  program.push_back(Load(offsetof(seccomp_data, nr)));
  AllowUnlessExecutable(SYS_mmap, program);
  AllowUnlessExecutable(SYS_mprotect, program);
  for (const int call : kAllowed) {
    program.push_back(OnlyIf(static_cast<uint32_t>(call)));
    program.push_back(Return(SECCOMP_RET_ALLOW));
  }
  for (const int call : kRefused) {
    program.push_back(OnlyIf(static_cast<uint32_t>(call)));
    program.push_back(Return(SECCOMP_RET_ERRNO | EACCES));
  }
  program.push_back(Return(SECCOMP_RET_KILL_PROCESS));
  return program;
}

bool Limit(__rlimit_resource resource, uint64_t most) {
  const rlimit limit{most, most};
  return ::setrlimit(resource, &limit) == 0;
}

}  // namespace

Result<void> EnterCage(const Cage& cage) {
  bool done = Limit(RLIMIT_CORE, 0) && Limit(RLIMIT_FSIZE, 0) && Limit(RLIMIT_NPROC, 0) &&
              Limit(RLIMIT_CPU, cage.cpu_seconds);
#if !defined(__SANITIZE_ADDRESS__)  // whose shadow takes terabytes of addresses
  done = done && Limit(RLIMIT_AS, cage.memory_bytes);
#endif
  std::vector<sock_filter> program = Program();
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  done = done && Limit(RLIMIT_NOFILE, 0) && ::prctl(PR_SET_DUMPABLE, 0) == 0 &&
         ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
  if (done) return {};
  return Fail(ErrorKind::kInternal,
              "the kernel refuses to lock the model's process in ({}), so the model is not run",
              std::strerror(errno));
}

}  // namespace handlens::tflite
