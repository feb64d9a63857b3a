// Examine: from the file's own word to the form of pictures that it answers best, and back again by leaving
// out what is not needed.
#include <algorithm>
#include <numeric>

#include "base/text.h"
#include "doctor/answers.h"
#include "doctor/facts.h"
#include "doctor/words.h"

namespace handlens::doctor {
namespace {

constexpr double kChance = 0.01;
constexpr double kLeastGain = 0.02;  // of the pictures

// As many pictures of every class as can be, the first by path of each in turn, in the order of the classes.
std::vector<int> Choose(const dataset::Dataset& pictures, size_t most) {
  std::vector<std::vector<int>> by_class(pictures.labels.size());
  for (size_t i = 0; i < pictures.pictures.size(); ++i)
    by_class[static_cast<size_t>(pictures.pictures[i].label)].push_back(static_cast<int>(i));
  const size_t each = std::max<size_t>(2, most / std::max<size_t>(1, by_class.size()));
  std::vector<int> chosen;
  for (const auto& all : by_class) {
    const size_t count = std::min(each, all.size());
    for (size_t i = 0; i < count; ++i) chosen.push_back(all[i * all.size() / count]);
  }
  return chosen;
}

class Examination {
 public:
  Examination(const Request& request, const Patient& patient, Progress& progress)
      : request_(request),
        patient_(patient),
        progress_(progress),
        answers_(request, patient, Choose(request.pictures, request.most_screened), progress) {
    NoteClasses();
    class_count_ = static_cast<int>(request.pictures.labels.size());
  }

  Result<Diagnosis> Run() {
    diagnosis_.model = request_.name;
    diagnosis_.own_mean = patient_.own_mean;
    diagnosis_.own_std = patient_.own_std;
    diagnosis_.declared_labels = patient_.info.labels;
    declared_ = ReadDeclared(patient_, request_.name, diagnosis_.findings);
    HL_TRY(NameByLabels());
    HL_TRY(FindFeed());
    HL_TRY(TestWithMore());
    HL_TRY(FindNames());
    HL_TRY(KeepWhatIsNeeded());
    HL_TRY(Tell());
    diagnosis_.runtime_version = answers_.runtime_version();
    return std::move(diagnosis_);
  }

 private:
  using Flags = std::vector<bool>;

  // By the labels' text, without regard to case and outer blanks.
  Result<void> NameByLabels() {
    const std::vector<std::string>& labels = patient_.info.labels;
    const auto outputs = static_cast<size_t>(patient_.outputs);
    named_ = labels.size() == outputs;
    naming_.assign(static_cast<size_t>(class_count_), -1);
    size_t found = 0;
    for (size_t c = 0; c < naming_.size(); ++c) {
      for (size_t o = 0; o < std::min(labels.size(), outputs) && naming_[c] < 0; ++o) {
        if (Folded(labels[o]) == Folded(request_.pictures.labels[c])) naming_[c] = static_cast<int>(o);
      }
      if (naming_[c] >= 0) ++found;
    }
    if (!named_) {
      diagnosis_.findings.push_back(Fact(
          "labels",
          fmt::format("the file has {} for {} outputs", Plural(labels.size(), "label", "labels"), outputs),
          "--fix writes one a output, found from the pictures", true));
    } else if (found < naming_.size()) {
      std::string missing;
      for (size_t c = 0; c < naming_.size(); ++c) {
        if (naming_[c] < 0) missing += (missing.empty() ? "" : ", ") + request_.pictures.labels[c];
      }
      diagnosis_.findings.push_back(Fact("labels", fmt::format("no label of the file is called {}", missing),
                                         "--fix writes the pictures' names where their outputs are found",
                                         true));
    }
    if (class_count_ > patient_.outputs) {
      return Fail(
          ErrorKind::kBadInput,
          "{}: {} outputs, but pictures of {} classes; leave out the folders that the model does not know",
          request_.name, patient_.outputs, class_count_);
    }
    return {};
  }

  void NoteClasses() {
    classes_.clear();
    for (const int i : answers_.pictures())
      classes_.push_back(request_.pictures.pictures[static_cast<size_t>(i)].label);
  }

  // What a feed is worth before the names are known: right by the labels as they are, or by the best names,
  // found on other pictures; of equals the one that changes less.
  std::pair<size_t, int> Worth(const Feed& feed) const {
    const std::vector<int>& top = answers_.Top(feed);
    const size_t own = Count(Right(top, classes_, naming_)),
                 renamed = Count(RightByOthers(top, classes_, class_count_));
    const auto changes = static_cast<int>(Changes(declared_, feed).size());
    return {std::max(own, renamed), -changes - (renamed > own ? 1 : 0)};
  }

  Feed BestOf(const std::vector<Feed>& feeds) const {
    Feed best = feeds[0];
    for (const Feed& feed : feeds) {
      if (Worth(feed) > Worth(best)) best = feed;
    }
    return best;
  }

  // Values and channels, the rest as it is.
  std::vector<Feed> Coarse(const Feed& from) const {
    std::vector<Feed> feeds = {from};
    for (const Scale scale :
         {declared_.scale, Scale::kUnit, Scale::kSymmetric, Scale::kBytes, Scale::kImageNet, Scale::kCaffe}) {
      for (const Channels channels : {Channels::kRgb, Channels::kBgr})
        feeds.push_back({scale, channels, from.exif, from.fit, from.resize, from.saved});
    }
    return feeds;
  }

  std::vector<Feed> Fine(const Feed& from) const {
    std::vector<Feed> feeds = {from};
    for (const Exif exif : {Exif::kApplied, Exif::kIgnored}) {
      for (const image::Fit fit : {image::Fit::kCrop, image::Fit::kStretch, image::Fit::kLetterbox}) {
        for (const Resize resize : {Resize::kAveraged, Resize::kBilinear, Resize::kNearest}) {
          if (exif == Exif::kIgnored && !answers_.any_turned()) continue;
          if (fit != declared_.fit && !answers_.any_oblong()) continue;
          feeds.push_back({from.scale, from.channels, exif, fit, resize, from.saved});
        }
      }
    }
    return feeds;
  }

  std::vector<Feed> SavedAgain(const Feed& from) const {
    std::vector<Feed> feeds = {from, from};
    feeds[1].saved = from.saved == Saved::kNot ? Saved::kSmallJpeg : Saved::kNot;
    return feeds;
  }

  // By turns until none of the ways gives anything better: where one is wrong, another may not show.
  Result<void> FindFeed() {
    repaired_ = declared_;
    for (int round = 0; round < 3; ++round) {
      const Feed before = repaired_;
      for (const auto ways : {&Examination::Coarse, &Examination::Fine, &Examination::SavedAgain}) {
        const std::vector<Feed> feeds = (this->*ways)(repaired_);
        HL_TRY(answers_.Evaluate(feeds));
        repaired_ = BestOf(feeds);
        tried_ = std::max(tried_, feeds.size());
      }
      if (repaired_ == before) break;
    }
    return {};
  }

  // What few pictures only suggest, many show: a mistake that costs one answer in twenty is seldom
  // significant on the screened ones.
  Result<void> TestWithMore() {
    const size_t total = request_.pictures.pictures.size();
    const auto [most, preference] = Worth(repaired_);
    const bool renamed = most > Count(RightWith(repaired_));
    if ((repaired_ == declared_ && !renamed) || classes_.size() >= std::min(total, request_.most_pictures))
      return {};
    answers_.TakeOthers(Choose(request_.pictures, request_.most_pictures));
    NoteClasses();
    const auto n = static_cast<double>(classes_.size());
    progress_.End("something may be wrong; it is tested with more pictures");
    progress_.Begin("doctor", 4 * n, "pictures");  // once a round of forms
    return answers_.Evaluate({repaired_});
  }

  // Other names only where they are shown to be better on pictures that did not choose them.
  Result<void> FindNames() {
    const std::vector<int>& top = answers_.Top(repaired_);
    const Paired change = Compare(Right(top, classes_, naming_), RightByOthers(top, classes_, class_count_));
    names_p_ = change.p;
    if (change.gain < Least() || change.p >= kChance) return {};
    const Naming found = BestNaming(top, classes_, class_count_, 2);
    declared_naming_ = naming_;
    for (size_t c = 0; c < found.size(); ++c) {
      if (found[c] >= 0) naming_[c] = found[c];
    }
    renamed_ = true;
    return {};
  }

  int Least() const {
    return std::max(1, static_cast<int>(kLeastGain * static_cast<double>(classes_.size()) + 0.5));
  }
  double Threshold() const { return kChance / static_cast<double>(std::max<size_t>(1, tried_)); }
  Flags RightWith(const Feed& feed) const { return Right(answers_.Top(feed), classes_, naming_); }

  // Goes back, one way after the other, to what the file says, where the difference may be chance; the
  // weakest first.
  Result<void> KeepWhatIsNeeded() {
    for (;;) {
      const std::vector<Change> changes = Changes(declared_, repaired_);
      std::vector<Feed> without;
      for (const Change& change : changes) without.push_back(change.Undone(repaired_, declared_));
      HL_TRY(answers_.Evaluate(without));
      double weakest = -1;
      Feed next = repaired_;
      for (const Feed& feed : without) {
        const Paired paired = Compare(RightWith(feed), RightWith(repaired_));
        const bool needed = paired.p < Threshold() && paired.gain >= Least();
        if (needed || paired.p <= weakest) continue;
        weakest = paired.p;
        next = feed;
      }
      if (weakest < 0) return {};
      repaired_ = next;
    }
  }

  Result<void> Tell() {
    HL_TRY(answers_.Evaluate({declared_, repaired_}));
    diagnosis_.pictures = classes_.size();
    diagnosis_.left_out = request_.pictures.pictures.size() - classes_.size();
    const Flags after = RightWith(repaired_);
    for (const Change& change : Changes(declared_, repaired_)) {
      const Feed without = change.Undone(repaired_, declared_);
      const Flags before = RightWith(without);
      Finding finding{std::string(change.what), "",   "", before.size(), Count(before), Count(after),
                      Compare(before, after).p, false};
      finding.in_file = InFile(change.what);
      finding.text = Sentence(change.what, declared_, repaired_, finding);
      finding.advice = Advice(change.what, finding.in_file);
      diagnosis_.findings.push_back(std::move(finding));
    }
    if (renamed_) TellNames(after);
    diagnosis_.declared = declared_;
    diagnosis_.repaired = repaired_;
    diagnosis_.right_repaired = Count(after);
    diagnosis_.right_declared =
        Count(Right(answers_.Top(declared_), classes_, renamed_ ? declared_naming_ : naming_));
    NameOutputs();
    const auto harm = [](const Finding& f) {
      return static_cast<int>(f.right_after) - static_cast<int>(f.right_before);
    };
    std::stable_sort(diagnosis_.findings.begin(), diagnosis_.findings.end(),
                     [&](const Finding& a, const Finding& b) { return harm(a) > harm(b); });
    return TellWhatIf();
  }

  void TellNames(const Flags& after) {
    const Flags before = Right(answers_.Top(repaired_), classes_, declared_naming_);
    std::string moved;
    for (size_t c = 0; c < naming_.size(); ++c) {
      if (naming_[c] == declared_naming_[c]) continue;
      moved += fmt::format("{}output {} is {}", moved.empty() ? "" : ", ", naming_[c] + 1,
                           request_.pictures.labels[c]);
    }
    const std::string how = fmt::format(
        "{}: {} of {} pictures right (p={:.2g}, found on one half of the pictures and tested on the other)",
        moved, Count(after), after.size(), names_p_);
    Finding named{"label-order",
                  fmt::format("the outputs have other names than the labels say, which make {} right: {}",
                              Count(before), how),
                  "--fix writes the labels in this order",
                  after.size(),
                  Count(before),
                  Count(after),
                  names_p_,
                  true};
    const auto without = std::find_if(diagnosis_.findings.begin(), diagnosis_.findings.end(),
                                      [](const Finding& f) { return f.what == "labels"; });
    if (named_ || without == diagnosis_.findings.end()) {
      diagnosis_.findings.push_back(std::move(named));
      return;
    }
    // Labels that are not there are in no wrong order.
    named.what = "labels";
    named.text = without->text + "; the pictures say: " + how;
    named.advice = "--fix writes them";
    *without = std::move(named);
  }

  void NameOutputs() {
    std::vector<std::string> labels(static_cast<size_t>(patient_.outputs));
    for (size_t o = 0; o < labels.size(); ++o) {
      labels[o] = named_ && !renamed_ ? patient_.info.labels[o] : fmt::format("output {}", o + 1);
    }
    for (size_t c = 0; c < naming_.size(); ++c) {
      if (naming_[c] >= 0) labels[static_cast<size_t>(naming_[c])] = request_.pictures.labels[c];
    }
    diagnosis_.labels = std::move(labels);
  }

  // Metadata of a float model can say a scale; preprocess.json a fit, where all else is as the pixel contract
  // has it.
  bool InFile(std::string_view what) const {
    if (what == "scale")
      return patient_.info.input_type == tflite::Type::kFloat32 && repaired_.scale != Scale::kOwn;
    return what == "fit" && SaysFit(repaired_, patient_);
  }

  Result<void> TellWhatIf() {
    std::vector<Feed> others;
    for (const Feed& feed : Neighbours(repaired_)) {
      if (feed.exif == Exif::kIgnored && !answers_.any_turned()) continue;
      if (feed.fit != repaired_.fit && !answers_.any_oblong()) continue;
      others.push_back(feed);
    }
    HL_TRY(answers_.Evaluate(others));
    for (const Feed& feed : others) {
      std::string change(Changes(repaired_, feed)[0].what);
      diagnosis_.what_if.push_back({ChangeWords(change, feed), Count(RightWith(feed))});
    }
    std::stable_sort(diagnosis_.what_if.begin(), diagnosis_.what_if.end(),
                     [](const WhatIf& a, const WhatIf& b) { return a.right < b.right; });
    return {};
  }

  const Request& request_;
  const Patient& patient_;
  Progress& progress_;
  Answers answers_;
  std::vector<int> classes_;  // of the examined pictures
  int class_count_ = 0;
  Diagnosis diagnosis_;
  Feed declared_, repaired_;
  Naming naming_, declared_naming_;
  bool named_ = false, renamed_ = false;
  double names_p_ = 1;
  size_t tried_ = 1;
};

}  // namespace

Result<Diagnosis> Examine(const Request& request, Progress& progress) {
  HL_ASSIGN(const Patient patient, Admit(request.model, request.name));
  if (request.pictures.pictures.empty())
    return Fail(ErrorKind::kBadInput, "{}: no pictures to examine it with", request.name);
  progress.Begin("doctor",
                 4.0 * static_cast<double>(std::min(request.most_screened, request.pictures.pictures.size())),
                 "pictures");
  Examination examination(request, patient, progress);
  HL_ASSIGN(Diagnosis diagnosis, examination.Run());
  progress.End(diagnosis.findings.empty()
                   ? "nothing wrong found"
                   : Plural(diagnosis.findings.size(), "thing is", "things are") + " wrong");
  return diagnosis;
}

}  // namespace handlens::doctor
