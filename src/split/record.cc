// RUN/split.json, format "handlens-split" version 1: picture ids, so that the record means something without
// the dataset.
#include <algorithm>
#include <map>

#include "base/json.h"
#include "split/split.h"

namespace handlens::split {
namespace {

constexpr std::string_view kFormat = "handlens-split";
constexpr int kVersion = 1;

Json Ids(const dataset::Dataset& dataset, const std::vector<int>& pictures) {
  Json ids = Json::array();
  for (const int i : pictures) ids.push_back(dataset.pictures[static_cast<size_t>(i)].id);
  return ids;
}

class IdReader {
 public:
  explicit IdReader(const dataset::Dataset& dataset) {
    for (size_t i = 0; i < dataset.pictures.size(); ++i)
      index_.emplace(dataset.pictures[i].id, static_cast<int>(i));
  }
  // Rising indices; unknown ids are remembered as the failure.
  std::vector<int> Read(const Json& ids) {
    std::vector<int> pictures;
    for (const Json& id : ids) {
      const auto it = index_.find(id.get<std::string>());
      if (it == index_.end()) unknown_ = id.get<std::string>();
      else pictures.push_back(it->second);
    }
    std::sort(pictures.begin(), pictures.end());
    return pictures;
  }
  const std::string& unknown() const { return unknown_; }

 private:
  std::map<std::string, int> index_;
  std::string unknown_;
};

}  // namespace

Result<void> WriteSplit(const std::filesystem::path& path, const dataset::Dataset& dataset,
                        const Split& split) {
  Json json = {{"dataset", dataset::Fingerprint(dataset)},
               {"seed", split.seed},
               {"order", split.order == Order::kPaper ? "paper" : "honest"},
               {"folds", Json::array()}};
  for (const Fold& fold : split.folds) {
    json["folds"].push_back({{"train", Ids(dataset, fold.train)},
                             {"validation", Ids(dataset, fold.validation)},
                             {"test", Ids(dataset, fold.test)}});
  }
  json["holdout"] = Ids(dataset, split.holdout);
  json["warnings"] = split.warnings;
  return WriteRecord(path, kFormat, kVersion, json);
}

Result<Split> ReadSplit(const std::filesystem::path& path, const dataset::Dataset& dataset) {
  HL_ASSIGN(const Json json, ReadRecord(path, kFormat, kVersion));
  if (json.value("dataset", Json()) != dataset::Fingerprint(dataset)) {
    return Fail(ErrorKind::kBadInput,
                "{}: made for other pictures, labels or groups than dataset.json now holds; run split again "
                "in a new run folder",
                path.string());
  }
  IdReader ids(dataset);
  HL_ASSIGN(Split split, FromJson(json, path.string(), [&](const Json& j) {
              Split read;
              read.seed = j.at("seed").get<uint64_t>();
              read.order = j.at("order").get<std::string>() == "paper" ? Order::kPaper : Order::kHonest;
              for (const Json& fold : j.at("folds")) {
                read.folds.push_back(
                    {ids.Read(fold.at("train")), ids.Read(fold.at("validation")), ids.Read(fold.at("test"))});
              }
              read.holdout = ids.Read(j.at("holdout"));
              read.warnings = j.at("warnings").get<std::vector<std::string>>();
              return read;
            }));
  if (!ids.unknown().empty())
    return Fail(ErrorKind::kBadInput, "{}: names a picture that dataset.json does not hold: {}",
                path.string(), ids.unknown());
  return split;
}

}  // namespace handlens::split
