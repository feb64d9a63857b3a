// CheckRun: the whole chain, from pictures to models and apps.
#include <algorithm>
#include <atomic>
#include <set>

#include "base/disk.h"
#include "base/hash.h"
#include "base/parallel.h"
#include "dataset/dataset.h"
#include "pipeline/chain.h"
#include "pipeline/chain_file.h"
#include "pipeline/steps.h"
#include "verify/phone.h"
#include "verify/verify.h"

namespace handlens::pipeline {
namespace {

namespace fs = std::filesystem;

void CheckPictures(const dataset::Dataset& dataset, int jobs, Progress& progress, ChainCheck& check) {
  const size_t count = dataset.pictures.size();
  std::vector<std::string> hashes(count);
  std::atomic<size_t> done = 0;
  ParallelFor(count, jobs, [&](size_t i) {
    if (progress.StopRequested()) return;
    const auto bytes = ReadFile(fs::path(dataset.root) / dataset.pictures[i].path);
    if (bytes) hashes[i] = Sha256(*bytes);
    progress.Update(static_cast<double>(++done), "");
  });
  check.pictures = count;
  for (size_t i = 0; i < count; ++i) {
    const dataset::Picture& picture = dataset.pictures[i];
    if (hashes[i] == picture.id) continue;
    const bool missing = hashes[i].empty();
    check.findings.push_back(
        {missing ? FindingKind::kMissing : FindingKind::kChanged, picture.path,
         fmt::format("the picture {} {}", picture.path,
                     missing ? "is gone or cannot be read" : "is not the one that was inspected")});
  }
}

// The records in the order of the step table: chain.json has them in the order in which they were first
// made, and a step that came in later stands behind those that read what it writes. What the table does not
// have is a finding.
Chain InOrder(Chain chain, ChainCheck& check) {
  const auto place = [](const RecordedStep& step) { return FindStep(step.name) - Steps().data(); };
  for (const RecordedStep& step : chain) {
    if (FindStep(step.name) != nullptr) continue;
    check.findings.push_back(
        {FindingKind::kBroken, "chain.json",
         fmt::format("chain.json names a step {} that handlens does not have", step.name)});
  }
  std::erase_if(chain, [](const RecordedStep& step) { return FindStep(step.name) == nullptr; });
  std::stable_sort(chain.begin(), chain.end(),
                   [&](const RecordedStep& a, const RecordedStep& b) { return place(a) < place(b); });
  return chain;
}

// The hashes that all steps together leave behind, and findings where a step read something else than was
// left.
Hashes FollowChain(const Chain& chain, ChainCheck& check) {
  Hashes left;
  for (const RecordedStep& step : chain) {
    for (const auto& [path, hash] : step.inputs) {
      const auto [known, is_new] = left.emplace(path, hash);
      if (is_new || known->second == hash) continue;
      check.findings.push_back(
          {FindingKind::kStale, path,
           fmt::format("{} read another version of {} than there is now; run it again", step.name, path)});
    }
    for (const auto& [path, hash] : step.outputs) left[path] = hash;
    check.steps.push_back(step.name);
  }
  return left;
}

Result<void> CheckFiles(const fs::path& run, const Hashes& left, ChainCheck& check) {
  for (const auto& [path, hash] : left) {
    ++check.files;
    HL_ASSIGN(const auto on_disk, HashOnDisk(run, path));
    if (!on_disk) {
      check.findings.push_back({FindingKind::kMissing, path, fmt::format("{} is gone", path)});
    } else if (*on_disk != hash) {
      check.findings.push_back(
          {FindingKind::kChanged, path, fmt::format("{} is not as it was recorded", path)});
    }
  }
  return {};
}

void CheckTimings(const fs::path& run, ChainCheck& check) {
  if (!TimingsAreAsLeft(run))
    check.findings.push_back(
        {FindingKind::kChanged, "timings.json", "timings.json is not as it was recorded"});
}

// Only what is shipped, and what speaks for it, is asked about: elsewhere users may keep what they like.
Result<void> CheckExtra(const fs::path& run, const Hashes& left, ChainCheck& check) {
  for (const char* folder : {"model", "apps", "phones"}) {
    HL_ASSIGN(const auto files, Expand(run, folder));
    for (const std::string& file : files) {
      if (left.contains(file)) continue;
      check.findings.push_back({FindingKind::kExtra, file, fmt::format("no step made {}", file)});
    }
  }
  return {};
}

void CheckModels(const fs::path& run, ChainCheck& check) {
  std::error_code ignored;
  if (!fs::exists(run / "model" / "conversion.json", ignored)) return;  // the run has not come that far
  const auto broken = [&](const std::string& text) {
    check.findings.push_back({FindingKind::kBroken, "model", text});
  };
  auto found = verify::ShippedProblems(run);
  if (!found) return broken(found.error().message);
  for (const std::string& problem : found->problems) broken(problem);
  check.not_shown = std::move(found->not_shown);
}

// Phones' records are the run's, or say plainly that they are not.
void CheckPhones(const fs::path& run, ChainCheck& check) {
  const auto broken = [&](const std::string& path, const std::string& text) {
    check.findings.push_back({FindingKind::kBroken, path, text});
  };
  const auto records = verify::ReadStoredRecords(run);
  if (!records) return broken("phones", records.error().message);
  if (records->empty()) return;
  const auto facts = verify::ReadPhoneRun(run);
  if (!facts) return broken("phones", facts.error().message);
  for (const verify::StoredRecord& stored : *records) {
    const auto model = verify::ModelOfRecord(*facts, stored.record, stored.file);
    if (!model) broken(stored.file, model.error().message);
    else if (!*model)
      check.findings.push_back({FindingKind::kStale, stored.file,
                                fmt::format("{} is about a model that this run no longer has", stored.file)});
  }
}

}  // namespace

const char* FindingName(FindingKind kind) {
  switch (kind) {
    case FindingKind::kMissing: return "missing";
    case FindingKind::kChanged: return "changed";
    case FindingKind::kExtra: return "extra";
    case FindingKind::kStale: return "stale";
    case FindingKind::kBroken: return "broken";
  }
  return "unknown";
}

Result<ChainCheck> CheckRun(const fs::path& run, int jobs, Progress& progress) {
  HL_ASSIGN(Chain chain, ReadChain(run));
  if (chain.empty()) {
    return Fail(ErrorKind::kBadInput,
                "{}: not there or empty, so nothing can be proven; is this a run folder?",
                (run / "chain.json").string());
  }
  ChainCheck check;
  const Hashes left = FollowChain(InOrder(std::move(chain), check), check);
  const auto dataset = dataset::ReadDataset(run / "dataset.json");
  if (dataset) {
    progress.Begin("check", static_cast<double>(dataset->pictures.size()), "pictures");
    CheckPictures(*dataset, jobs, progress, check);
    if (progress.StopRequested()) return Interrupted();
  } else {
    check.findings.push_back({FindingKind::kBroken, "dataset.json", dataset.error().message});
  }
  HL_TRY(CheckFiles(run, left, check));
  CheckTimings(run, check);
  HL_TRY(CheckExtra(run, left, check));
  CheckModels(run, check);
  CheckPhones(run, check);
  if (dataset) progress.End(fmt::format("{} findings", check.findings.size()));
  return check;
}

Result<std::vector<Finding>> ChangedFiles(const fs::path& run) {
  HL_ASSIGN(Chain chain, ReadChain(run));
  if (chain.empty()) {
    return std::vector<Finding>{
        {FindingKind::kMissing, "chain.json",
         "chain.json is gone, so nobody can tell whether anything else is as it was made"}};
  }
  ChainCheck check;
  const Hashes left = FollowChain(InOrder(std::move(chain), check), check);
  check.findings.clear();
  HL_TRY(CheckFiles(run, left, check));
  CheckTimings(run, check);
  for (Finding& finding : check.findings) {
    if (finding.kind == FindingKind::kChanged)
      finding.text = fmt::format("{} was changed by hand: it is not as handlens left it", finding.path);
  }
  return std::move(check.findings);
}

}  // namespace handlens::pipeline
