// Which files are pictures of which class: from a folder with one folder per class, or from labels.csv. Looks
// at names and file types only and opens no picture; what is inside the files is inspect.cc's business.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "dataset/dataset.h"

namespace handlens::dataset {

struct Entry {
  std::string path;   // relative to Listing::root, '/' between folders, valid UTF-8
  std::string label;  // as the folder or the table spells it
  std::string group;
  size_t below = 0;  // where in `path` the part below the class's folder begins; 0 for a labels.csv
};

struct Listing {
  std::string root;
  std::string labels_file;
  std::string groups_from;         // as in Dataset
  bool test_folder = false;        // as in Dataset
  std::vector<Entry> entries;      // sorted by path, each path once
  std::vector<Rejected> rejected;  // what has no place in any class, or cannot be a file
  std::vector<std::string> warnings;
  std::vector<std::string> class_names;  // seen, with or without pictures; sorted
};

// Kind kBadInput when the layout is not understood; the message says what was expected and what was seen.
// Kind kUsage for a pattern of groups that is no regular expression or matches nothing. Kind kInterrupted
// when asked to stop.
Result<Listing> ListPictures(const std::filesystem::path& pictures, const LayoutRules& rules,
                             const Progress& progress);

// Groups that the files themselves name (DICOM's patients), where nobody named others: sets groups_from, and
// clears them with a warning where all files name the same one, which then tells nothing.
void TakeGroupsOfFiles(std::vector<Picture>& pictures, Dataset& dataset);

// Fills the groups of a listing's entries by the rules. Same errors; kUsage also for a group pattern that
// takes more than a million steps on a name; kInterrupted between two names.
Result<void> AssignGroups(const GroupRules& rules, const Progress& progress, Listing& listing);
// "train", "Test", "val" and the like; and those of them that say that their pictures are to be held out.
bool IsSplitName(std::string_view name);
bool IsTestName(std::string_view name);

// The two layouts, chosen by ListPictures.
Result<Listing> ListClassFolders(const std::filesystem::path& folder, Splits splits,
                                 const Progress& progress);
Result<Listing> ListLabelsFile(const std::filesystem::path& file, const Progress& progress);

// A labels file's meaning without touching any picture: rows in file order, `path` as written. Columns go by
// the names that people give them (label_columns.h). For tests and fuzzing.
struct LabelRow {
  size_t line = 0;
  std::string path, label, group;
};
struct LabelTable {
  std::vector<LabelRow> rows;
  std::vector<Rejected> rejected;  // rows that are wrong in themselves, each with its line
  std::vector<std::string> warnings;
};
Result<LabelTable> ParseLabels(std::string_view text, std::string_view where);

// By the ending of its name alone.
bool HasPictureExtension(const std::string& name);

// What operating systems and cloud drives leave behind, and everything hidden; never a picture.
bool IsLitter(std::string_view name);
// Why a class cannot be called this; empty when it can.
std::string LabelProblem(std::string_view label);
// Names for people, as base/text.h's Visible.
std::string Printable(std::string_view name);
bool IsUtf8(std::string_view text);
// NFC and case folded: equal keys look alike to people and to many file systems.
std::string FoldedName(std::string_view text);

}  // namespace handlens::dataset
