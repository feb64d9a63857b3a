// One trial from fresh or given weights to a result. The order of everything random is keyed (feed.h), the
// arithmetic is the engine's, and time is only measured, never acted on except for how often the state is
// saved: so a trial that was stopped and continued ends in the same bytes.
#include <algorithm>
#include <chrono>
#include <cmath>

#include "base/disk.h"
#include "base/rng.h"
#include "base/text.h"
#include "train/camera_check.h"
#include "train/epoch.h"
#include "train/feed.h"
#include "train/network_threads.h"
#include "train/probe.h"
#include "train/record.h"
#include "train/schedule.h"
#include "train/score.h"
#include "train/start.h"

namespace handlens::train {
namespace {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

constexpr double kSlowDisk_bytes_per_s = 75e6;

class Trial {
 public:
  Trial(const TrialSpec& spec, const TrialData& data, const std::filesystem::path& folder, Progress& progress)
      : spec_(spec), data_(data), folder_(folder), progress_(progress) {}

  Result<TrialResult> Run() {
    HL_TRY(SetUp());
    progress_.Begin(spec_.fold == kAllFolds ? "final training" : spec_.model, spec_.recipe.epochs, "epochs");
    while (!Finished()) HL_TRY(RunEpoch());
    HL_TRY(FlushEvents());
    if (Now() - saved_at_ > std::max(20.0, 200 * save_cost_s_)) HL_TRY(SaveState());
    auto evaluated = Evaluate();
    // Stopped in a long evaluation: the training behind it is not lost.
    if (!evaluated && evaluated.error().kind == ErrorKind::kInterrupted && saved_epochs_ < epochs_.size())
      HL_TRY(SaveState());
    HL_ASSIGN(TrialResult result, std::move(evaluated));
    // A final model has no test pictures of its own: its fold models speak for it.
    progress_.End(spec_.fold == kAllFolds
                      ? fmt::format("{} on {}", spec_.model,
                                    Count(static_cast<int64_t>(result.train.pictures.size()), "picture"))
                      : fmt::format("test accuracy {:.3f}", result.test_accuracy));
    return result;
  }

 private:
  bool KeepsBest() const { return spec_.recipe.keep_best && !pictures_.validation.empty(); }
  bool Finished() const;
  // A short epoch or evaluation is finished, so that little work is thrown away; of a long one at most the
  // part since the last save is lost.
  bool Stops() const {
    return progress_.StopRequested() && (saved_epochs_ == epochs_.size() || Now() - busy_since_ > 1);
  }
  Result<void> SetUp();
  Result<void> Prepare();
  Result<void> FitFirstLayer();
  Result<void> LoadStart();
  Result<void> Resume();
  Result<void> RunEpoch();
  Result<void> SaveState();
  Result<void> MaybeSave(double epoch_s);
  Result<void> FlushEvents();
  Result<Predictions> Predict(const std::vector<int>& pictures);
  Result<TrialResult> Evaluate();
  size_t Steps() const { return StepsPerEpoch(pictures_.train.size(), spec_.recipe); }

  const TrialSpec& spec_;
  const TrialData& data_;
  const std::filesystem::path& folder_;
  Progress& progress_;
  std::string id_;
  nn::ModelSpec trained_;
  split::Fold pictures_;
  std::unique_ptr<nn::Network> network_;
  std::vector<float> class_weights_;  // empty: all 1
  std::vector<float> inputs_;         // (batch, size, size, 3)
  std::vector<Epoch> epochs_;
  int best_epoch_ = 0;
  nn::Weights best_;
  std::string pending_events_;
  double started_at_ = 0;  // less the seconds of earlier runs
  double busy_since_ = 0;  // begin of this epoch, or of the evaluation
  double saved_at_ = 0, save_cost_s_ = 0, flushed_at_ = 0, flush_cost_s_ = 0;
  size_t saved_epochs_ = 0;
};

Result<void> Trial::Prepare() {
  const size_t stride = static_cast<size_t>(spec_.size_px) * static_cast<size_t>(spec_.size_px) * 3;
  HL_CHECK(data_.pixels->size_px == spec_.size_px && spec_.architecture.size_px == spec_.size_px);
  HL_CHECK(static_cast<size_t>(spec_.architecture.classes) == data_.dataset->labels.size());
  if (spec_.recipe.batch < 1 || spec_.recipe.epochs < 1) {
    return Fail(ErrorKind::kUsage, "a recipe needs at least one epoch and a batch of at least one picture");
  }
  id_ = TrialId(spec_, DataFingerprint(*data_.dataset, *data_.split, data_.pixels->fit));
  HL_ASSIGN(pictures_, PicturesOf(spec_.fold, data_));
  if (pictures_.train.empty())
    return Fail(ErrorKind::kBadInput, "fold {} has no training pictures", spec_.fold + 1);
  trained_ = spec_.generator.featurewise ? WithNormalization(spec_.architecture) : spec_.architecture;
  if (spec_.recipe.class_weights) class_weights_ = ClassWeights(*data_.dataset, pictures_.train);
  inputs_.resize(static_cast<size_t>(spec_.recipe.batch) * stride);
  return {};
}

Result<void> Trial::SetUp() {
  HL_TRY(Prepare());
  HL_ASSIGN(network_, nn::Network::Create(trained_, spec_.recipe.batch, spec_.recipe.optimizer));
  network_->Initialize(Rng(spec_.seed, "trial weights", {static_cast<uint64_t>(spec_.fold + 1)}).Next());
  HL_TRY(FitFirstLayer());
  HL_TRY(MakeFolder(folder_));
  HL_TRY(Resume());
  return spec_.start && epochs_.empty() ? LoadStart() : Result<void>();
}

// The backbone's weights under the classifier of a probe on the same pictures.
Result<void> Trial::LoadStart() {
  HL_ASSIGN(const backbone::Backbone* backbone, BackboneOf(*spec_.start, data_.backbones));
  HL_ASSIGN(const auto features, FeaturesOf(spec_, data_, progress_));
  HL_ASSIGN(const Probe probe, FitProbe(spec_, data_, *features, progress_));
  nn::Weights weights = network_->SaveWeights();
  HL_TRY(Overlay(weights, backbone::WeightsOf(*backbone, spec_.start->cut)));
  HL_TRY(Overlay(weights, HeadWeights(spec_.architecture, probe.head)));
  return network_->LoadWeights(weights);
}

// Fitted on this trial's training pictures only and shipped inside the model, so that validation, test and
// phone see the same arithmetic (the paper's code sets the flags but never fits).
Result<void> Trial::FitFirstLayer() {
  if (!spec_.generator.featurewise) return {};
  const ChannelStatistics statistics = FitNormalization(*data_.pixels, pictures_.train);
  nn::Weights weights = network_->SaveWeights();
  int set = 0;
  for (nn::Tensor& tensor : weights) {
    const bool mean = tensor.name == "0.mean", std = tensor.name == "0.std";
    if (!mean && !std) continue;
    HL_CHECK(tensor.values.size() == 3);
    std::copy_n(mean ? statistics.mean : statistics.std, 3, tensor.values.begin());
    ++set;
  }
  HL_CHECK(set == 2);
  return network_->LoadWeights(weights);
}

Result<void> Trial::Resume() {
  started_at_ = saved_at_ = flushed_at_ = Now();
  // Until the first save has shown what one costs: a large state must not be written in the middle of a short
  // trial.
  HL_ASSIGN(const nn::ModelCost cost, nn::Cost(trained_, 1));
  save_cost_s_ = 4 * static_cast<double>(cost.parameters) / kSlowDisk_bytes_per_s;
  auto state = ReadState(folder_, id_);
  if (state && network_->LoadState(state->network)) {
    epochs_ = std::move(state->epochs);
    best_epoch_ = state->best_epoch;
    best_ = std::move(state->best);
    saved_epochs_ = epochs_.size();
    started_at_ -= state->seconds;
  }
  std::string lines;
  for (size_t i = 0; i < epochs_.size(); ++i) {
    const auto last_step = static_cast<int64_t>((i + 1) * Steps()) - 1;
    lines += EventLine(static_cast<int>(i) + 1, epochs_[i],
                       LearningRate(spec_.recipe, last_step, static_cast<int64_t>(Steps())));
  }
  // Lines of epochs that will be trained again are cut off.
  return WriteFileAtomic(folder_ / "events.jsonl", lines);
}

bool Trial::Finished() const {
  if (epochs_.empty()) return false;
  if (epochs_.size() >= static_cast<size_t>(spec_.recipe.epochs)) return true;
  if (!std::isfinite(epochs_.back().train_loss)) return true;
  const int patience = spec_.recipe.early_stop_patience;
  if (patience <= 0 || pictures_.validation.empty()) return false;
  return static_cast<int>(epochs_.size()) - 1 - best_epoch_ >= patience;
}

Result<void> Trial::RunEpoch() {
  busy_since_ = Now();
  const int index = static_cast<int>(epochs_.size());
  const Course course{&spec_, &data_, pictures_.train, class_weights_};
  HL_ASSIGN(const EpochSums sums, TrainEpoch(*network_, course, index, inputs_, [this] { return Stops(); }));
  HL_ASSIGN(const Predictions validation, Predict(pictures_.validation));
  const SetScore score = ScoreOf(*data_.dataset, validation);
  const auto n = static_cast<double>(pictures_.train.size());
  epochs_.push_back({static_cast<float>(sums.loss / n),
                     static_cast<float>(static_cast<double>(sums.correct) / n),
                     static_cast<float>(score.loss), static_cast<float>(score.accuracy)});
  const float best_loss = epochs_[static_cast<size_t>(best_epoch_)].validation_loss;
  const bool better = index == 0 || epochs_.back().validation_loss < best_loss || std::isnan(best_loss);
  if (better) best_epoch_ = index;
  if (better && KeepsBest()) best_ = network_->SaveWeights();
  pending_events_ += EventLine(index + 1, epochs_.back(), sums.rate);
  const bool validates = !pictures_.validation.empty();  // the last training, on all pictures, does not
  progress_.Update(index + 1, validates
                                  ? fmt::format("validation accuracy {:.3f}", score.accuracy)
                                  : fmt::format("training accuracy {:.3f}", epochs_.back().train_accuracy));
  return MaybeSave(Now() - busy_since_);
}

Result<void> Trial::MaybeSave(double epoch_s) {
  // At most half a per cent of the time goes into saving the state and a quarter into the events, as dear as
  // the disk makes them now; at most a minute of work can be lost beyond the last epoch.
  const double due_s = std::clamp(200 * save_cost_s_, 2.0, 60.0);
  const bool stop = progress_.StopRequested();
  if (stop || Now() - saved_at_ >= std::max(due_s - epoch_s / 2, 0.0)) HL_TRY(SaveState());
  if (stop || Now() - flushed_at_ >= std::clamp(400 * flush_cost_s_, 1.0, 30.0)) HL_TRY(FlushEvents());
  return stop && !Finished() ? Result<void>(Interrupted()) : Result<void>();
}

Result<void> Trial::SaveState() {
  HL_TRY(FlushEvents());
  const double begin = Now();
  const TrialState state{epochs_, best_epoch_, begin - started_at_, network_->SaveState(), best_};
  HL_TRY(WriteState(folder_, id_, state));
  saved_at_ = Now();
  save_cost_s_ = saved_at_ - begin;
  saved_epochs_ = epochs_.size();
  return {};
}

Result<void> Trial::FlushEvents() {
  flushed_at_ = Now();
  if (pending_events_.empty()) return {};
  HL_TRY(AppendText(folder_ / "events.jsonl", pending_events_));
  pending_events_.clear();
  flush_cost_s_ = Now() - flushed_at_;
  return {};
}

Result<Predictions> Trial::Predict(const std::vector<int>& pictures) {
  const auto classes = static_cast<size_t>(spec_.architecture.classes);
  const auto batch = static_cast<size_t>(spec_.recipe.batch), stride = inputs_.size() / batch;
  Predictions result;
  result.pictures = pictures;
  result.scores.resize(pictures.size() * classes);
  BorrowedForNetwork threads(*network_, data_.spare);
  for (size_t from = 0; from < pictures.size(); from += batch) {
    if (Stops()) return Interrupted();
    threads.Take();
    const size_t count = std::min(batch, pictures.size() - from);
    const auto inputs = std::span(inputs_).first(count * stride);
    FillPlain(*data_.pixels, std::span(pictures).subspan(from, count), inputs);
    network_->Predict(inputs, static_cast<int>(count),
                      std::span(result.scores).subspan(from * classes, count * classes));
  }
  return result;
}

Result<TrialResult> Trial::Evaluate() {
  busy_since_ = Now();
  TrialResult result;
  if (KeepsBest()) {
    HL_TRY(network_->LoadWeights(best_));
  } else {
    best_epoch_ = static_cast<int>(epochs_.size()) - 1;
  }
  HL_ASSIGN(const nn::ModelCost cost, nn::Cost(trained_, 1));
  result.id = id_;
  result.spec = spec_;
  result.trained = trained_;
  result.parameters = cost.parameters;
  result.epochs = epochs_;
  result.best_epoch = best_epoch_;
  const auto evaluate = [&](const std::vector<int>& pictures, Predictions& into, double& accuracy,
                            double& loss) -> Result<void> {
    HL_ASSIGN(into, Predict(pictures));
    const SetScore score = ScoreOf(*data_.dataset, into);
    accuracy = score.accuracy;
    loss = score.loss;
    return {};
  };
  HL_TRY(evaluate(pictures_.train, result.train, result.train_accuracy, result.train_loss));
  HL_TRY(
      evaluate(pictures_.validation, result.validation, result.validation_accuracy, result.validation_loss));
  HL_TRY(evaluate(pictures_.test, result.test, result.test_accuracy, result.test_loss));
  result.seconds = Now() - started_at_;
  HL_TRY(WriteTrial(folder_, result, WithoutFrozen(trained_, network_->SaveWeights())));
  std::error_code ignored;  // a state that stays behind costs disk, nothing else
  std::filesystem::remove(folder_ / "state.bin", ignored);
  return result;
}

Result<TrialResult> TrainOrRead(const TrialSpec& spec, const TrialData& data,
                                const std::filesystem::path& folder, Progress& progress) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "trial.json", ignored)) {
    HL_ASSIGN(TrialResult done, ReadTrial(folder));
    const std::string id = TrialId(spec, DataFingerprint(*data.dataset, *data.split, data.pixels->fit));
    if (done.id == id) return done;
    return Fail(ErrorKind::kBadInput, "{}: holds trial {}, not {}; use another folder", folder.string(),
                done.id, id);
  }
  if (spec.start && spec.start->method == Method::kProbe) return RunProbe(spec, data, folder, progress);
  return Trial(spec, data, folder, progress).Run();
}

}  // namespace

Result<TrialResult> RunTrial(const TrialSpec& spec, const TrialData& data,
                             const std::filesystem::path& folder, Progress& progress) {
  HL_ASSIGN(TrialResult result, TrainOrRead(spec, data, folder, progress));
  if (data.camera_check && spec.fold != kAllFolds && !HasCameraCheck(result, data.backdrops)) {
    HL_TRY(AddCameraCheck(data, folder, result, progress));
  }
  return result;
}

}  // namespace handlens::train
