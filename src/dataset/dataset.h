// The data check: a folder of pictures, or a labels.csv, becomes a Dataset, the record that every later step
// reads. Finds what would make any accuracy a lie: unreadable files, duplicates, contradictory labels, format
// shortcuts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "image/image.h"

namespace handlens::dataset {

struct Picture {
  std::string id;  // SHA-256 of the file's bytes; unique in a Dataset
  std::string
      path;  // relative to Dataset::root (of a labels.csv also with .., or absolute), '/' between folders
  int label = 0;      // index into Dataset::labels
  std::string group;  // patient, plant, object as given by the user; empty = none
  int cluster =
      0;  // pictures of one cluster never straddle folds: same group or near-duplicates, transitively
  int width = 0, height = 0;  // upright
  std::string format, colour;
  int64_t bytes = 0;
  std::vector<std::string> warnings;
};

struct Rejected {
  std::string path, reason;
};

enum class DuplicateKind { kExact, kNear };
struct DuplicatePair {
  std::string path_a, path_b;  // a is the one that stays when exact
  DuplicateKind kind = DuplicateKind::kExact;
  bool across_labels = false;
  double similarity = 1;  // 0..1, of the detector
};

// Something that a model could learn instead of the subject: "every CT_COVID picture of 600 x 400 is ..."
// with the accuracy that this property alone gives.
struct Shortcut {
  std::string property;  // "format", "size", "aspect", "colour", "file size", "border", "mean brightness"
  double accuracy = 0;   // cross-validated accuracy of predicting the label from the property alone
  double chance = 0;     // the largest class's share
  std::string explanation;
};

struct Dataset {
  std::string root;         // absolute path of the folder (or of the folder of labels.csv)
  std::string labels_file;  // absolute path of labels.csv, or empty
  std::string
      inspected_root;       // root when the pictures were inspected (moved.h); empty before they are recorded
  std::string groups_from;  // "folders", "pattern", "labels file"; empty = no groups were given
  bool test_folder = false;         // top folders called test hold what is held out (HeldByFolder)
  std::vector<std::string> labels;  // model order: sorted by bytes
  std::vector<Picture> pictures;    // sorted by path bytes
  std::vector<Rejected> rejected;
  std::vector<DuplicatePair> duplicates;
  std::vector<Shortcut> shortcuts;
  std::vector<std::string> odd_ones_out;  // paths of pictures unlike the rest of their class
  std::vector<std::string> warnings;      // whole sentences for the user
  std::vector<int> recommended_sizes_px;  // 3 to 5, chosen from the pictures
  image::Fit recommended_fit = image::Fit::kCrop;
};

// Where the groups of pictures in class folders come from; of a labels.csv, from its own column.
enum class Subfolders { kGroup, kIgnore };
struct GroupRules {
  Subfolders subfolders =
      Subfolders::kGroup;  // the first folder below a class's folder; one name is one group in all classes
  std::string pattern;     // ECMAScript regular expression over the path below the class's folder: the first
                           // capture, or the whole match; goes before folders, not before the column
};

// What folders called train, val and test, each with one folder per class, mean: test is held out and the
// others make the folds, or the pictures of all of them are used together.
enum class Splits { kUse, kMerge };

struct LayoutRules {
  GroupRules groups = {};
  Splits splits = Splits::kUse;
};

struct InspectOptions {
  std::filesystem::path pictures;  // a folder with one folder per class, or a labels.csv (path,label[,group])
  LayoutRules layout = {};
  image::DecodeLimits limits;
  std::filesystem::path thumbnails;  // folder for the contact sheet's small JPEGs; empty, or more than 10,000
                                     // pictures = none are made
  size_t many_pictures = 5000;       // above this near-duplicates are searched in linear time, more coarsely
  int jobs = 1;
};

// Reads every file once. Bad pictures are collected in `rejected`, all of them. Kind kBadInput when no
// training could ever follow: not a folder, fewer than two classes with pictures, a layout that is not
// understood (says which was expected and what was seen, e.g. "train and val look like splits"); kUsage for a
// group pattern that is no regular expression or matches no name.
Result<Dataset> Inspect(const InspectOptions& options, Progress& progress);

// Whether any picture has a group.
bool GroupsKnown(const Dataset& dataset);
// What is known of which pictures belong together: one or two sentences for plan, report and verdict.
std::string GroupsSentence(const Dataset& dataset);
// Groups that stand in several classes under one name, where names of folders or files made them: how many,
// which, and what to do if they are not of one patient, plant or object. Empty where there are none.
std::string SharedGroupsSentence(const Dataset& dataset);

// What the user's own test folder holds out of all training. Clusters that it shares with the other folders
// are a leak: their pictures go to the folds, where the cluster stays together.
struct TestFolder {
  std::vector<int> held;  // indices into Dataset::pictures, rising
  size_t leaks = 0;       // pictures of the test folder that go to the folds
  size_t copies = 0;  // files that lie in the test folder and elsewhere, byte for byte; one of each is used
};
// Empty unless Dataset::test_folder.
TestFolder HeldByFolder(const Dataset& dataset);
// What is held out and what leaks, for plan, report and verdict; empty unless Dataset::test_folder.
std::string TestFolderSentence(const Dataset& dataset);

// The record RUN/dataset.json.
Result<void> WriteDataset(const std::filesystem::path& path, const Dataset& dataset);
Result<Dataset> ReadDataset(const std::filesystem::path& path);

// Hash over ids, labels, clusters: changes when anything changes that folds or training depend on.
std::string Fingerprint(const Dataset& dataset);

// Re-reads sizes and hashes of all pictures; names every picture that is gone or changed. Kind kBadInput.
Result<void> CheckUnchanged(const Dataset& dataset, Progress& progress);

}  // namespace handlens::dataset
