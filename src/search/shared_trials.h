// The folder of trials when several processes, on any machines, fill it at once. A trial is trained in a
// folder that carries its owner's name (ID.HOST-PID-HASH) and renamed to ID when all of it is there. What is
// finished is learned from listings, which network file systems keep fresh sooner than the answer to whether
// one file is there.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "search/sharing/claims.h"

namespace handlens::search {

// Thread-safe.
class SharedTrials {
 public:
  SharedTrials(std::filesystem::path trials, std::filesystem::path claims, ClaimTimes times = {});

  // Learns what others finished since.
  Result<void> List();
  // As far as the last listing shows.
  bool IsFinished(const std::string& id);
  bool IsFree(const std::string& id) { return claims_.IsFree(id); }
  // A folder to train the trial in, with what an interrupted training of it left; nothing when another has
  // it. A trial that is finished and claimed all the same (something is to be added) is given its own folder.
  Result<std::optional<std::filesystem::path>> Begin(const std::string& id);
  // Gives the finished folder its name, unless another was faster: then both hold the same bytes.
  Result<void> Finish(const std::string& id, const std::filesystem::path& folder);
  // For others to go on with.
  void GiveBack(const std::string& id) { claims_.GiveBack(id); }

 private:
  Result<void> Publish(const std::string& id, const std::filesystem::path& folder);

  const std::filesystem::path trials_;
  Claims claims_;
  std::mutex mutex_;                // guards all below
  std::vector<std::string> names_;  // in the folder, sorted
  std::set<std::string> finished_;
};

// Puts the newest state that an interrupted training of the trial left into `folder`: state.bin of trials/ID
// or of a folder with an owner's name. `names` are those in `trials`, sorted. Nothing where there is none, or
// where the folder has one already.
Result<void> TakeOverState(const std::filesystem::path& trials, const std::vector<std::string>& names,
                           const std::string& id, const std::filesystem::path& folder);

// Removes the folders with owners' names. Only where nobody trains in `trials`.
void RemoveOwnedFolders(const std::filesystem::path& trials);

}  // namespace handlens::search
