// Scores of all pictures by many feeds, and what they mean under a naming of the outputs. Not for other
// rooms.
#pragma once

#include <map>
#include <mutex>
#include <vector>

#include "doctor/feeding.h"

namespace handlens::doctor {

// One picture's scores.
using Scores = std::vector<float>;

// Asks the model and remembers. Pictures are read once a call of Evaluate.
class Answers {
 public:
  Answers(const Request& request, const Patient& patient, std::vector<int> pictures, Progress& progress)
      : request_(request), patient_(patient), pictures_(std::move(pictures)), progress_(progress) {}

  // Scores by every feed that is not known yet. Kind kBadInput: a picture cannot be read; kInterrupted.
  Result<void> Evaluate(const std::vector<Feed>& feeds);
  // Forgets all and speaks of these from now on.
  void TakeOthers(std::vector<int> pictures);
  // The top output of each picture; the feed was evaluated.
  const std::vector<int>& Top(const Feed& feed) const;
  const std::vector<int>& pictures() const { return pictures_; }
  const std::string& runtime_version() const { return runtime_version_; }
  // Of the pictures: whether any is turned by EXIF, whether any is not square, once something was evaluated.
  bool any_turned() const { return any_turned_; }
  bool any_oblong() const { return any_oblong_; }

 private:
  Result<std::vector<int>> AskOne(int picture, const std::vector<Feed>& feeds, bool& turned, bool& oblong);
  Result<std::unique_ptr<tflite::Judge>> Take();

  const Request& request_;
  const Patient& patient_;
  std::vector<int> pictures_;
  Progress& progress_;
  std::vector<std::pair<Feed, std::vector<int>>> known_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<tflite::Judge>> idle_;
  std::string runtime_version_;
  bool any_turned_ = false, any_oblong_ = false;
  double done_ = 0;
};

// Which output belongs to which class of the pictures; -1 = none.
using Naming = std::vector<int>;
// Per picture: whether the top output is its class's.
std::vector<bool> Right(const std::vector<int>& top, const std::vector<int>& classes, const Naming& naming);
size_t Count(const std::vector<bool>& right);
// The naming that makes most of the pictures right whose place in the list is `which` modulo 2 (2 = all of
// them); -1 for a class that no output speaks for.
Naming BestNaming(const std::vector<int>& top, const std::vector<int>& classes, int class_count, int which);
// Right, with the naming of each half of the pictures found on the other half.
std::vector<bool> RightByOthers(const std::vector<int>& top, const std::vector<int>& classes,
                                int class_count);

// Two-sided exact McNemar; `gain` = how many more are right after.
struct Paired {
  double p = 1;
  int gain = 0;
};
Paired Compare(const std::vector<bool>& before, const std::vector<bool>& after);

}  // namespace handlens::doctor
