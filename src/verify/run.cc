// VerifyRun: reads what was shipped, judges it, decides, records.
#include <algorithm>

#include "base/hash.h"
#include "verify/phones/routes.h"
#include "verify/routes/answering.h"
#include "verify/routes/camera_route.h"
#include "verify/routes/judged.h"
#include "verify/routes/memory.h"
#include "verify/routes/occlusion.h"
#include "verify/routes/shipped.h"
#include "verify/routes/strangers.h"
#include "verify/verify.h"
#include "verify/words.h"

namespace handlens::verify {
namespace {

namespace fs = std::filesystem;

// A route being put together from several models' scores.
struct Draft {
  Route route;
  std::vector<std::vector<float>> builtin;
  double tolerance = 0;
};

void Append(std::span<const int> pictures, const dataset::Dataset& dataset, const ModelScores& scores,
            Draft& draft) {
  for (size_t i = 0; i < pictures.size(); ++i) {
    draft.route.pictures.push_back(pictures[i]);
    draft.route.truth.push_back(dataset.pictures[static_cast<size_t>(pictures[i])].label);
    draft.route.scores.push_back(scores.xnnpack[i]);
    draft.builtin.push_back(scores.builtin[i]);
  }
}

// Brings pictures into the data set's order and computes all figures.
Route Finish(const Draft& draft, int classes) {
  Route route = draft.route;
  std::vector<size_t> order(route.pictures.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return route.pictures[a] < route.pictures[b]; });
  std::vector<std::vector<float>> builtin;
  for (size_t i = 0; i < order.size(); ++i) {
    route.pictures[i] = draft.route.pictures[order[i]];
    route.truth[i] = draft.route.truth[order[i]];
    route.scores[i] = draft.route.scores[order[i]];
    builtin.push_back(draft.builtin[order[i]]);
  }
  route.kernels = "xnnpack";
  Score(route, classes);
  route.builtin = Compare(route.scores, builtin, draft.tolerance);
  return route;
}

struct Session {
  const Shipped& shipped;
  const Rules& rules;
  const std::filesystem::path& backgrounds;
  Reading reading;
  Verdict verdict;
  HoldoutScores holdout = {};
};

void CompareWithEngine(Session& session, const ModelFile& model, std::span<const int> pictures,
                       const ModelScores& scores) {
  const Shipped& shipped = session.shipped;
  const auto engine = shipped.engine.find(model.file);
  if (engine == shipped.engine.end()) return;
  std::vector<std::vector<float>> theirs;
  for (const int picture : pictures) {
    const auto found = engine->second.find(shipped.dataset.pictures[static_cast<size_t>(picture)].id);
    theirs.push_back(found == engine->second.end() ? std::vector<float>() : found->second);
  }
  session.verdict.engine[model.file] = Compare(theirs, scores.xnnpack, session.rules.max_engine_difference);
}

Result<void> JudgeFolds(Session& session) {
  const Shipped& shipped = session.shipped;
  Draft computer, quantized;
  computer.route.name = "computer";
  computer.route.model = "model/folds/fold*.tflite";
  computer.tolerance = ToleranceOf("float32");
  quantized.route.name = "quantized";
  quantized.route.model = "model/folds/fold*_quantized.tflite";
  quantized.tolerance = ToleranceOf("int8");
  for (size_t k = 0; k < shipped.folds.size(); ++k) {
    const std::vector<ModelFile>& models = shipped.folds[k].models;
    const std::vector<int>& pictures = shipped.split.folds[k].test;
    if (models.empty()) continue;
    HL_ASSIGN(const auto scores, JudgePictures(models, pictures, session.reading));
    for (size_t m = 0; m < models.size(); ++m) {
      session.verdict.runtime_version = scores[m].runtime_version;
      CompareWithEngine(session, models[m], pictures, scores[m]);
      if (models[m].variant == "float32") Append(pictures, shipped.dataset, scores[m], computer);
      if (models[m].variant == "int8") Append(pictures, shipped.dataset, scores[m], quantized);
    }
  }
  for (Draft* draft : {&computer, &quantized}) {
    draft->route.scope = "out-of-fold";
    const bool judged = !draft->route.truth.empty() && session.reading.troubles.empty();
    session.verdict.routes.push_back(judged ? Finish(*draft, static_cast<int>(shipped.dataset.labels.size()))
                                            : draft->route);
  }
  return {};
}

std::string HoldoutName(const std::string& variant) {
  if (variant == "float32") return "computer-holdout";
  return (variant == "int8" ? "quantized" : variant) + "-holdout";
}

Result<void> JudgeHoldout(Session& session) {
  const Shipped& shipped = session.shipped;
  const std::vector<int>& pictures = shipped.split.holdout;
  std::vector<ModelScores> scores(shipped.finals.size());
  if (!pictures.empty()) {
    HL_ASSIGN(scores, JudgePictures(shipped.finals, pictures, session.reading));
  }
  for (size_t m = 0; m < shipped.finals.size(); ++m) {
    const ModelFile& model = shipped.finals[m];
    Draft draft;
    draft.route.name = HoldoutName(model.variant);
    draft.route.model = "model/" + model.file;
    draft.route.scope = "hold-out";
    draft.tolerance = ToleranceOf(model.variant);
    if (pictures.empty() || !session.reading.troubles.empty()) {
      session.verdict.routes.push_back(std::move(draft.route));
      continue;
    }
    session.verdict.runtime_version = scores[m].runtime_version;
    CompareWithEngine(session, model, pictures, scores[m]);
    Append(pictures, shipped.dataset, scores[m], draft);
    session.verdict.routes.push_back(Finish(draft, static_cast<int>(shipped.dataset.labels.size())));
    session.holdout.models[model.file] = std::move(scores[m]);
  }
  session.holdout.pictures = pictures;
  return {};
}

// Of a folder: records are passed on, and where it lies is nobody's business.
std::string LastName(const fs::path& folder) {
  const fs::path whole = folder.lexically_normal();
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

Result<void> AddCamera(Session& session, const std::string& kernels) {
  image::Backdrops own;
  if (!session.backgrounds.empty()) {
    HL_ASSIGN(own, image::Backdrops::FromFolder(session.backgrounds));
  }
  const image::Backdrops& backdrops = own.own() ? own : image::Backdrops::BuiltIn();
  HL_ASSIGN(CameraRoutes camera, JudgeCamera(session.shipped, backdrops, kernels, session.reading));
  for (Route& route : camera.routes) session.verdict.routes.push_back(std::move(route));
  camera.findings.backgrounds =
      own.own()
          ? fmt::format("{} ({} of {} pictures)", LastName(session.backgrounds), own.size(), own.found())
          : "built in";
  session.verdict.camera = std::move(camera.findings);
  HL_ASSIGN(session.verdict.strangers, AskStrangers(session.shipped, backdrops, kernels, session.reading));
  return {};
}

// Gallery before camera (the paper's 2.7): a model that fails on pictures from the gallery is not tried on
// the camera's.
Result<void> JudgePhone(const fs::path& run, Session& session) {
  HL_ASSIGN(Route gallery, JudgeGallery(session.shipped, session.holdout, session.reading));
  // Without a hold-out there is no gallery route that could fail.
  const bool try_camera = session.shipped.split.holdout.empty() || GalleryHolds(session.rules, gallery);
  const std::string kernels = gallery.kernels.empty() ? "xnnpack" : gallery.kernels;
  HL_TRY(AddPhoneRoute(std::move(gallery), session.verdict));
  if (try_camera) {
    HL_TRY(AddCamera(session, kernels));
  } else {
    Route camera;
    camera.name = "camera";
    session.verdict.routes.push_back(std::move(camera));
  }
  return AddPhones(run, session.shipped, session.holdout, session.verdict);
}

// The baseline on the pictures of a route that has only some of them, as a phone may.
Route Restricted(const Route& baseline, const Route& route) {
  Route part;
  for (const int picture : route.pictures) {
    const auto at = std::lower_bound(baseline.pictures.begin(), baseline.pictures.end(), picture) -
                    baseline.pictures.begin();
    if (at == static_cast<std::ptrdiff_t>(baseline.pictures.size()) ||
        baseline.pictures[static_cast<size_t>(at)] != picture)
      continue;
    part.pictures.push_back(picture);
    part.truth.push_back(baseline.truth[static_cast<size_t>(at)]);
    part.predicted.push_back(baseline.predicted[static_cast<size_t>(at)]);
  }
  return part;
}

void CompareRoutes(Verdict& verdict) {
  for (Route& route : verdict.routes) {
    const Route* baseline =
        FindRoute(verdict, route.scope.starts_with("hold-out") ? "computer-holdout" : "computer");
    if (baseline == nullptr || baseline == &route || baseline->status != "done" || route.status != "done")
      continue;
    const Route part = Restricted(*baseline, route);
    if (!part.pictures.empty() && part.pictures == route.pictures) CompareWithBaseline(part, route);
  }
}

// What another cross-validation said of the choice, without the folds; null where there was none.
Json ReadResampling(const std::filesystem::path& run) {
  auto record = ReadRecord(run / "crossvalidation.json", "handlens-crossvalidation", 1);
  Json kept;
  if (!record) return kept;
  for (const char* const part : {"repeats", "nested"}) {
    if (!record->contains(part) || !(*record)[part].is_object()) continue;
    kept[part] = (*record)[part];
    for (const char* const lists : {"runs", "folds"}) kept[part].erase(lists);
  }
  return kept;
}

Result<void> RefuseTroubles(const std::vector<std::string>& troubles) {
  if (troubles.empty()) return {};
  std::string lines;
  for (const std::string& trouble : troubles) lines += "\n  " + trouble;
  return Fail(ErrorKind::kBadInput,
              "{} pictures are not those that were inspected; bring them back, or inspect again:{}",
              troubles.size(), lines);
}

}  // namespace

Result<Verdict> VerifyRun(const VerifyRequest& request, Progress& progress) {
  HL_ASSIGN(const Shipped shipped, ReadShipped(request.run));
  Session session{shipped,
                  request.rules,
                  request.backgrounds,
                  {shipped.dataset, shipped.size_px, shipped.fit, request.jobs, progress, 0, {}},
                  {},
                  {}};
  size_t total =
      2 * shipped.split.holdout.size() + CameraPictures(shipped);  // by the computer and from the gallery
  for (const split::Fold& fold : shipped.split.folds) total += fold.test.size();
  session.reading.announced = static_cast<double>(total);
  progress.Begin("verify", session.reading.announced, "pictures");
  session.verdict.labels = shipped.dataset.labels;
  session.verdict.groups = dataset::GroupsSentence(shipped.dataset);
  session.verdict.test_folder = dataset::TestFolderSentence(shipped.dataset);
  session.verdict.quantization = shipped.quantization;
  session.verdict.camera_taught = shipped.camera_taught;
  HL_TRY(JudgeFolds(session));
  HL_TRY(JudgeHoldout(session));
  HL_TRY(RefuseTroubles(session.reading.troubles));
  HL_TRY(JudgePhone(request.run, session));
  HL_TRY(RefuseTroubles(session.reading.troubles));

  Verdict verdict = std::move(session.verdict);
  CompareRoutes(verdict);
  for (Route& route : verdict.routes) RespectGroups(shipped.dataset, route);
  JudgeAnswering(shipped, verdict);
  HL_TRY(ExplainAnswers(shipped, session.reading, verdict));
  verdict.label_order_problems = shipped.label_order_problems;
  verdict.label_order_problems.insert(verdict.label_order_problems.end(),
                                      shipped.label_order_not_shown.begin(),
                                      shipped.label_order_not_shown.end());
  verdict.shipped_file_problems = shipped.file_problems;
  verdict.shipped_bytes = shipped.gated_bytes;
  for (const ModelFile& model : shipped.finals) verdict.files[model.file] = Sha256(model.bytes);
  verdict.crossvalidation = ReadResampling(request.run);
  HL_ASSIGN(verdict.memory, MeasureMemory(request.run, shipped, progress));
  Decide(request.rules, verdict);

  std::vector<std::string> paths;
  for (const dataset::Picture& picture : shipped.dataset.pictures) paths.push_back(picture.path);
  HL_TRY(WriteFileAtomic(request.run / "predictions.csv", PredictionsCsv(verdict, paths)));
  HL_TRY(WriteVerdict(request.run / "verdict.json", verdict, request.rules));
  progress.End(Headline(verdict));
  return verdict;
}

}  // namespace handlens::verify
