// Training steps and what is made of them: an epoch (epoch.h), and the fine-tuning of a trained model (train.h).
#include "train/epoch.h"

#include <cmath>

#include "train/feed.h"
#include "train/schedule.h"

namespace handlens::train {

size_t StepsPerEpoch(size_t pictures, const Recipe& recipe) {
  const auto batch = static_cast<size_t>(recipe.batch);
  return (pictures + batch - 1) / batch;
}

Result<EpochSums> TrainEpoch(nn::Network& network, const Course& course, int epoch, std::span<float> inputs,
                             const std::function<bool()>& stops) {
  const TrialSpec& spec = *course.spec;
  const std::vector<int> order = EpochOrder(course.pictures, spec, epoch);
  const size_t steps = StepsPerEpoch(order.size(), spec.recipe), stride = inputs.size() / static_cast<size_t>(spec.recipe.batch);
  std::vector<int> labels;
  std::vector<float> weights;
  EpochSums sums;
  for (size_t step = 0; step < steps; ++step) {
    if (stops()) return Interrupted();
    const size_t from = BatchBegin(order.size(), steps, step), to = BatchBegin(order.size(), steps, step + 1);
    const auto batch = std::span(order).subspan(from, to - from);
    const auto varied = inputs.first(batch.size() * stride);
    FillVaried(spec, *course.data, epoch, batch, varied);
    labels.clear();
    weights.clear();
    for (const int picture : batch) {
      labels.push_back(course.data->dataset->pictures[static_cast<size_t>(picture)].label);
      if (!course.class_weights.empty()) weights.push_back(course.class_weights[static_cast<size_t>(labels.back())]);
    }
    const auto global_step = static_cast<uint64_t>(epoch) * steps + step;
    sums.rate = LearningRate(spec.recipe, static_cast<int64_t>(global_step), static_cast<int64_t>(steps));
    const nn::TrainBatch train_batch{varied, labels, weights, spec.recipe.label_smoothing};
    const nn::StepResult result = network.TrainStep(train_batch, sums.rate, {spec.seed, global_step});
    sums.loss += static_cast<double>(result.mean_loss) * static_cast<double>(batch.size());
    sums.correct += result.correct;
  }
  return sums;
}

Result<nn::Weights> FineTune(const TrialSpec& spec, const nn::Weights& start, const TrialData& data, Progress& progress) {
  const size_t stride = static_cast<size_t>(spec.size_px) * static_cast<size_t>(spec.size_px) * 3;
  HL_CHECK(data.pixels->size_px == spec.size_px && spec.architecture.size_px == spec.size_px);
  HL_CHECK(static_cast<size_t>(spec.architecture.classes) == data.dataset->labels.size());
  HL_CHECK(spec.recipe.batch >= 1);
  HL_ASSIGN(const split::Fold pictures, PicturesOf(spec.fold, data));
  if (pictures.train.empty()) return Fail(ErrorKind::kBadInput, "fold {} has no training pictures", spec.fold + 1);
  HL_ASSIGN(auto network, nn::Network::Create(spec.architecture, spec.recipe.batch, spec.recipe.optimizer));
  HL_TRY(network->LoadWeights(start));
  const std::vector<float> class_weights = spec.recipe.class_weights ? ClassWeights(*data.dataset, pictures.train) : std::vector<float>();
  std::vector<float> inputs(static_cast<size_t>(spec.recipe.batch) * stride);
  const Course course{&spec, &data, pictures.train, class_weights};
  for (int epoch = 0; epoch < spec.recipe.epochs; ++epoch) {
    HL_ASSIGN(const EpochSums sums, TrainEpoch(*network, course, epoch, inputs, [&] { return progress.StopRequested(); }));
    if (!std::isfinite(sums.loss)) {
      return Fail(ErrorKind::kBadInput, "model {}: its loss grew beyond all bounds in fine-tuning; choose a lower learning rate", spec.model);
    }
    progress.Update(epoch + 1, "");
  }
  return network->SaveWeights();
}

}  // namespace handlens::train
