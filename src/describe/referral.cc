// The threshold of "refer", see referral.h.
#include "describe/referral.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "base/stats.h"
#include "base/suggest.h"

namespace handlens::describe {
namespace {

constexpr double kReferralConfidence = 0.95;

double ScoreOf(const JudgedPicture& picture, size_t label) {
  return static_cast<double>(picture.scores[label]);
}

std::vector<double> RisingScores(std::span<const JudgedPicture> pictures, size_t label) {
  std::vector<double> scores;
  for (const JudgedPicture& p : pictures) {
    if (p.truth == static_cast<int>(label)) scores.push_back(ScoreOf(p, label));
  }
  std::sort(scores.begin(), scores.end());
  return scores;
}

struct ReferralThreshold {
  double from = 0;
  bool shown = false;
};

ReferralThreshold Choose(const std::vector<double>& rising, double share) {
  if (rising.empty()) return {};
  const size_t n = rising.size();
  size_t k = 0;  // so many of the lowest may be missed but one
  while (k < n && BinomialTail(k, n, 1 - share) <= 1 - kReferralConfidence) ++k;
  const bool shown = k > 0;
  if (!shown) k = static_cast<size_t>((1 - share) * static_cast<double>(n) + 1e-9) + 1;
  return {std::floor(1000 * rising[k - 1] + 1e-9) / 1000, shown};
}

// One picture of each cluster, the class's and the others' drawn apart.
std::vector<JudgedPicture> Counted(std::span<const JudgedPicture> pictures, size_t label) {
  std::vector<JudgedPicture> own, others;
  for (const JudgedPicture& p : pictures) (p.truth == static_cast<int>(label) ? own : others).push_back(p);
  std::vector<JudgedPicture> counted = OneOfEach(own), rest = OneOfEach(others);
  counted.insert(counted.end(), rest.begin(), rest.end());
  return counted;
}

Referred Elsewhere(std::span<const JudgedPicture> pictures, const Referral& referral) {
  std::set<int> folds;
  for (const JudgedPicture& p : pictures) folds.insert(p.fold);
  Referred sum;
  if (folds.size() < 2) return sum;
  for (const int fold : folds) {
    std::vector<JudgedPicture> others, own;
    for (const JudgedPicture& p : pictures) (p.fold == fold ? own : others).push_back(p);
    const ReferralThreshold threshold =
        Choose(RisingScores(Counted(others, referral.label), referral.label), referral.wanted.share);
    const Referred one = ReferredAt(threshold.from, referral.label, own);
    sum.pictures += one.pictures;
    sum.referred += one.referred;
    sum.others += one.others;
    sum.others_referred += one.others_referred;
  }
  return sum;
}

std::string SentenceOf(const Referral& r) {
  const Referred& c = r.counted;
  const std::string what =
      fmt::format("at least {:.3g} % of the pictures of {}", 100 * r.wanted.share, r.wanted.label);
  std::string text =
      r.shown
          ? fmt::format(
                "The app says \"refer\" for {}, with {:.0f} % confidence, if its pictures are like these.",
                what, 100 * r.confidence)
          : fmt::format(
                "It is not shown that the app says \"refer\" for {}: that takes {} pictures of it at least, "
                "there are {}.",
                what, FewestToRefer(r.wanted.share, r.confidence), c.pictures);
  text +=
      fmt::format(" Sensitivity {}, specificity {}, at a score of {:.3f}.", ShareText(c.referred, c.pictures),
                  ShareText(c.others - c.others_referred, c.others), r.from);
  if (r.from <= 0)
    text +=
        " That is every picture: the model gives this class no score that tells its pictures from others.";
  const Referred& e = r.elsewhere;
  if (e.pictures > 0) {
    text += fmt::format(" By thresholds that other pictures had set: sensitivity {}, specificity {}.",
                        ShareText(e.referred, e.pictures), ShareText(e.others - e.others_referred, e.others));
  }
  return text;
}

Json ReferredJson(const Referred& r) {
  return {{"pictures", r.pictures},
          {"referred", r.referred},
          {"others", r.others},
          {"others_referred", r.others_referred}};
}
Referred ReferredFrom(const Json& json) {
  return {json.at("pictures").get<size_t>(), json.at("referred").get<size_t>(),
          json.at("others").get<size_t>(), json.at("others_referred").get<size_t>()};
}

}  // namespace

Result<Sensitivity> ParseSensitivity(std::string_view text) {
  Sensitivity wanted{std::string(text), 0.95};
  if (const size_t equals = text.rfind('='); equals != std::string_view::npos) {
    const std::string_view number = text.substr(equals + 1);
    wanted.label = text.substr(0, equals);
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted.share);
    if (error != std::errc() || end != number.data() + number.size() ||
        !(wanted.share >= kLeastSensitivity && wanted.share <= kMostSensitivity)) {
      return Fail(ErrorKind::kUsage,
                  "--sensitivity {}: the share is a number from {} to {}, as in CLASS=0.95", text,
                  kLeastSensitivity, kMostSensitivity);
    }
  }
  if (wanted.label.empty())
    return Fail(ErrorKind::kUsage, "--sensitivity {}: names no class; write CLASS=0.95", text);
  return wanted;
}

Result<size_t> ClassOf(const Sensitivity& wanted, const std::vector<std::string>& labels) {
  const auto found = std::find(labels.begin(), labels.end(), wanted.label);
  if (found != labels.end()) return static_cast<size_t>(found - labels.begin());
  return Fail(ErrorKind::kBadInput, "--sensitivity: no class is called \"{}\"{}", wanted.label,
              DidYouMean(wanted.label, labels));
}

Result<Referral> ChooseReferral(std::span<const JudgedPicture> pictures,
                                const std::vector<std::string>& labels, const Sensitivity& wanted) {
  Referral referral;
  referral.wanted = wanted;
  HL_ASSIGN(referral.label, ClassOf(wanted, labels));
  referral.confidence = kReferralConfidence;
  const std::vector<JudgedPicture> counted = Counted(pictures, referral.label);
  const std::vector<double> rising = RisingScores(counted, referral.label);
  if (rising.empty())
    return Fail(ErrorKind::kBadInput,
                "--sensitivity: no picture of \"{}\" was tested by a model that had not seen it",
                wanted.label);
  const ReferralThreshold threshold = Choose(rising, wanted.share);
  referral.from = threshold.from;
  referral.shown = threshold.shown;
  referral.counted = ReferredAt(referral.from, referral.label, counted);
  referral.elsewhere = Elsewhere(pictures, referral);
  referral.sentence = SentenceOf(referral);
  return referral;
}

Referred ReferredAt(double from, size_t label, std::span<const JudgedPicture> pictures) {
  Referred result;
  for (const JudgedPicture& p : pictures) {
    const bool own = p.truth == static_cast<int>(label), referred = ScoreOf(p, label) >= from;
    ++(own ? result.pictures : result.others);
    if (referred) ++(own ? result.referred : result.others_referred);
  }
  return result;
}

size_t FewestToRefer(double share, double confidence) {
  size_t n = 1;
  while (BinomialTail(0, n, 1 - share) > 1 - confidence) ++n;
  return n;
}

std::string ShareText(size_t k, size_t n) {
  if (n == 0) return "not known (no pictures)";
  const Interval ci = Wilson95(k, n);
  return fmt::format("{:.1f} % ({} of {}; {:.1f} to {:.1f})",
                     100 * static_cast<double>(k) / static_cast<double>(n), k, n, 100 * ci.low,
                     100 * ci.high);
}

Json ToJson(const Referral& r) {
  return {{"label", r.wanted.label},
          {"class", r.label},
          {"from", r.from},
          {"sensitivity", r.wanted.share},
          {"confidence", r.confidence},
          {"shown", r.shown},
          {"counted", ReferredJson(r.counted)},
          {"elsewhere", ReferredJson(r.elsewhere)},
          {"sentence", r.sentence}};
}

Result<Referral> ReferralFromJson(const Json& json, std::string_view where) {
  HL_ASSIGN(Referral referral, FromJson(json, where, [](const Json& j) {
              Referral r;
              r.wanted = {j.at("label").get<std::string>(), j.at("sensitivity").get<double>()};
              r.label = j.at("class").get<size_t>();
              r.from = j.at("from").get<double>();
              r.confidence = j.at("confidence").get<double>();
              r.shown = j.at("shown").get<bool>();
              r.counted = ReferredFrom(j.at("counted"));
              r.elsewhere = ReferredFrom(j.at("elsewhere"));
              r.sentence = j.at("sentence").get<std::string>();
              return r;
            }));
  if (!(referral.from >= 0 && referral.from <= 1))
    return Fail(ErrorKind::kBadInput, "{}: refer.from is not in 0..1; make it again with `handlens describe`",
                where);
  return referral;
}

}  // namespace handlens::describe
