// Accuracy and loss, see score.h.
#include "train/score.h"

#include <algorithm>
#include <cmath>

#include "nn/math.h"

namespace handlens::train {

std::vector<int> PredictedLabels(const Predictions& predictions) {
  std::vector<int> labels(predictions.pictures.size(), 0);
  if (labels.empty()) return labels;
  const size_t classes = predictions.scores.size() / labels.size();
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto row = std::span(predictions.scores).subspan(i * classes, classes);
    labels[i] = static_cast<int>(std::max_element(row.begin(), row.end()) - row.begin());
  }
  return labels;
}

SetScore ScoreOf(const dataset::Dataset& dataset, const Predictions& predictions) {
  if (predictions.pictures.empty()) return {};
  const size_t classes = predictions.scores.size() / predictions.pictures.size();
  const std::vector<int> predicted = PredictedLabels(predictions);
  double loss = 0;
  size_t correct = 0;
  for (size_t i = 0; i < predicted.size(); ++i) {
    const int label = dataset.pictures[static_cast<size_t>(predictions.pictures[i])].label;
    const float score = predictions.scores[i * classes + static_cast<size_t>(label)];
    // A NaN stays one: it must not pass for a good loss.
    loss -= static_cast<double>(std::isnan(score) ? score : nn::Log(std::max(score, 1e-7f)));
    correct += predicted[i] == label ? 1 : 0;
  }
  const auto n = static_cast<double>(predicted.size());
  return {static_cast<double>(correct) / n, loss / n};
}

void FillScores(const dataset::Dataset& dataset, TrialResult& result) {
  const auto fill = [&](const Predictions& predictions, double& accuracy, double& loss) {
    const SetScore score = ScoreOf(dataset, predictions);
    accuracy = score.accuracy;
    loss = score.loss;
  };
  fill(result.train, result.train_accuracy, result.train_loss);
  fill(result.validation, result.validation_accuracy, result.validation_loss);
  fill(result.test, result.test_accuracy, result.test_loss);
}

}  // namespace handlens::train
