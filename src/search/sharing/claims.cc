#include "search/sharing/claims.h"

#include <chrono>
#include <vector>

#include "base/disk.h"

namespace handlens::search {
namespace {

double Now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Claims::Claims(std::filesystem::path folder, ProcessIdentity self, ClaimTimes times)
    : folder_(std::move(folder)), self_(std::move(self)), times_(times), heart_([this] { Beat(); }) {}

Claims::~Claims() {
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  ending_.notify_all();
  heart_.join();
}

std::filesystem::path Claims::File(const std::string& id, int generation) const {
  return folder_ / fmt::format("{}.{}", id, generation);
}

void Claims::Beat() {
  std::unique_lock lock(mutex_);
  while (!ending_.wait_for(lock, std::chrono::duration<double>(times_.beat_s), [this] { return ended_; })) {
    const std::map<std::string, int> held = held_;
    lock.unlock();
    for (const auto& [id, generation] : held)
      (void)Touch(File(id, generation));  // one that is gone needs no sign of life
    lock.lock();
  }
}

void Claims::Look(const std::string& id, Seen& seen) const {
  for (;;) {
    const auto next = ChangedAt_ns(File(id, seen.generation + 1));
    if (!next || !*next) break;
    const int generation = seen.generation + 1;
    seen = {};
    seen.generation = generation;
  }
  if (seen.generation < 0) return;
  const auto changed = ChangedAt_ns(File(id, seen.generation));
  const auto text = ReadText(File(id, seen.generation));
  if (!changed || !*changed || !text) return;  // gone, or not to be read now: what was seen before counts on
  if (seen.since_s != 0 && **changed == seen.changed_ns && *text == seen.text) return;
  seen.changed_ns = **changed;
  seen.text = *text;
  seen.since_s = Now_s();
}

bool Claims::Free(const Seen& seen) const {
  if (seen.generation < 0) return true;
  if (seen.since_s != 0 && Now_s() - seen.since_s > times_.silent_s) return true;
  if (seen.text.ends_with("\ngiven back\n")) return true;
  if (seen.text.ends_with("\nfinished\n")) return false;
  const auto owner = ParseJson(seen.text, "a claim");
  if (!owner) return false;  // its text is not there yet
  const auto process = ProcessFromJson(*owner);
  return process && IsAlive(*process, self_) == Alive::kNo;
}

bool Claims::IsFree(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (held_.contains(id)) return false;
  Seen& seen = seen_[id];
  Look(id, seen);
  return Free(seen);
}

Result<Claims::Taken> Claims::Take(const std::string& id) {
  const std::lock_guard lock(mutex_);
  if (held_.contains(id)) return Taken::kNo;
  Seen& seen = seen_[id];
  Look(id, seen);
  if (!Free(seen)) return Taken::kNo;
  const int generation = seen.generation + 1;
  auto made = MakeFileOnce(File(id, generation), ToJson(self_).dump() + "\n");
  if (!made && generation == 0) {
    HL_TRY(MakeFolder(folder_));
    made = MakeFileOnce(File(id, generation), ToJson(self_).dump() + "\n");
  }
  if (!made) return tl::make_unexpected(made.error());
  if (!*made) return Taken::kNo;
  held_[id] = generation;
  return generation == 0 ? Taken::kFirst : Taken::kOver;
}

void Claims::End(const std::string& id, const char* how) {
  const std::lock_guard lock(mutex_);
  const auto held = held_.find(id);
  if (held == held_.end()) return;
  (void)AppendText(File(id, held->second), fmt::format("{}\n", how), Flush::kNo);
  held_.erase(held);
}

}  // namespace handlens::search
