// What a trial leaves on disk, see record.h.
#include "train/record.h"

#include <algorithm>
#include <cstring>

#include "base/disk.h"
#include "base/hash.h"
#include "train/camera_check.h"
#include "train/json_numbers.h"
#include "train/start.h"

namespace handlens::train {
namespace {

constexpr const char* kTrialFormat = "handlens-trial";
constexpr const char* kStateFormat = "handlens-trial-state";

Json EpochsToJson(const std::vector<Epoch>& epochs) {
  Json train_loss = Json::array(), train_accuracy = Json::array();
  Json validation_loss = Json::array(), validation_accuracy = Json::array();
  for (const Epoch& epoch : epochs) {
    train_loss.push_back(ShortNumber(epoch.train_loss));
    train_accuracy.push_back(ShortNumber(epoch.train_accuracy));
    validation_loss.push_back(ShortNumber(epoch.validation_loss));
    validation_accuracy.push_back(ShortNumber(epoch.validation_accuracy));
  }
  return {{"train_loss", train_loss},
          {"train_accuracy", train_accuracy},
          {"validation_loss", validation_loss},
          {"validation_accuracy", validation_accuracy}};
}

// May throw the JSON library's exceptions; called inside FromJson only.
std::vector<Epoch> EpochsFromJson(const Json& json) {
  std::vector<Epoch> epochs(json.at("train_loss").size());
  for (size_t i = 0; i < epochs.size(); ++i) {
    epochs[i].train_loss = NumberOrNan<float>(json.at("train_loss").at(i));
    epochs[i].train_accuracy = NumberOrNan<float>(json.at("train_accuracy").at(i));
    epochs[i].validation_loss = NumberOrNan<float>(json.at("validation_loss").at(i));
    epochs[i].validation_accuracy = NumberOrNan<float>(json.at("validation_accuracy").at(i));
  }
  return epochs;
}

nn::Tensor ScoreTensor(const char* name, const Predictions& predictions, int classes) {
  return {name, {static_cast<int>(predictions.pictures.size()), classes}, predictions.scores};
}

Result<void> TakeScores(const nn::Weights& tensors, const char* name, int classes, Predictions& predictions) {
  for (const nn::Tensor& tensor : tensors) {
    if (tensor.name != name) continue;
    if (tensor.values.size() != predictions.pictures.size() * static_cast<size_t>(classes)) break;
    predictions.scores = tensor.values;
    return {};
  }
  return Fail(ErrorKind::kBadInput, "no scores of the {} pictures", name);
}

Json TrialToJson(const TrialResult& result) {
  Json json = {{"id", result.id},
               {"spec", ToJson(result.spec)},
               {"trained", nn::ToJson(result.trained)},
               {"parameters", result.parameters},
               {"best_epoch", result.best_epoch},
               {"seconds", result.seconds},
               {"train_accuracy", DoubleOrNull(result.train_accuracy)},
               {"train_loss", DoubleOrNull(result.train_loss)},
               {"validation_accuracy", DoubleOrNull(result.validation_accuracy)},
               {"validation_loss", DoubleOrNull(result.validation_loss)},
               {"test_accuracy", DoubleOrNull(result.test_accuracy)},
               {"test_loss", DoubleOrNull(result.test_loss)},
               {"epochs", EpochsToJson(result.epochs)},
               {"train_pictures", result.train.pictures},
               {"validation_pictures", result.validation.pictures},
               {"test_pictures", result.test.pictures}};
  if (result.strength > 0) json["strength"] = result.strength;
  return json;
}

Result<TrialResult> TrialFromJson(const Json& json, const std::string& where) {
  auto read = FromJson(json, where, [](const Json& j) -> Result<TrialResult> {
    TrialResult result;
    result.id = j.at("id").get<std::string>();
    HL_ASSIGN(result.spec, TrialSpecFromJson(j.at("spec")));
    HL_ASSIGN(result.trained, nn::ModelFromJson(j.at("trained")));
    result.parameters = j.at("parameters").get<int64_t>();
    result.best_epoch = j.at("best_epoch").get<int>();
    result.seconds = j.at("seconds").get<double>();
    result.strength = j.value("strength", 0.0);
    result.train_accuracy = NumberOrNan<double>(j.at("train_accuracy"));
    result.train_loss = NumberOrNan<double>(j.at("train_loss"));
    result.validation_accuracy = NumberOrNan<double>(j.at("validation_accuracy"));
    result.validation_loss = NumberOrNan<double>(j.at("validation_loss"));
    result.test_accuracy = NumberOrNan<double>(j.at("test_accuracy"));
    result.test_loss = NumberOrNan<double>(j.at("test_loss"));
    result.epochs = EpochsFromJson(j.at("epochs"));
    result.train.pictures = j.at("train_pictures").get<std::vector<int>>();
    result.validation.pictures = j.at("validation_pictures").get<std::vector<int>>();
    result.test.pictures = j.at("test_pictures").get<std::vector<int>>();
    return result;
  });
  HL_ASSIGN(Result<TrialResult> result, std::move(read));
  return result;
}

void AppendSized(Bytes& out, std::span<const uint8_t> bytes) {
  uint64_t size = bytes.size();
  for (int i = 0; i < 8; ++i, size >>= 8) out.push_back(static_cast<uint8_t>(size & 255));
  out.insert(out.end(), bytes.begin(), bytes.end());
}

// Takes the next part off the front; nothing when the rest is too short.
std::optional<std::span<const uint8_t>> TakeSized(std::span<const uint8_t>& rest) {
  if (rest.size() < 8) return std::nullopt;
  uint64_t size = 0;
  for (size_t i = 8; i-- > 0;) size = size << 8 | rest[i];
  if (size > rest.size() - 8) return std::nullopt;
  const auto part = rest.subspan(8, static_cast<size_t>(size));
  rest = rest.subspan(8 + static_cast<size_t>(size));
  return part;
}

// <what>.safetensors, whose hash stands in trial.json as <what>_sha256.
Result<nn::Weights> ReadHashed(const std::filesystem::path& folder, const std::string& what,
                               const Json& trial) {
  const std::filesystem::path path = folder / (what + ".safetensors");
  HL_ASSIGN(const Bytes bytes, ReadFile(path));
  const std::string key = what + "_sha256";
  if (!trial.contains(key) || trial[key] != Sha256(bytes)) {
    return Fail(ErrorKind::kBadInput,
                "{}: changed since the trial wrote it; remove the folder {} to repeat the trial",
                path.string(), folder.string());
  }
  return nn::DecodeWeights(bytes);
}

}  // namespace

Result<void> WriteState(const std::filesystem::path& folder, const std::string& id, const TrialState& state) {
  const Json header = {{"format", kStateFormat},
                       {"version", 1},
                       {"id", id},
                       {"best_epoch", state.best_epoch},
                       {"seconds", state.seconds},
                       {"epochs", EpochsToJson(state.epochs)}};
  const std::string text = header.dump();
  Bytes bytes;
  AppendSized(bytes, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
  AppendSized(bytes, nn::EncodeWeights(state.network));
  AppendSized(bytes, nn::EncodeWeights(state.best));
  return WriteFileAtomic(folder / "state.bin", bytes);
}

std::optional<TrialState> ReadState(const std::filesystem::path& folder, const std::string& id) {
  const auto bytes = ReadFile(folder / "state.bin");
  if (!bytes) return std::nullopt;
  std::span<const uint8_t> rest = *bytes;
  const auto text = TakeSized(rest), network = TakeSized(rest), best = TakeSized(rest);
  if (!text || !network || !best || !rest.empty()) return std::nullopt;
  const auto json =
      ParseJson(std::string_view(reinterpret_cast<const char*>(text->data()), text->size()), "state.bin");
  if (!json) return std::nullopt;
  auto state = FromJson(*json, "state.bin", [&](const Json& j) -> std::optional<TrialState> {
    if (j.at("format") != kStateFormat || j.at("version") != 1 || j.at("id") != id) return std::nullopt;
    TrialState result;
    result.best_epoch = j.at("best_epoch").get<int>();
    result.seconds = j.at("seconds").get<double>();
    result.epochs = EpochsFromJson(j.at("epochs"));
    return result;
  });
  auto network_weights = nn::DecodeWeights(*network);
  auto best_weights = nn::DecodeWeights(*best);
  if (!state || !*state || !network_weights || !best_weights) return std::nullopt;
  (*state)->network = *std::move(network_weights);
  (*state)->best = *std::move(best_weights);
  return *std::move(state);
}

std::string EventLine(int epoch, const Epoch& values, float learning_rate) {
  const Json line = {{"epoch", epoch},
                     {"learning_rate", ShortNumber(learning_rate)},
                     {"train_loss", ShortNumber(values.train_loss)},
                     {"train_accuracy", ShortNumber(values.train_accuracy)},
                     {"validation_loss", ShortNumber(values.validation_loss)},
                     {"validation_accuracy", ShortNumber(values.validation_accuracy)}};
  return line.dump() + "\n";
}

Result<void> WriteTrial(const std::filesystem::path& folder, const TrialResult& result,
                        const nn::Weights& weights) {
  const int classes = result.spec.architecture.classes;
  const Bytes weight_bytes = nn::EncodeWeights(weights);
  const Bytes prediction_bytes = nn::EncodeWeights({ScoreTensor("train", result.train, classes),
                                                    ScoreTensor("validation", result.validation, classes),
                                                    ScoreTensor("test", result.test, classes)});
  HL_TRY(WriteFileAtomic(folder / "weights.safetensors", weight_bytes));
  HL_TRY(WriteFileAtomic(folder / "predictions.safetensors", prediction_bytes));
  Json json = TrialToJson(result);
  json["weights_sha256"] = Sha256(weight_bytes);
  json["predictions_sha256"] = Sha256(prediction_bytes);
  return WriteRecord(folder / "trial.json", kTrialFormat, 1, json);
}

Result<TrialResult> ReadTrial(const std::filesystem::path& folder) {
  HL_ASSIGN(const Json json, ReadRecord(folder / "trial.json", kTrialFormat, 1));
  HL_ASSIGN(TrialResult result, TrialFromJson(json, (folder / "trial.json").string()));
  HL_ASSIGN(const nn::Weights tensors, ReadHashed(folder, "predictions", json));
  const int classes = result.spec.architecture.classes;
  HL_TRY(TakeScores(tensors, "train", classes, result.train));
  HL_TRY(TakeScores(tensors, "validation", classes, result.validation));
  HL_TRY(TakeScores(tensors, "test", classes, result.test));
  ReadCameraCheck(folder, result);
  return result;
}

Result<nn::Weights> ReadTrialWeights(const std::filesystem::path& folder) {
  HL_ASSIGN(const Json json, ReadRecord(folder / "trial.json", kTrialFormat, 1));
  HL_ASSIGN(nn::Weights own, ReadHashed(folder, "weights", json));
  HL_ASSIGN(const TrialResult result, TrialFromJson(json, (folder / "trial.json").string()));
  if (!result.spec.start) return own;
  const Start& start = *result.spec.start;
  const std::filesystem::path file = BackboneFile(folder.parent_path(), start.hash);
  HL_ASSIGN(const backbone::Backbone backbone, backbone::Read(file));
  if (backbone.hash != start.hash)
    return Fail(ErrorKind::kBadInput, "{}: holds other weights than its name says", file.string());
  for (nn::Tensor& tensor : backbone::WeightsOf(backbone, start.cut)) {
    const bool changed =
        std::any_of(own.begin(), own.end(), [&](const nn::Tensor& t) { return t.name == tensor.name; });
    if (!changed) own.push_back(std::move(tensor));
  }
  return own;
}

}  // namespace handlens::train
