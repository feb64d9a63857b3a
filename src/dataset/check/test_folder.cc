// The user's own test folder: what it holds out, and what of it the other folders hold too.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "dataset/check/checks.h"
#include "dataset/scan.h"

namespace handlens::dataset {
namespace {

bool InTestFolder(std::string_view path) { return IsTestName(path.substr(0, path.find('/'))); }

}  // namespace

TestFolder HeldByFolder(const Dataset& dataset) {
  TestFolder folder;
  if (!dataset.test_folder) return folder;
  std::set<int> elsewhere;
  for (const Picture& picture : dataset.pictures) {
    if (!InTestFolder(picture.path)) elsewhere.insert(picture.cluster);
  }
  for (size_t i = 0; i < dataset.pictures.size(); ++i) {
    if (!InTestFolder(dataset.pictures[i].path)) continue;
    if (elsewhere.contains(dataset.pictures[i].cluster)) ++folder.leaks;
    else folder.held.push_back(static_cast<int>(i));
  }
  for (const DuplicatePair& pair : dataset.duplicates) {
    if (pair.kind == DuplicateKind::kExact && InTestFolder(pair.path_a) != InTestFolder(pair.path_b))
      ++folder.copies;
  }
  return folder;
}

std::string LeakSentence(const TestFolder& folder) {
  std::string text;
  if (folder.leaks > 0)
    text = fmt::format(
        "Leak: {} of the test folder {} the same photograph or group as pictures of the other folders; {} "
        "into the folds with them and {} not held out.",
        Plural(folder.leaks, "picture", "pictures"), folder.leaks == 1 ? "shows" : "show",
        folder.leaks == 1 ? "it goes" : "they go", folder.leaks == 1 ? "is" : "are");
  if (folder.copies > 0)
    text += fmt::format("{}{} in the test folder and in another, byte for byte; one of each is used.",
                        text.empty() ? "Leak: " : " ", Plural(folder.copies, "file lies", "files lie"));
  return text;
}

std::string TestFolderSentence(const Dataset& dataset) {
  if (!dataset.test_folder) return "";
  const TestFolder folder = HeldByFolder(dataset);
  const std::string leaks = LeakSentence(folder);
  const size_t rest = dataset.pictures.size() - folder.held.size();
  std::string text =
      folder.held.empty()
          ? "Nothing of the test folder can be held out, so handlens holds out some pictures of its own "
            "choice."
          : fmt::format("{} of the test folder {} held out of all training; the other {} make the folds.",
                        Plural(folder.held.size(), "picture", "pictures"),
                        folder.held.size() == 1 ? "is" : "are", Thousands(static_cast<int64_t>(rest)));
  return text + (leaks.empty() ? "" : " " + leaks);
}

}  // namespace handlens::dataset
