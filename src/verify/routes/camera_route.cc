#include "verify/routes/camera_route.h"

#include <algorithm>

#include "verify/routes/camera_curve.h"
#include "verify/routes/each_picture.h"
#include "verify/routes/judge_pool.h"

namespace handlens::verify {
namespace {

constexpr uint64_t kSeed = 1;
constexpr size_t kCurvePictures = 24;  // that every point of every axis is tried on
constexpr int kSeverities = 5;

// A frame for one fault is as large as the model can make use of: its box has two and a half pixels for each
// of the model's, which costs a tenth at 64 px. Faults that are about the frame's own pixels are tried at
// full size.
image::CameraShot ForModel(image::CameraShot shot, std::string_view axis, int size_px) {
  constexpr int kSmallest = 96;
  const int enough = std::max(kSmallest, size_px * 5 / 2) / 2 * 2;
  if (axis != "jpeg" && axis != "resolution") shot.box_px = std::min(shot.box_px, enough);
  return shot;
}

uint64_t KeyOf(const dataset::Picture& picture) { return std::stoull(picture.id.substr(0, 16), nullptr, 16); }

// One camera, one model: everything that turns a picture and a shot into scores.
class Photographer {
 public:
  Photographer(const Shipped& shipped, const ModelFile& model, const image::Backdrops& backdrops,
               size_t kernels, const Reading& reading)
      : shipped_(shipped), backdrops_(backdrops), kernels_(kernels), pool_({&model, 1}, reading) {}

  // Typical, then hard.
  Result<Scores> Both(const image::Image& picture, uint64_t key) {
    image::Subject subject(picture, shipped_.fit);
    HL_ASSIGN(JudgeSet set, pool_.Take());
    Scores scores;
    for (const image::Care care : {image::Care::kTypical, image::Care::kHard}) {
      const auto which = static_cast<uint64_t>(scores.size());
      HL_ASSIGN(scores.emplace_back(),
                Ask(*set[kernels_], subject, image::DrawShot(care, Rng(kSeed, "verify-shot", {key, which})),
                    Rng(kSeed, "verify-frame", {key, which})));
    }
    pool_.Return(std::move(set));
    return scores;
  }

  // Severities 0..5 of each axis in turn.
  Result<Scores> Axes(const image::Image& picture, uint64_t key) {
    image::Subject subject(picture, shipped_.fit);
    HL_ASSIGN(JudgeSet set, pool_.Take());
    Scores scores;
    for (size_t axis = 0; axis < image::CameraAxes().size(); ++axis) {
      for (int severity = 0; severity <= kSeverities; ++severity) {
        const image::CameraShot drawn =
            image::ShotOnAxis(axis, severity, Rng(kSeed, "verify-axis", {key, axis}));
        const image::CameraShot shot = ForModel(drawn, image::CameraAxes()[axis].name, shipped_.size_px);
        HL_ASSIGN(scores.emplace_back(),
                  Ask(*set[kernels_], subject, shot, Rng(kSeed, "verify-axis-frame", {key, axis})));
      }
    }
    pool_.Return(std::move(set));
    return scores;
  }

 private:
  Result<std::vector<float>> Ask(tflite::Judge& judge, image::Subject& subject, const image::CameraShot& shot,
                                 Rng rng) const {
    const image::Image frame = image::TakePicture(subject, shot, shipped_.fit, backdrops_, rng);
    return judge.Classify(AppInput(image::Receive(image::Deliver(frame)), shipped_.size_px, shipped_.fit));
  }

  const Shipped& shipped_;
  const image::Backdrops& backdrops_;
  size_t kernels_;
  JudgePool pool_;
};

// Pictures with the model that may judge them.
struct Part {
  const ModelFile* model = nullptr;
  std::vector<int> pictures;
};

std::vector<Part> FoldParts(const Shipped& shipped) {
  const ModelFile* const packed = PackedModel(shipped);
  std::vector<Part> parts;
  for (size_t k = 0; packed != nullptr && k < shipped.folds.size(); ++k) {
    for (const ModelFile& model : shipped.folds[k].models) {
      if (model.variant == packed->variant) parts.push_back({&model, shipped.split.folds[k].test});
    }
  }
  return parts;
}

// Some pictures of every class: the first of each by id, then the second of each, and so on.
std::vector<int> Sample(const std::vector<Part>& parts, const dataset::Dataset& dataset) {
  std::vector<std::vector<int>> by_class(dataset.labels.size());
  const auto by_id = [&](int a, int b) {
    return dataset.pictures[static_cast<size_t>(a)].id < dataset.pictures[static_cast<size_t>(b)].id;
  };
  for (const Part& part : parts) {
    for (const int i : part.pictures)
      by_class[static_cast<size_t>(dataset.pictures[static_cast<size_t>(i)].label)].push_back(i);
  }
  for (auto& pictures : by_class) std::sort(pictures.begin(), pictures.end(), by_id);
  std::vector<int> sample;
  for (size_t round = 0; sample.size() < kCurvePictures; ++round) {
    std::vector<int> row;
    for (const auto& pictures : by_class) {
      if (round < pictures.size()) row.push_back(pictures[round]);
    }
    if (row.empty()) break;
    std::sort(row.begin(), row.end(), by_id);
    sample.insert(sample.end(), row.begin(), row.end());
  }
  if (sample.size() > kCurvePictures) sample.resize(kCurvePictures);
  return sample;
}

size_t Top(const std::vector<float>& scores) {
  return static_cast<size_t>(std::max_element(scores.begin(), scores.end()) - scores.begin());
}

class CameraRun {
 public:
  CameraRun(const Shipped& shipped, const image::Backdrops& backdrops, const std::string& kernels,
            Reading& reading)
      : shipped_(shipped), backdrops_(backdrops), kernels_(kernels), reading_(reading) {}

  // Two routes, typical and hard, of the parts' pictures.
  Result<void> AddRoutes(const std::vector<Part>& parts, const Route& like, const std::string& ending,
                         std::vector<Route>& routes) {
    std::vector<std::pair<int, Scores>> answers;
    for (const Part& part : parts) {
      HL_ASSIGN(auto scores, Photograph(part, [&](Photographer& by, const image::Image& picture,
                                                  uint64_t key) { return by.Both(picture, key); }));
      for (size_t i = 0; i < part.pictures.size(); ++i)
        answers.emplace_back(part.pictures[i], std::move(scores[i]));
    }
    std::sort(answers.begin(), answers.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t care = 0; care < 2; ++care) {
      Route route = like;
      route.name = (care == 0 ? "camera" : "camera-hard") + ending;
      const bool judged = !answers.empty() && reading_.troubles.empty();
      for (const auto& [picture, scores] : answers) {
        if (!judged) break;
        route.pictures.push_back(picture);
        route.truth.push_back(LabelOf(picture));
        route.scores.push_back(scores[care]);
      }
      if (judged) {
        route.kernels = kernels_;
        Score(route, static_cast<int>(shipped_.dataset.labels.size()));
      }
      routes.push_back(std::move(route));
    }
    return {};
  }

  Result<void> AddCurves(const std::vector<Part>& parts, CameraFindings& findings) {
    const std::vector<int> sample = Sample(parts, shipped_.dataset);
    findings.pictures = sample.size();
    for (const image::CameraAxis& axis : image::CameraAxes()) {
      CameraCurve curve{std::string(axis.name), std::string(axis.unit), std::string(axis.what), {}};
      for (int severity = 0; severity <= kSeverities; ++severity) {
        curve.points.push_back(
            {static_cast<double>(severity), image::AxisValue(axis, severity), 0, 0, {}, 0});
      }
      findings.curves.push_back(std::move(curve));
    }
    for (const Part& part : parts) {
      Part mine{part.model, {}};
      for (const int i : part.pictures) {
        if (std::find(sample.begin(), sample.end(), i) != sample.end()) mine.pictures.push_back(i);
      }
      if (mine.pictures.empty()) continue;
      HL_ASSIGN(const auto answers, Photograph(mine, [&](Photographer& by, const image::Image& picture,
                                                         uint64_t key) { return by.Axes(picture, key); }));
      if (!reading_.troubles.empty()) return {};
      for (size_t i = 0; i < answers.size(); ++i) Count(answers[i], LabelOf(mine.pictures[i]), findings);
    }
    for (CameraCurve& curve : findings.curves) {
      for (CameraPoint& point : curve.points) point.ci95 = Wilson95(point.correct, point.n);
      Smooth(curve);
    }
    Advise(findings);
    return {};
  }

 private:
  int LabelOf(int picture) const { return shipped_.dataset.pictures[static_cast<size_t>(picture)].label; }

  Result<std::vector<Scores>> Photograph(const Part& part, const auto& ask) {
    Photographer photographer(shipped_, *part.model, backdrops_, kernels_ == "builtin" ? 1 : 0, reading_);
    return ForEachPicture<Scores>(part.pictures, reading_,
                                  [&](const image::Image& picture, const dataset::Picture& facts) {
                                    return ask(photographer, picture, KeyOf(facts));
                                  });
  }

  static void Count(const Scores& scores, int truth, CameraFindings& findings) {
    size_t at = 0;
    for (CameraCurve& curve : findings.curves) {
      for (CameraPoint& point : curve.points) {
        ++point.n;
        if (Top(scores[at++]) == static_cast<size_t>(truth)) ++point.correct;
      }
    }
  }

  const Shipped& shipped_;
  const image::Backdrops& backdrops_;
  const std::string& kernels_;
  Reading& reading_;
};

}  // namespace

size_t CameraPictures(const Shipped& shipped) {
  const std::vector<Part> parts = FoldParts(shipped);
  size_t count = shipped.split.holdout.size() + Sample(parts, shipped.dataset).size();
  for (const Part& part : parts) count += part.pictures.size();
  return count;
}

Result<CameraRoutes> JudgeCamera(const Shipped& shipped, const image::Backdrops& backdrops,
                                 const std::string& kernels, Reading& reading) {
  CameraRoutes result;
  CameraRun run(shipped, backdrops, kernels, reading);
  const std::vector<Part> parts = FoldParts(shipped);
  Route like;
  like.scope = "out-of-fold, simulated";
  const ModelFile* const packed = PackedModel(shipped);
  like.model = packed != nullptr && packed->variant == "int8" ? "model/folds/fold*_quantized.tflite"
                                                              : "model/folds/fold*.tflite";
  HL_TRY(run.AddRoutes(parts, like, "", result.routes));
  if (packed != nullptr && !shipped.split.holdout.empty()) {
    like.scope = "hold-out, simulated";
    like.model = "model/" + packed->file;
    HL_TRY(run.AddRoutes({{packed, shipped.split.holdout}}, like, "-holdout", result.routes));
  }
  HL_TRY(run.AddCurves(parts, result.findings));
  return result;
}

}  // namespace handlens::verify
