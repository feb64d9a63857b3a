// Which pictures belong together by the user's word: folders inside the classes, a pattern over names, a
// column.
#include <algorithm>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <utility>

#include "base/text.h"
#include "dataset/check/checks.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

constexpr size_t kMostExamples = 3;
constexpr size_t kMostSteps = 1'000'000;  // of the pattern on one name: about 20 ms

// A picture's path below its class's folder; of a labels.csv the path as listed.
std::string_view Below(const Entry& entry) { return std::string_view(entry.path).substr(entry.below); }

// "patient07" of "patient07/visit 2/1.jpg"; empty for a bare file.
std::string_view FirstFolder(std::string_view path) {
  return path.substr(0, path.find('/') == std::string_view::npos ? 0 : path.find('/'));
}

std::string_view WithoutFirst(std::string_view path) {
  const size_t slash = path.find('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string Joined(const std::set<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names)
    text += fmt::format("{}{}", text.empty() ? "" : ", ", Printable(name));
  return text;
}

// Groups by the first folder below the class. A level that says nothing about belonging together is passed
// over: one folder that holds everything ("images"), or folders that are all called train, val, test.
void ByFolder(Listing& listing) {
  std::vector<std::string_view> rest;
  for (const Entry& entry : listing.entries) rest.push_back(Below(entry));
  std::set<std::string_view> names;
  while (true) {
    names.clear();
    bool bare = false;
    for (const std::string_view path : rest) {
      const std::string_view folder = FirstFolder(path);
      bare = bare || folder.empty();
      if (!folder.empty()) names.insert(folder);
    }
    const bool holds_all = names.size() == 1 && !bare;
    const bool splits = names.size() > 1 && std::all_of(names.begin(), names.end(),
                                                        [](std::string_view n) { return IsSplitName(n); });
    if (!holds_all && !splits) break;
    if (splits) {
      listing.warnings.push_back(fmt::format(
          "The folders {} inside the classes look like splits; handlens makes its own folds, so they "
          "are no groups and all pictures below them are used.",
          Joined(names)));
    }
    for (std::string_view& path : rest) path = WithoutFirst(path);
  }
  for (size_t i = 0; i < rest.size(); ++i) listing.entries[i].group = FirstFolder(rest[i]);
  if (names.empty()) return;
  listing.groups_from = "folders";
  listing.warnings.push_back(fmt::format(
      "{} inside the classes {} groups (a patient, a plant, an object): pictures of one folder never "
      "straddle folds. If the folders mean something else, give --subfolders ignore.",
      Plural(names.size(), "folder", "folders"),
      names.size() == 1 ? "is taken as a group:" : "are taken as"));
}

struct TooManySteps {};

// A name's characters for std::regex, whose search may take more steps than anybody can wait for, such as
// that of (a|a)*b: all that it looks at is counted, and the last step ends it.
class CountedChar {
 public:
  using iterator_category = std::bidirectional_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  CountedChar() = default;
  CountedChar(const char* at, size_t& left) : at_(at), left_(&left) {}
  reference operator*() const {
    Count();
    return *at_;
  }
  bool operator==(const CountedChar& other) const {
    Count();
    return at_ == other.at_;
  }
  CountedChar& operator++() { return ++at_, *this; }
  CountedChar& operator--() { return --at_, *this; }
  CountedChar operator++(int) { return std::exchange(*this, CountedChar(at_ + 1, left_)); }
  CountedChar operator--(int) { return std::exchange(*this, CountedChar(at_ - 1, left_)); }

 private:
  CountedChar(const char* at, size_t* left) : at_(at), left_(left) {}
  void Count() const {
    if (left_ != nullptr && (*left_)-- == 0) throw TooManySteps();
  }
  const char* at_ = nullptr;
  size_t* left_ = nullptr;
};

class Pattern {
 public:
  static Result<Pattern> Make(const std::string& text) {
    Pattern pattern;
    pattern.text_ = text;
    try {
      pattern.regex_ = std::regex(text, std::regex::ECMAScript);
    } catch (const std::regex_error& error) {
      return Fail(
          ErrorKind::kUsage,
          "--group-pattern: '{}' is not a regular expression: {}; an example that works: '^([a-z]+[0-9]+)_'",
          text, Reason(error.code()));
    }
    return pattern;
  }

  // The first capture, or the whole match where the pattern has none; empty where it does not match.
  Result<std::string> GroupOf(std::string_view name) const {
    size_t left = kMostSteps;
    std::string group;
    try {
      std::match_results<CountedChar> match;
      if (!std::regex_search(CountedChar(name.data(), left), CountedChar(name.data() + name.size(), left),
                             match, regex_))
        return std::string();
      left = kMostSteps;  // copying what was found counts, too
      group = match.size() > 1 ? match[1].str() : match[0].str();
    } catch (const TooManySteps&) {
      return Fail(
          ErrorKind::kUsage,
          "--group-pattern: '{}' takes too long on {}: it can be matched in too many ways; repeat no "
          "group that may match the same in two ways, and few .* in one pattern. An example that works: "
          "'^([a-z]+[0-9]+)_'",
          text_, Printable(name));
    } catch (const std::regex_error& error) {
      return Fail(ErrorKind::kUsage, "--group-pattern: '{}' cannot be tried on {}: {}", text_,
                  Printable(name), Reason(error.code()));
    }
    if (IsUtf8(group)) return group;
    return Fail(ErrorKind::kUsage,
                "--group-pattern: '{}' cuts a letter of {} in two; letters beyond a-z are several bytes, so "
                "match them by what stands around them",
                text_, Printable(name));
  }

 private:
  static std::string_view Reason(std::regex_constants::error_type code) {
    using namespace std::regex_constants;  // NOLINT: fourteen names of one enumeration
    if (code == error_paren)
      return "a parenthesis is not closed or closes nothing, or a *, + or ? stands after nothing";
    if (code == error_brack) return "a bracket is not closed";
    if (code == error_brace || code == error_badbrace) return "the braces are wrong";
    if (code == error_badrepeat) return "there is nothing before a *, + or ?";
    if (code == error_escape) return "there is nothing right after a backslash";
    if (code == error_range) return "a range such as [z-a] runs backwards";
    if (code == error_backref) return "it refers back to a parenthesis that is not there";
    if (code == error_space) return "it stands for too long a pattern; make the numbers in braces smaller";
    if (code == error_complexity || code == error_stack) return "it takes too long; make it simpler";
    return "it is not understood";
  }

  std::string text_;
  std::regex regex_;
};

Result<void> ByPattern(const std::string& text, const Progress& progress, Listing& listing) {
  HL_ASSIGN(const Pattern pattern, Pattern::Make(text));
  size_t matched = 0, unmatched = 0;
  std::string examples;
  std::set<std::string> groups;
  for (Entry& entry : listing.entries) {
    if (progress.StopRequested()) return Interrupted();
    HL_ASSIGN(std::string group, pattern.GroupOf(Below(entry)));
    if (!group.empty()) {
      ++matched;
      groups.insert(group);
      if (listing.labels_file.empty() || entry.group.empty()) entry.group = std::move(group);
      continue;
    }
    if (unmatched++ < kMostExamples) examples += (examples.empty() ? "" : ", ") + Printable(Below(entry));
  }
  if (matched == 0 && unmatched > 0) {
    return Fail(ErrorKind::kUsage,
                "--group-pattern: '{}' matches no picture's name; names are read below the class's folder, "
                "such as {}",
                text, examples);
  }
  listing.groups_from = "pattern";
  listing.warnings.push_back(fmt::format("The group pattern finds {} in the names of {}.",
                                         Plural(groups.size(), "group", "groups"),
                                         Plural(matched, "picture", "pictures")));
  if (unmatched > 0) {
    listing.warnings.push_back(fmt::format("{} not match the group pattern, such as {}; {} by the pattern.",
                                           Plural(unmatched, "name does", "names do"), examples,
                                           unmatched == 1 ? "it gets no group" : "they get no group"));
  }
  return {};
}

}  // namespace

bool IsSplitName(std::string_view name) {
  constexpr std::string_view kSplits[] = {"train", "training", "val",  "valid", "validation",
                                          "test",  "testing",  "eval", "dev",   "holdout"};
  return std::find(std::begin(kSplits), std::end(kSplits), FoldedName(name)) != std::end(kSplits);
}

bool IsTestName(std::string_view name) {
  constexpr std::string_view kTests[] = {"test", "testing", "holdout"};
  return std::find(std::begin(kTests), std::end(kTests), FoldedName(name)) != std::end(kTests);
}

Result<void> AssignGroups(const GroupRules& rules, const Progress& progress, Listing& listing) {
  const auto grouped = [](const Entry& entry) { return !entry.group.empty(); };
  if (!listing.labels_file.empty() && std::any_of(listing.entries.begin(), listing.entries.end(), grouped))
    listing.groups_from = "labels file";
  if (listing.labels_file.empty() && rules.subfolders == Subfolders::kGroup) ByFolder(listing);
  return rules.pattern.empty() ? Result<void>() : ByPattern(rules.pattern, progress, listing);
}

void TakeGroupsOfFiles(std::vector<Picture>& pictures, Dataset& dataset) {
  const auto names_patient = [](const Picture& picture) {
    return picture.format == "DICOM" && !picture.group.empty();  // not a photograph of a field test
  };
  std::set<std::string_view> groups;
  size_t grouped = 0;
  for (const Picture& picture : pictures) {
    if (!names_patient(picture)) continue;
    ++grouped;
    groups.insert(picture.group);
  }
  if (groups.size() == 1 && grouped > 1) {
    dataset.warnings.push_back(
        fmt::format("{} carry one and the same patient id, so the ids do not say which belong together.",
                    Plural(grouped, "DICOM file", "DICOM files")));
    for (Picture& picture : pictures) {
      if (names_patient(picture)) picture.group.clear();
    }
  } else if (!groups.empty()) {
    dataset.groups_from = "patient ids";
  }
}

bool GroupsKnown(const Dataset& dataset) {
  return std::any_of(dataset.pictures.begin(), dataset.pictures.end(),
                     [](const Picture& picture) { return !picture.group.empty(); });
}

std::string GroupsSentence(const Dataset& dataset) {
  std::set<std::string_view> groups;
  size_t grouped = 0;
  for (const Picture& picture : dataset.pictures) {
    if (picture.group.empty()) continue;
    ++grouped;
    groups.insert(picture.group);
  }
  constexpr std::string_view kHow =
      "folders inside the class folders, --group-pattern, or a group column in a labels.csv";
  if (grouped == 0) {
    return fmt::format(
        "It is not known which pictures belong together. If one patient, plant or object gave several, give "
        "groups ({}); without them the accuracies come out too high.",
        kHow);
  }
  std::string text = fmt::format(
      "{} of {} belong to {}{}; no group is divided over folds.", Thousands(static_cast<int64_t>(grouped)),
      Plural(dataset.pictures.size(), "picture", "pictures"), Plural(groups.size(), "group", "groups"),
      dataset.groups_from.empty() ? "" : fmt::format(" (by {})", dataset.groups_from));
  if (grouped < dataset.pictures.size()) text += " Of the others it is not known which belong together.";
  return text;
}

std::string SharedGroupsSentence(const Dataset& dataset) {
  const bool by_name = dataset.groups_from.find("folders") != std::string::npos ||
                       dataset.groups_from.find("pattern") != std::string::npos;
  if (!by_name) return "";
  std::map<std::string_view, std::set<int>> labels;
  for (const Picture& picture : dataset.pictures) {
    if (!picture.group.empty()) labels[picture.group].insert(picture.label);
  }
  constexpr size_t kMostNamed = 3;
  std::vector<std::string> shared;
  for (const auto& [group, of] : labels) {
    if (of.size() < 2) continue;
    std::vector<std::string> classes;
    for (const int label : of) classes.push_back(Printable(dataset.labels[static_cast<size_t>(label)]));
    shared.push_back(fmt::format("{} ({})", Printable(group), NameSome(classes, kMostNamed)));
  }
  if (shared.empty()) return "";
  return fmt::format(
      "{} under one name in several classes and count{} as one each: {}. That is right where the name is of "
      "one patient, plant or object; if it is not (days, sessions), give each class's folders names of their "
      "own, or groups in a labels.csv.",
      Plural(shared.size(), "group stands", "groups stand"), shared.size() == 1 ? "s" : "",
      NameSome(shared, kMostNamed));
}

}  // namespace handlens::dataset
