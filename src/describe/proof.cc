#include "describe/proof.h"

#include <algorithm>

#include "base/assignment.h"
#include "base/stats.h"

namespace handlens::describe {
namespace {

constexpr size_t kFirstLook = 10;     // pictures a class
constexpr double kChance = 0.05;      // below it, chance is ruled out
constexpr size_t kMostSentences = 3;  // a file

// counts[label][answer]: how many pictures of a label get which answer.
struct Answers {
  Confusion counts;
  std::vector<size_t> asked;  // pictures of a label
};

// The labels of `cycle` as they stand against each taking the place of the next.
struct Contest {
  std::vector<size_t> cycle;
  size_t pictures = 0, own = 0, other = 0;

  // One-sided exact sign test on the pictures that speak for one of the two orders.
  double chance_of_own() const { return own > other ? McNemarExact(own, other) / 2 : 1; }
  double chance_of_other() const { return other > own ? McNemarExact(own, other) / 2 : 1; }
};

Contest ContestOf(const Answers& answers, std::vector<size_t> cycle) {
  Contest contest{std::move(cycle), 0, 0, 0};
  for (size_t i = 0; i < contest.cycle.size(); ++i) {
    const size_t label = contest.cycle[i], next = contest.cycle[(i + 1) % contest.cycle.size()];
    contest.pictures += answers.asked[label];
    contest.own += answers.counts[label][label];
    contest.other += answers.counts[label][next];
  }
  return contest;
}

// Of each label the share of pictures by answer, so that a rare class weighs as much as a frequent one.
Rival RivalOf(const Answers& answers) {
  std::vector<std::vector<double>> shares(answers.counts.size(),
                                          std::vector<double>(answers.counts.size(), 0));
  for (size_t a = 0; a < shares.size(); ++a) {
    for (size_t b = 0; b < shares.size(); ++b) {
      shares[a][b] = static_cast<double>(answers.counts[a][b]) /
                     static_cast<double>(std::max<size_t>(1, answers.asked[a]));
    }
  }
  return NearestRival(shares);
}

// Orders that are not refuted: the nearest ring, if it is as good, and every pair that chance could turn. All
// must be refuted for the proof to hold, so nothing is corrected for their number (an intersection-union
// test, Berger 1982).
std::vector<Contest> NotRefuted(const Answers& answers, const Rival& rival) {
  std::vector<Contest> open;
  if (!rival.cycle.empty() && rival.margin < 1e-9) {
    open.push_back(ContestOf(answers, rival.cycle));
    return open;
  }
  for (size_t a = 0; a < answers.counts.size(); ++a) {
    for (size_t b = a + 1; b < answers.counts.size(); ++b) {
      Contest contest = ContestOf(answers, {a, b});
      if (contest.chance_of_own() > kChance) open.push_back(std::move(contest));
    }
  }
  std::stable_sort(open.begin(), open.end(),
                   [](const Contest& a, const Contest& b) { return a.chance_of_own() > b.chance_of_own(); });
  return open;
}

std::string Names(const std::vector<std::string>& labels, const std::vector<size_t>& cycle) {
  std::string text;
  for (size_t i = 0; i < cycle.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == cycle.size() ? " and " : ", ") + labels[cycle[i]];
  }
  return text;
}

std::string Sentence(const std::string& file, const std::vector<std::string>& labels,
                     const Contest& contest) {
  const std::string names = Names(labels, contest.cycle),
                    theirs = contest.cycle.size() == 2 ? "the other" : "the next of them";
  if (contest.chance_of_other() <= kChance) {
    return fmt::format(
        "{}: the labels {} have changed places: of {} training pictures of theirs, {} are given their own "
        "label and {} {}",
        file, names, contest.pictures, contest.own, contest.other, theirs);
  }
  return fmt::format(
      "{}: it is not shown that the labels {} are in the right order: of {} training pictures of theirs, {} "
      "are given their own label and {} {}, which chance could turn",
      file, names, contest.pictures, contest.own, contest.other, theirs);
}

Result<void> Ask(tflite::Judge& judge, const ProofPicture& picture, Answers& answers) {
  HL_ASSIGN(const std::vector<float> scores, judge.Classify(picture.pixels));
  const auto best = std::max_element(scores.begin(), scores.end()) - scores.begin();
  const auto label = static_cast<size_t>(picture.label);
  HL_CHECK(picture.label >= 0 && label < answers.counts.size());
  ++answers.asked[label];
  ++answers.counts[label][static_cast<size_t>(best)];
  return {};
}

void Record(const std::string& file, const Answers& answers, const Rival& rival, DescribeResult& result) {
  const std::vector<std::string>& labels = result.description.labels;
  for (size_t c = 0; c < labels.size(); ++c) {
    size_t other = c == 0 ? 1 : 0;
    for (size_t o = 0; o < labels.size(); ++o) {
      if (o != c && answers.counts[c][o] > answers.counts[c][other]) other = o;
    }
    const size_t taken = other < labels.size() ? answers.counts[c][other] : 0;
    result.proof.push_back(
        {file, labels[c], answers.asked[c], answers.counts[c][c], taken > 0 ? labels[other] : "", taken});
  }
  if (rival.cycle.empty()) return;
  const Contest contest = ContestOf(answers, rival.cycle);
  result.rivals.push_back({file, {}, contest.pictures, contest.own, contest.other, contest.chance_of_own()});
  for (const size_t label : contest.cycle) result.rivals.back().labels.push_back(labels[label]);
}

}  // namespace

Result<void> ProveFile(const std::string& file, tflite::Judge& judge, std::span<const ProofPicture> pictures,
                       DescribeResult& result) {
  const std::vector<std::string>& labels = result.description.labels;
  Answers answers{Confusion(labels.size(), std::vector<size_t>(labels.size(), 0)),
                  std::vector<size_t>(labels.size(), 0)};
  std::vector<bool> asked(pictures.size(), false);
  Rival rival;
  std::vector<Contest> open;
  for (size_t limit = kFirstLook;; limit *= 2) {
    bool more = false;
    for (size_t i = 0; i < pictures.size(); ++i) {
      if (asked[i] || answers.asked[static_cast<size_t>(pictures[i].label)] >= limit) continue;
      HL_TRY(Ask(judge, pictures[i], answers));
      asked[i] = more = true;
    }
    if (!more && limit > kFirstLook) break;
    rival = RivalOf(answers);
    open = NotRefuted(answers, rival);
    if (open.empty()) break;
  }
  result.contradicted |=
      std::any_of(open.begin(), open.end(), [](const Contest& c) { return c.chance_of_other() <= kChance; });
  Record(file, answers, rival, result);
  for (size_t c = 0; c < labels.size(); ++c) {
    if (answers.asked[c] == 0)
      result.unproven.push_back(fmt::format("class {}: no training picture was given", labels[c]));
  }
  for (size_t i = 0; i < std::min(open.size(), kMostSentences); ++i) {
    result.unproven.push_back(Sentence(file, labels, open[i]));
  }
  if (open.size() > kMostSentences) {
    result.unproven.push_back(
        fmt::format("{}: the same of {} more pairs of labels", file, open.size() - kMostSentences));
  }
  return {};
}

}  // namespace handlens::describe
