#include "doctor/answers.h"

#include <algorithm>
#include <atomic>

#include "base/assignment.h"
#include "base/parallel.h"
#include "base/stats.h"

namespace handlens::doctor {

namespace fs = std::filesystem;

Result<std::unique_ptr<tflite::Judge>> Answers::Take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto judge = std::move(idle_.back());
      idle_.pop_back();
      return judge;
    }
  }
  // The patient is a stranger.
  auto judge = tflite::Judge::LoadApart(patient_.bytes, tflite::Kernels::kXnnpack);
  if (!judge) return Fail(judge.error().kind, "{}: {}", request_.name, judge.error().message);
  return judge;
}

static bool SamePixels(const Feed& a, const Feed& b) {
  return a.exif == b.exif && a.fit == b.fit && a.resize == b.resize && a.saved == b.saved;
}

Result<std::vector<int>> Answers::AskOne(int picture, const std::vector<Feed>& feeds, bool& turned,
                                         bool& oblong) {
  const dataset::Picture& facts = request_.pictures.pictures[static_cast<size_t>(picture)];
  HL_ASSIGN(const image::Decoded decoded, image::DecodeFile(fs::path(request_.pictures.root) / facts.path));
  const int orientation = decoded.facts.orientation;
  turned = orientation > 1 && orientation <= 8;
  oblong = decoded.image.width != decoded.image.height;
  const image::Image stored = turned ? AsStored(decoded.image, orientation) : image::Image{};
  HL_ASSIGN(auto judge, Take());
  std::vector<int> top;
  std::vector<uint8_t> pixels;
  const Feed* made_for = nullptr;  // feeds of the same pixels follow each other
  for (const Feed& feed : feeds) {
    if (made_for == nullptr || !SamePixels(*made_for, feed)) {
      const image::Image& from = turned && feed.exif == Exif::kIgnored ? stored : decoded.image;
      pixels = Pixels(from, patient_.size_px, feed);
      made_for = &feed;
    }
    HL_ASSIGN(const Scores scores, Ask(*judge, patient_, pixels, feed));
    top.push_back(static_cast<int>(std::max_element(scores.begin(), scores.end()) - scores.begin()));
  }
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(judge));
  return top;
}

Result<void> Answers::Evaluate(const std::vector<Feed>& wanted) {
  std::vector<Feed> feeds;
  for (const Feed& feed : wanted) {
    const auto is_feed = [&](const auto& known) { return known.first == feed; };
    if (std::none_of(known_.begin(), known_.end(), is_feed) &&
        std::find(feeds.begin(), feeds.end(), feed) == feeds.end())
      feeds.push_back(feed);
  }
  if (feeds.empty()) return {};
  if (runtime_version_.empty()) {
    HL_ASSIGN(auto judge, Take());  // a model that cannot run is said before any picture is read
    runtime_version_ = judge->RuntimeVersion();
    idle_.push_back(std::move(judge));
  }
  std::vector<Result<std::vector<int>>> answers(pictures_.size());
  std::vector<char> turned(pictures_.size(), 0), oblong(pictures_.size(), 0);
  std::atomic<size_t> done = 0;
  ParallelFor(pictures_.size(), request_.jobs, [&](size_t i) {
    if (progress_.StopRequested()) return;
    bool is_turned = false, is_oblong = false;
    answers[i] = AskOne(pictures_[i], feeds, is_turned, is_oblong);
    turned[i] = is_turned ? 1 : 0;
    oblong[i] = is_oblong ? 1 : 0;
    progress_.Update(done_ + static_cast<double>(++done), "");
  });
  done_ += static_cast<double>(pictures_.size());
  if (progress_.StopRequested()) return Interrupted();
  std::vector<std::vector<int>> tops(feeds.size());
  for (auto& answer : answers) {
    HL_ASSIGN(const std::vector<int> top, std::move(answer));
    for (size_t f = 0; f < feeds.size(); ++f) tops[f].push_back(top[f]);
  }
  for (size_t f = 0; f < feeds.size(); ++f) known_.emplace_back(feeds[f], std::move(tops[f]));
  any_turned_ = any_turned_ || std::count(turned.begin(), turned.end(), 1) > 0;
  any_oblong_ = any_oblong_ || std::count(oblong.begin(), oblong.end(), 1) > 0;
  return {};
}

void Answers::TakeOthers(std::vector<int> pictures) {
  pictures_ = std::move(pictures);
  known_.clear();
  done_ = 0;
}

const std::vector<int>& Answers::Top(const Feed& feed) const {
  const auto found =
      std::find_if(known_.begin(), known_.end(), [&](const auto& known) { return known.first == feed; });
  HL_CHECK(found != known_.end());
  return found->second;
}

std::vector<bool> Right(const std::vector<int>& top, const std::vector<int>& classes, const Naming& naming) {
  std::vector<bool> right;
  for (size_t i = 0; i < top.size(); ++i) right.push_back(top[i] == naming[static_cast<size_t>(classes[i])]);
  return right;
}

size_t Count(const std::vector<bool>& right) {
  return static_cast<size_t>(std::count(right.begin(), right.end(), true));
}

Naming BestNaming(const std::vector<int>& top, const std::vector<int>& classes, int class_count, int which) {
  std::vector<int> outputs(top);  // that were ever named; the others cannot make a picture right
  std::sort(outputs.begin(), outputs.end());
  outputs.erase(std::unique(outputs.begin(), outputs.end()), outputs.end());
  const size_t n = std::max(static_cast<size_t>(class_count), outputs.size());
  std::vector<std::vector<double>> counts(n, std::vector<double>(n, 0));
  for (size_t i = 0; i < top.size(); ++i) {
    if (which < 2 && static_cast<int>(i % 2) != which) continue;
    const auto column = std::lower_bound(outputs.begin(), outputs.end(), top[i]) - outputs.begin();
    counts[static_cast<size_t>(classes[i])][static_cast<size_t>(column)] += 1;
  }
  const std::vector<size_t> columns = BestAssignment(counts);
  Naming naming;
  for (size_t c = 0; c < static_cast<size_t>(class_count); ++c) {
    const bool seen = columns[c] < outputs.size() && counts[c][columns[c]] > 0;
    naming.push_back(seen ? outputs[columns[c]] : -1);
  }
  return naming;
}

std::vector<bool> RightByOthers(const std::vector<int>& top, const std::vector<int>& classes,
                                int class_count) {
  const Naming from_even = BestNaming(top, classes, class_count, 0),
               from_odd = BestNaming(top, classes, class_count, 1);
  std::vector<bool> right;
  for (size_t i = 0; i < top.size(); ++i) {
    const Naming& naming = i % 2 == 0 ? from_odd : from_even;
    right.push_back(top[i] == naming[static_cast<size_t>(classes[i])]);
  }
  return right;
}

Paired Compare(const std::vector<bool>& before, const std::vector<bool>& after) {
  size_t lost = 0, won = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    if (before[i] && !after[i]) ++lost;
    if (!before[i] && after[i]) ++won;
  }
  return {McNemarExact(lost, won), static_cast<int>(won) - static_cast<int>(lost)};
}

}  // namespace handlens::doctor
