// Who works on which trial, where several machines share one folder and may not see each other's locks. Only
// there to share the work: what a trial makes does not depend on who makes it, so two that make the same one
// by mistake lose time and nothing else.
//
// A claim is a file, FOLDER/ID.G. Of several that make ID.0 at once one succeeds (O_EXCL); it changes the
// file's time every few seconds. Whoever finds that its owner gave it back, died (on this machine), or left
// the time alone for long, makes ID.1, and so on: the highest number counts, and no file is ever taken away
// while others look. Times are compared with themselves only, and waited for by this machine's steady clock,
// so no two clocks have to agree.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>

#include "base/process.h"
#include "base/result.h"

namespace handlens::search {

struct ClaimTimes {
  double beat_s = 10;  // between two signs of life
  // Without a sign of life: more than network file systems keep a file's time in memory (acregmax of Linux'
  // NFS: 60 s).
  double silent_s = 150;
};

// Thread-safe.
class Claims {
 public:
  Claims(std::filesystem::path folder, ProcessIdentity self, ClaimTimes times = {});
  ~Claims();  // claims that are still held stay, and are taken over when their owner is found dead
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  enum class Taken { kNo, kFirst, kOver };  // kOver: somebody had it before
  Result<Taken> Take(const std::string& id);
  // Whether Take would probably give it.
  bool IsFree(const std::string& id);
  // The end of a claim that is held: for others to go on with at once, or done for good. A failure is not
  // told: others then wait.
  void GiveBack(const std::string& id) { End(id, "given back"); }
  void Finish(const std::string& id) { End(id, "finished"); }

  const ProcessIdentity& self() const { return self_; }

 private:
  struct Seen {
    int generation = -1;  // the highest that was seen; -1 = none
    std::string text;
    int64_t changed_ns = 0;
    double since_s = 0;  // when this text and time were first seen
  };
  std::filesystem::path File(const std::string& id, int generation) const;
  void Look(const std::string& id, Seen& seen) const;
  bool Free(const Seen& seen) const;
  void End(const std::string& id, const char* how);
  void Beat();

  const std::filesystem::path folder_;
  const ProcessIdentity self_;
  const ClaimTimes times_;
  std::mutex mutex_;  // guards all below
  std::condition_variable ending_;
  bool ended_ = false;
  std::map<std::string, Seen> seen_;
  std::map<std::string, int> held_;  // by id, the generation
  std::thread heart_;
};

}  // namespace handlens::search
