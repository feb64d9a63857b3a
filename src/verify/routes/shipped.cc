// Reads dataset.json, split.json, conversion.json, description.json, engine_scores.json and the model files,
// and checks that they speak of the same thing.
#include "verify/routes/shipped.h"

#include <algorithm>
#include <set>

#include "base/hash.h"
#include "base/json.h"
#include "describe/describe.h"
#include "pixels/pixels.h"
#include "tflite/tflite.h"
#include "verify/verify.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;

static_assert(describe::kPixelContract == HL_PIXELS_VERSION);

struct ListedModel {
  std::string file, variant, role, sha256;
  int fold = 0;
};

Result<std::vector<ListedModel>> ReadListed(const Json& conversion, std::string_view where) {
  return FromJson(conversion, where, [](const Json& json) {
    std::vector<ListedModel> models;
    for (const Json& m : json.at("models")) {
      ListedModel model{m.at("file").get<std::string>(), m.at("variant").get<std::string>(),
                        m.at("role").get<std::string>(), m.at("sha256").get<std::string>(), 0};
      if (model.role == "fold") model.fold = m.at("fold").get<int>();
      models.push_back(std::move(model));
    }
    // float32 is the baseline of its kind and stands first.
    std::stable_partition(models.begin(), models.end(),
                          [](const ListedModel& m) { return m.variant == "float32"; });
    return models;
  });
}

Result<void> CheckConversion(const Json& conversion, const fs::path& path, Shipped& shipped) {
  HL_ASSIGN(const auto labels, FromJson(conversion, path.string(), [&](const Json& json) {
              shipped.size_px = json.at("size_px").get<int>();
              shipped.quantization = json.value("method", "");
              if (json.contains("generator"))
                shipped.camera_taught = json["generator"].at("camera").get<bool>();
              return json.at("labels").get<std::vector<std::string>>();
            }));
  HL_ASSIGN(const std::string fit, FromJson(conversion, path.string(), [](const Json& json) {
              return json.at("fit").get<std::string>();
            }));
  HL_ASSIGN(shipped.fit, image::ParseFit(fit));
  if (labels != shipped.dataset.labels) {
    return Fail(ErrorKind::kBadInput, "{}: made for other labels than the data set has; convert again",
                path.string());
  }
  return {};
}

void CheckHash(const std::string& file, const Bytes& bytes, const std::string& expected, Shipped& shipped) {
  if (Sha256(bytes) != expected)
    shipped.file_problems.push_back(fmt::format("{} is not the file that was recorded", file));
}

void CheckLabels(const std::string& file, const Bytes& bytes, Shipped& shipped) {
  const auto info = tflite::ReadModelInfo(bytes);
  if (!info) {
    shipped.label_order_problems.push_back(fmt::format("{}: {}", file, info.error().message));
    return;
  }
  if (info->labels != shipped.dataset.labels) {
    shipped.label_order_problems.push_back(
        fmt::format("{}: its metadata has other labels than the data set", file));
  }
  const auto description = describe::DescriptionFromJson(info->preprocess_json, file + "/preprocess.json");
  if (!description) {
    shipped.label_order_problems.push_back(description.error().message);
  } else if (description->labels != shipped.dataset.labels || description->size_px != shipped.size_px ||
             description->fit != image::FitName(shipped.fit)) {
    shipped.label_order_problems.push_back(
        fmt::format("{}: its preprocess.json describes another model", file));
  }
}

// The final files as `describe` left them: their hashes are in its record, their labels inside them.
Result<void> CheckDescription(const fs::path& folder, Shipped& shipped) {
  const fs::path path = folder / "description.json";
  HL_ASSIGN(const bool described, IsThere(path));
  if (!described) {
    shipped.label_order_not_shown.push_back(
        "the model was not described yet, so its label order is not proven");
    return {};
  }
  HL_ASSIGN(const Json record, ReadRecord(path, "handlens-description", 1));
  using Hashes = std::map<std::string, std::string>;
  HL_ASSIGN(const Hashes hashes, FromJson(record, path.string(), [&](const Json& json) {
              const Json& proof = json.at("proof");
              std::vector<std::string>& said = proof.value("contradicted", false)
                                                   ? shipped.label_order_problems
                                                   : shipped.label_order_not_shown;
              for (const Json& sentence : proof.at("unproven")) said.push_back(sentence.get<std::string>());
              if (!proof.at("passed").get<bool>() && said.empty())
                said.push_back("the proof of the label order failed");
              Hashes read;
              for (const Json& f : json.at("files"))
                read[f.at("file").get<std::string>()] = f.at("sha256").get<std::string>();
              return read;
            }));
  for (const ModelFile& model : shipped.finals) {
    const auto found = hashes.find(model.file);
    CheckHash(model.file, model.bytes, found == hashes.end() ? "" : found->second, shipped);
    CheckLabels(model.file, model.bytes, shipped);
  }
  std::string lines;
  for (const std::string& label : shipped.dataset.labels) lines += label + "\n";
  const auto text = ReadText(folder / "labels.txt");
  HL_TRY_MACHINE(text);
  if (!text || *text != lines)
    shipped.label_order_problems.push_back("labels.txt is not the data set's labels in its order");
  return {};
}

Result<void> ReadModels(const fs::path& folder, const std::vector<ListedModel>& listed, Shipped& shipped) {
  shipped.folds.resize(shipped.split.folds.size());
  for (const ListedModel& model : listed) {
    HL_ASSIGN(Bytes bytes, ReadFile(folder / model.file));
    if (model.role == "final") {
      shipped.finals.push_back({model.file, model.variant, std::move(bytes)});
      continue;
    }
    if (model.fold < 0 || static_cast<size_t>(model.fold) >= shipped.folds.size()) {
      return Fail(ErrorKind::kBadInput, "{}: for fold {}, but the split has {} folds; convert again",
                  model.file, model.fold, shipped.folds.size());
    }
    CheckHash(model.file, bytes, model.sha256, shipped);
    shipped.folds[static_cast<size_t>(model.fold)].models.push_back(
        {model.file, model.variant, std::move(bytes)});
  }
  for (const std::string_view name : {"model.tflite", "quantizedmodel.tflite"}) {
    for (const ModelFile& m : shipped.finals) {
      if (m.file == name) shipped.gated_bytes = static_cast<int64_t>(m.bytes.size());
    }
  }
  return {};
}

Result<void> ReadEngine(const fs::path& folder, Shipped& shipped) {
  const fs::path path = folder / "engine_scores.json";
  HL_ASSIGN(const bool there, IsThere(path));
  if (!there) return {};  // the rule on it will say that there are none
  HL_ASSIGN(const Json record, ReadRecord(path, "handlens-scores", 1));
  HL_ASSIGN(
      shipped.engine, FromJson(record, path.string(), [](const Json& json) {
        return json.at("models").get<std::map<std::string, std::map<std::string, std::vector<float>>>>();
      }));
  for (const auto& [file, pictures] : shipped.engine) {
    for (const auto& [id, scores] : pictures) {
      if (scores.size() != shipped.dataset.labels.size()) {
        return Fail(ErrorKind::kBadInput, "{}: {} scores for {} labels; convert again", path.string(),
                    scores.size(), shipped.dataset.labels.size());
      }
    }
  }
  return {};
}

// A fold model judged on pictures that trained it would look better than it is. Which pictures are its test
// pictures is known twice: by the split, and by what the engine scored with it. They must be the same.
void CheckFoldPictures(Shipped& shipped) {
  for (size_t k = 0; k < shipped.folds.size(); ++k) {
    std::set<std::string> test;
    for (const int i : shipped.split.folds[k].test)
      test.insert(shipped.dataset.pictures[static_cast<size_t>(i)].id);
    for (const ModelFile& model : shipped.folds[k].models) {
      const auto scored = shipped.engine.find(model.file);
      if (scored == shipped.engine.end()) continue;
      const bool same = scored->second.size() == test.size() &&
                        std::all_of(scored->second.begin(), scored->second.end(),
                                    [&](const auto& entry) { return test.contains(entry.first); });
      if (!same)
        shipped.file_problems.push_back(
            fmt::format("{} was not scored on the test pictures of its fold", model.file));
    }
  }
}

}  // namespace

Result<Shipped> ReadShipped(const fs::path& run) {
  Shipped shipped;
  HL_ASSIGN(shipped.dataset, dataset::ReadDataset(run / "dataset.json"));
  HL_ASSIGN(shipped.split, split::ReadSplit(run / "split.json", shipped.dataset));
  const fs::path folder = run / "model";
  const fs::path path = folder / "conversion.json";
  HL_ASSIGN(const Json conversion, ReadRecord(path, "handlens-conversion", 1));
  HL_TRY(CheckConversion(conversion, path, shipped));
  HL_ASSIGN(const auto listed, ReadListed(conversion, path.string()));
  HL_TRY(ReadModels(folder, listed, shipped));
  HL_TRY(CheckDescription(folder, shipped));
  HL_TRY(ReadEngine(folder, shipped));
  CheckFoldPictures(shipped);
  return shipped;
}

Result<ShippedFindings> ShippedProblems(const fs::path& run) {
  HL_ASSIGN(Shipped shipped, ReadShipped(run));
  ShippedFindings found{std::move(shipped.file_problems), std::move(shipped.label_order_not_shown)};
  found.problems.insert(found.problems.end(), shipped.label_order_problems.begin(),
                        shipped.label_order_problems.end());
  return found;
}

}  // namespace handlens::verify
