// Training steps and what is made of them: an epoch (epoch.h), and the fine-tuning of a trained model
// (train.h).
#include "train/epoch.h"

#include <cmath>
#include <semaphore>
#include <thread>

#include "train/feed.h"
#include "train/network_threads.h"
#include "train/schedule.h"

namespace handlens::train {
namespace {

// The pictures of an epoch's batches, varied. With a thread to spare the next batch is made there while the
// caller trains on this one; without, or where the threads are the network's, when it is asked for. The
// numbers are the same.
class Batches {
 public:
  Batches(const Course& course, int epoch, std::span<float> inputs, SpareThreads* spare)
      : course_(course),
        epoch_(epoch),
        order_(EpochOrder(course.pictures, *course.spec, epoch)),
        steps_(StepsPerEpoch(order_.size(), course.spec->recipe)),
        stride_(inputs.size() / static_cast<size_t>(course.spec->recipe.batch)),
        helper_(spare),
        inputs_{inputs, inputs} {
    if (!helper_) return;
    second_.resize(inputs.size());
    inputs_[1] = second_;
    thread_ = std::jthread([this](const std::stop_token& stop) {
      for (size_t step = 0; step < steps_; ++step) {
        free_.acquire();
        if (stop.stop_requested()) return;
        Make(step, 1);
        made_.release();
      }
    });
  }
  ~Batches() {
    thread_.request_stop();
    free_.release();  // it may be waiting
  }
  Batches(const Batches&) = delete;
  Batches& operator=(const Batches&) = delete;

  size_t Steps() const { return steps_; }
  std::span<const int> Pictures(size_t step) const {
    const size_t from = BatchBegin(order_.size(), steps_, step),
                 to = BatchBegin(order_.size(), steps_, step + 1);
    return std::span(order_).subspan(from, to - from);
  }
  // (pictures, size, size, 3), valid until the next call. Steps one after the other; `threads` may work on
  // it.
  std::span<const float> Inputs(size_t step, int threads) {
    if (helper_) {
      if (step > 0) free_.release();  // the batch before is trained on
      made_.acquire();
    } else {
      Make(step, threads);
    }
    return Place(step);
  }

 private:
  std::span<float> Place(size_t step) { return inputs_[step % 2].first(Pictures(step).size() * stride_); }
  void Make(size_t step, int threads) {
    const std::span<const int> pictures = Pictures(step);
    const std::span<float> place = Place(step);
    ParallelFor(pictures.size(), threads, [&](size_t i) {
      FillVaried(*course_.spec, *course_.data, epoch_, pictures.subspan(i, 1),
                 place.subspan(i * stride_, stride_));
    });
  }

  const Course& course_;
  const int epoch_;
  const std::vector<int> order_;
  const size_t steps_, stride_;
  const BorrowedThread helper_;
  std::span<float> inputs_[2];
  std::vector<float> second_;
  std::counting_semaphore<3> free_{2}, made_{0};  // places to write to, and batches to read
  std::jthread thread_;                           // last: it uses all of the above
};

// Ready to predict, with no memory for gradients.
Result<std::unique_ptr<nn::Network>> MakeTeacher(const Teacher& teacher, int batch) {
  nn::ModelSpec spec = *teacher.spec;
  for (nn::LayerSpec& layer : spec.layers) layer.frozen = true;
  HL_ASSIGN(auto network, nn::Network::Create(spec, batch, {}));
  HL_TRY(network->LoadWeights(*teacher.weights));
  return network;
}

}  // namespace

size_t StepsPerEpoch(size_t pictures, const Recipe& recipe) {
  const auto batch = static_cast<size_t>(recipe.batch);
  return (pictures + batch - 1) / batch;
}

Result<EpochSums> TrainEpoch(nn::Network& network, const Course& course, int epoch, std::span<float> inputs,
                             const std::function<bool()>& stops) {
  const TrialSpec& spec = *course.spec;
  BorrowedForNetwork threads(network, course.data->spare);
  Batches batches(course, epoch, inputs, threads.Most() > 1 ? nullptr : course.data->spare);
  const size_t steps = batches.Steps();
  std::vector<int> labels;
  std::vector<float> weights, taught;
  EpochSums sums;
  for (size_t step = 0; step < steps; ++step) {
    if (stops()) return Interrupted();
    const int used = threads.Take();
    const std::span<const float> varied = batches.Inputs(step, used);
    const auto batch = batches.Pictures(step);
    labels.clear();
    weights.clear();
    for (const int picture : batch) {
      labels.push_back(course.data->dataset->pictures[static_cast<size_t>(picture)].label);
      if (!course.class_weights.empty())
        weights.push_back(course.class_weights[static_cast<size_t>(labels.back())]);
    }
    const auto global_step = static_cast<uint64_t>(epoch) * steps + step;
    sums.rate = LearningRate(spec.recipe, static_cast<int64_t>(global_step), static_cast<int64_t>(steps));
    nn::TrainBatch train_batch{varied, labels, weights, spec.recipe.label_smoothing};
    if (course.teacher) {
      taught.resize(batch.size() * static_cast<size_t>(spec.architecture.classes));
      course.teacher->Predict(varied, static_cast<int>(batch.size()), taught);
      train_batch.taught = taught;
      train_batch.teaching = 1;
    }
    const nn::StepResult result = network.TrainStep(train_batch, sums.rate, {spec.seed, global_step});
    sums.loss += static_cast<double>(result.mean_loss) * static_cast<double>(batch.size());
    sums.correct += result.correct;
  }
  return sums;
}

Result<nn::Weights> FineTune(const TrialSpec& spec, const nn::Weights& start, const TrialData& data,
                             Progress& progress, const std::optional<Teacher>& teacher) {
  const size_t stride = static_cast<size_t>(spec.size_px) * static_cast<size_t>(spec.size_px) * 3;
  HL_CHECK(data.pixels->size_px == spec.size_px && spec.architecture.size_px == spec.size_px);
  HL_CHECK(static_cast<size_t>(spec.architecture.classes) == data.dataset->labels.size());
  HL_CHECK(spec.recipe.batch >= 1);
  HL_ASSIGN(const split::Fold pictures, PicturesOf(spec.fold, data));
  if (pictures.train.empty())
    return Fail(ErrorKind::kBadInput, "fold {} has no training pictures", spec.fold + 1);
  HL_ASSIGN(auto network, nn::Network::Create(spec.architecture, spec.recipe.batch, spec.recipe.optimizer));
  HL_TRY(network->LoadWeights(start));
  const std::vector<float> class_weights =
      spec.recipe.class_weights ? ClassWeights(*data.dataset, pictures.train) : std::vector<float>();
  std::vector<float> inputs(static_cast<size_t>(spec.recipe.batch) * stride);
  std::unique_ptr<nn::Network> teaches;
  if (teacher) {
    HL_ASSIGN(teaches, MakeTeacher(*teacher, spec.recipe.batch));
  }
  const Course course{&spec, &data, pictures.train, class_weights, teaches.get()};
  for (int epoch = 0; epoch < spec.recipe.epochs; ++epoch) {
    HL_ASSIGN(const EpochSums sums,
              TrainEpoch(*network, course, epoch, inputs, [&] { return progress.StopRequested(); }));
    if (!std::isfinite(sums.loss)) {
      return Fail(ErrorKind::kBadInput,
                  "model {}: its loss grew beyond all bounds in fine-tuning; choose a lower learning rate",
                  spec.model);
    }
    progress.Update(epoch + 1, "");
  }
  return network->SaveWeights();
}

}  // namespace handlens::train
