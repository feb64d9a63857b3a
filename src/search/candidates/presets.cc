// The presets, and what they cost. Figures behind the choices: docs/models.md.
#include "search/presets.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "nn/zoo.h"
#include "search/cost.h"
#include "search/from_backbone.h"
#include "search/known.h"
#include "search/race.h"
#include "split/usual.h"
#include "train/camera_check.h"

namespace handlens::search {
namespace {

// How long a model of our own trains: whichever is longer. Few pictures make short epochs, and a small net
// needs steps.
struct Length {
  int epochs, steps;
};

// Generators with a share of simulated camera pictures train 5/3 as long: at 60 epochs they cost accuracy on
// the computer, at 150 none (docs/models.md).
constexpr Length ForCamera(Length l) { return {l.epochs * 5 / 3, l.steps * 5 / 3}; }

struct Preset {
  const char* name;
  Coverage coverage;
  std::vector<std::string> models, generators;
  std::vector<int> sizes_px;
  Length length;
  // Of the first backbone, where there is one.
  std::vector<std::string> trainings = {};
  std::vector<int> backbone_sizes_px = {};
};

std::vector<Preset> Presets(size_t classes) {
  const std::string second = classes == 2 ? "m2" : "m4";
  return {
      {"quick", Coverage::kExhaustive, {"nano24"}, {"mild", "camera"}, {64}, {60, 2000}, {"probe"}, {160}},
      {"standard",
       Coverage::kRace,
       {"nano16", "nano24", "nano32"},
       {"mild", "camera"},
       {64, 96},
       {100, 3000},
       {"probe", "tune"},
       {128, 224}},
      {"thorough",
       Coverage::kRace,
       {"nano16", "nano24", "nano32", "mobilenetv2-0.35"},
       {"mild", "camera"},
       {64, 96, 128},
       {160, 4000},
       {"probe", "tail", "tune"},
       {128, 176, 224, 260}},
      {"paper",
       Coverage::kExhaustive,
       {"m1", second},
       {"gen1", "gen2", "gen3", "gen4"},
       {30, 50, 100, 200, 300},
       {60, 2000}}};
}

// The paper's first model as it stands in the paper, to compare with.
constexpr std::string_view kPaperModel = "m1", kPaperGenerator = "gen1";
constexpr int kPaperSize_px = 50;
bool ComparesWithPaper(std::string_view preset) { return preset == "standard" || preset == "thorough"; }

}  // namespace

std::vector<Known> KnownPresets() {
  std::vector<Known> known;
  for (const Preset& preset : Presets(3)) {
    std::string models =
        fmt::format("{} at {} px", fmt::join(preset.models, ", "), fmt::join(preset.sizes_px, ", "));
    if (!preset.trainings.empty()) {
      models += fmt::format("; a backbone's {} at {} px", fmt::join(preset.trainings, ", "),
                            fmt::join(preset.backbone_sizes_px, ", "));
    }
    if (ComparesWithPaper(preset.name))
      models += fmt::format("; the paper's {} at {} px with {}", kPaperModel, kPaperSize_px, kPaperGenerator);
    known.push_back(
        {preset.name, fmt::format("{}; with {}{}", models, fmt::join(preset.generators, ", "),
                                  preset.coverage == Coverage::kRace ? "; a race, which stops what cannot win"
                                                                     : "; every training")});
  }
  return known;
}

std::vector<Known> KnownModels() {
  std::vector<Known> known;
  for (const nn::ZooEntry& entry : nn::Zoo()) known.push_back({entry.name, entry.description});
  known.push_back({"f<filters>n<neurons>", "m1 with other widths, such as f8n16"});
  return known;
}

std::vector<Known> KnownGenerators() {
  std::vector<Known> known;
  for (const std::string& name : image::GeneratorNames()) {
    known.push_back(
        {name, name == "mild" ? "ours: crops, light and colour vary a little"
               : name == "camera"
                   ? "ours: mild, and a simulated hand-held camera (tilt, distance, background, light)"
                   : fmt::format("generator {} of the paper", name.substr(3))});
  }
  return known;
}

namespace {

Result<Preset> FindPreset(std::string_view name, size_t classes) {
  std::string known;
  for (Preset& preset : Presets(classes)) {
    if (name == preset.name) return std::move(preset);
    known += known.empty() ? preset.name : std::string(", ") + preset.name;
  }
  return Fail(ErrorKind::kUsage, "unknown preset \"{}\"; one of: {}", name, known);
}

bool IsPaperModel(const std::string& name) {
  const std::vector<nn::ZooEntry> zoo = nn::Zoo();
  const auto entry =
      std::find_if(zoo.begin(), zoo.end(), [&](const nn::ZooEntry& e) { return e.name == name; });
  return entry != zoo.end() ? entry->paper : name.starts_with("f");
}

constexpr int kFewPictures = 800;

// A network of ours, of `training` pictures a fold.
train::Recipe OwnRecipe(Length length, const image::GeneratorSpec& generator, int training, bool unbalanced) {
  if (generator.camera_share > 0) length = ForCamera(length);
  train::Recipe recipe = train::ModernRecipe(length.epochs);
  recipe.class_weights = unbalanced;
  if (training < kFewPictures) recipe.batch = 16;
  const int steps = std::max(1, (training + recipe.batch - 1) / recipe.batch);  // an epoch's
  recipe.epochs = std::max(length.epochs, (length.steps + steps - 1) / steps);
  return recipe;
}

// Without what the user's own test folder holds out.
std::vector<size_t> ClassCounts(const dataset::Dataset& dataset) {
  std::vector<size_t> counts(dataset.labels.size(), 0);
  for (const dataset::Picture& picture : dataset.pictures) ++counts[static_cast<size_t>(picture.label)];
  for (const int held : dataset::HeldByFolder(dataset).held)
    --counts[static_cast<size_t>(dataset.pictures[static_cast<size_t>(held)].label)];
  return counts;
}

// A class with less than half of another's pictures would hardly be learnt without its loss counting more.
bool Unbalanced(const dataset::Dataset& dataset) {
  const std::vector<size_t> counts = ClassCounts(dataset);
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  return !counts.empty() && 2 * *least < *most;
}

class Maker {
 public:
  Maker(const Preset& preset, const dataset::Dataset& dataset, const GridChoice& choice)
      : preset_(preset),
        choice_(choice),
        classes_(static_cast<int>(dataset.labels.size())),
        pictures_(static_cast<int>(dataset.pictures.size())),
        training_(static_cast<int>(
            split::TrainedOf(dataset.pictures.size() - dataset::HeldByFolder(dataset).held.size()))),
        unbalanced_(Unbalanced(dataset)) {}

  // A size too small for a model is an error only when the user named both.
  Result<void> Add(const std::string& model, int size_px, const std::string& generator) {
    HL_ASSIGN(const std::vector<BackboneModel> from_backbone, BackboneModels(model, choice_.backbones));
    for (const BackboneModel& begun : from_backbone) HL_TRY(AddFromBackbone(begun, size_px, generator));
    if (!from_backbone.empty()) return {};
    Candidate candidate;
    candidate.model = model;
    candidate.size_px = size_px;
    HL_ASSIGN(candidate.generator, Generator(generator));
    auto architecture = Architecture(model, size_px);
    const bool asked = !choice_.sizes_px.empty() && (!choice_.models.empty() || !choice_.own_models.empty());
    if (!architecture && !asked && nn::NamedModel(model, 300, classes_)) return {};
    HL_ASSIGN(candidate.architecture, std::move(architecture));
    HL_ASSIGN(candidate.recipe, RecipeOf(candidate));
    candidates_.push_back(std::move(candidate));
    return {};
  }
  Result<void> AddFromBackbone(const BackboneModel& model, int size_px, const std::string& generator) {
    HL_ASSIGN(const image::GeneratorSpec varied, Generator(generator));
    const BackboneTraining training{static_cast<size_t>(pictures_), unbalanced_, classes_,
                                    OwnRecipe(preset_.length, varied, training_, unbalanced_)};
    HL_ASSIGN(Candidate candidate, BackboneCandidate(model, size_px, varied, training));
    if (candidate.start->method == train::Method::kTune) {
      HL_ASSIGN(candidate.recipe, Changed(candidate.recipe));
    }
    candidates_.push_back(std::move(candidate));
    return {};
  }
  Result<std::vector<Candidate>> Take() {
    if (candidates_.empty())
      return Fail(ErrorKind::kUsage, "no model fits through any of the sizes; name larger --sizes");
    return std::move(candidates_);
  }

 private:
  Result<image::GeneratorSpec> Generator(const std::string& name) const {
    for (const image::GeneratorSpec& own : choice_.own_generators) {
      if (own.name == name) return own;
    }
    return image::NamedGenerator(name);
  }
  Result<nn::ModelSpec> Architecture(const std::string& name, int size_px) const {
    for (nn::ModelSpec own : choice_.own_models) {
      if (own.name != name) continue;
      own.size_px = size_px;
      own.classes = classes_;
      HL_TRY(nn::InferShapes(own));
      return own;
    }
    auto named = nn::NamedModel(name, size_px, classes_);
    const std::string backbone = named ? "" : BackboneNamedBy(name);
    if (!backbone.empty()) return NoBackbone(name, backbone);
    return named;
  }
  tl::unexpected<Error> NoBackbone(std::string_view model, std::string_view backbone) const {
    if (choice_.from_scratch) {
      return Fail(
          ErrorKind::kUsage,
          "model {} begins with the backbone {}, and --from-scratch leaves all backbones out; take one of "
          "the two away (a run keeps --from-scratch in its handlens.toml)",
          model, backbone);
    }
    return Fail(ErrorKind::kUsage,
                "model {} begins with the backbone {}, which is not installed; `handlens backbone list` says "
                "which are there and where they are looked for, docs/backbones.md how to get one",
                model, backbone);
  }
  Result<train::Recipe> RecipeOf(const Candidate& candidate) const {
    return Changed(IsPaperModel(candidate.model)
                       ? train::PaperRecipe()
                       : OwnRecipe(preset_.length, candidate.generator, training_, unbalanced_));
  }
  // As the user's own recipe says.
  Result<train::Recipe> Changed(train::Recipe recipe) const {
    if (!choice_.recipe_changes.empty()) {
      Json changed = train::ToJson(recipe);
      changed.update(choice_.recipe_changes);
      HL_ASSIGN(recipe, train::RecipeFromJson(changed));
    }
    if (choice_.epochs > 0) recipe.epochs = choice_.epochs;
    return recipe;
  }

  const Preset& preset_;
  const GridChoice& choice_;
  int classes_;
  int pictures_, training_;  // of the dataset; a fold's, about
  bool unbalanced_;
  std::vector<Candidate> candidates_;
};

// Models and generators of the user's own file are tried without being named again.
template <class Own>
std::vector<std::string> NamedOrOwn(std::vector<std::string> named, const std::vector<Own>& owns) {
  if (!named.empty()) return named;
  for (const Own& own : owns) named.push_back(own.name);
  return named;
}

// The models to try: named by the user, their own, else the preset's with what begins with the first
// backbone.
std::vector<std::string> ModelsOf(const Preset& preset, const GridChoice& choice) {
  std::vector<std::string> models = NamedOrOwn(choice.models, choice.own_models);
  if (!models.empty()) return models;
  models = preset.models;
  if (choice.backbones.empty()) return models;
  for (const std::string& training : preset.trainings)
    models.push_back(choice.backbones[0]->name + "-" + training);
  return models;
}

Result<std::vector<int>> SizesOf(const std::string& model, const Preset& preset, const GridChoice& choice) {
  if (!choice.sizes_px.empty()) return choice.sizes_px;
  HL_ASSIGN(const std::vector<BackboneModel> from_backbone, BackboneModels(model, choice.backbones));
  return from_backbone.empty() || preset.backbone_sizes_px.empty() ? preset.sizes_px
                                                                   : preset.backbone_sizes_px;
}

}  // namespace

Result<train::Recipe> PresetRecipe(std::string_view preset, const image::GeneratorSpec& generator,
                                   size_t pictures, bool unbalanced) {
  HL_ASSIGN(const Preset found, FindPreset(preset, 2));
  return OwnRecipe(found.length, generator, static_cast<int>(split::TrainedOf(pictures)), unbalanced);
}

Result<Coverage> PresetCoverage(std::string_view preset) {
  HL_ASSIGN(const Preset found, FindPreset(preset, 2));
  return found.coverage;
}

Result<std::vector<Candidate>> PresetCandidates(std::string_view preset, const dataset::Dataset& dataset,
                                                const GridChoice& choice) {
  HL_ASSIGN(const Preset found, FindPreset(preset, dataset.labels.size()));
  std::vector<std::string> generators = NamedOrOwn(choice.generators, choice.own_generators);
  const bool own_grid = !NamedOrOwn(choice.models, choice.own_models).empty() || !generators.empty() ||
                        !choice.sizes_px.empty() || !choice.recipe_changes.empty();
  if (generators.empty()) generators = found.generators;
  Maker maker(found, dataset, choice);
  for (const std::string& model : ModelsOf(found, choice)) {
    HL_ASSIGN(const std::vector<int> sizes_px, SizesOf(model, found, choice));
    for (const int size_px : sizes_px) {
      for (const std::string& generator : generators) HL_TRY(maker.Add(model, size_px, generator));
    }
  }
  if (!own_grid && ComparesWithPaper(preset))
    HL_TRY(maker.Add(std::string(kPaperModel), kPaperSize_px, std::string(kPaperGenerator)));
  return maker.Take();
}

size_t TrainingPictures(const dataset::Dataset& dataset) {
  size_t rest = 0;
  const std::vector<size_t> counts = ClassCounts(dataset);
  if (!dataset::HeldByFolder(dataset).held.empty())
    return split::TrainedOf(std::accumulate(counts.begin(), counts.end(), size_t{0}));
  for (const size_t n : counts)
    rest += n - static_cast<size_t>(split::HeldOutOf(static_cast<int>(n), split::kHoldoutPerClass));
  return split::TrainedOf(rest);
}

Result<Plan> PlanTrials(const std::vector<Candidate>& candidates, size_t training_pictures,
                        const PlanOptions& options, const Progress& progress) {
  HL_ASSIGN(const std::vector<double> trial_s, MeasureTrials(candidates, training_pictures, progress));
  const std::vector<double> ones(candidates.size(), 1.0);
  double trials = 0, work_s = 0;
  if (options.coverage == Coverage::kRace) {
    // A race that has not begun: what it asks for first depends on no result.
    const dataset::Dataset none;
    std::vector<CellResult> cells(candidates.size());
    for (size_t c = 0; c < cells.size(); ++c) cells[c].candidate = candidates[c];
    Race race(none, options.folds, cells);
    for (const RaceTrial& first : race.Next()) {
      trials += 1;
      work_s += trial_s[first.cell];
    }
    trials += race.ExpectedLater(ones);
    work_s += race.ExpectedLater(trial_s);
  } else {
    trials = static_cast<double>(candidates.size()) * options.folds;
    work_s = std::accumulate(trial_s.begin(), trial_s.end(), 0.0) * options.folds;
  }
  Plan plan;
  for (size_t c = 0; c < options.finished.size(); ++c) {
    plan.finished += options.finished[c];
    work_s -= options.finished[c] * trial_s[c];
  }
  plan.trials = std::max(0, static_cast<int>(std::lround(trials)) - plan.finished);
  if (plan.trials > 0) {
    plan.seconds = std::max(work_s / std::max(1, std::min(options.jobs, plan.trials)),
                            *std::min_element(trial_s.begin(), trial_s.end()));
  }
  const auto dearest = std::max_element(trial_s.begin(), trial_s.end());
  plan.dearest = static_cast<size_t>(dearest - trial_s.begin());
  plan.dearest_trial_s = *dearest;
  return plan;
}

namespace {

// What a trial that begins with a backbone holds beside its network: the features of all pictures, their
// views and the validation pictures' photographs, and those of its training pictures once more, for the fit.
Result<int64_t> FeatureBytes(const Candidate& candidate, size_t pictures) {
  if (!candidate.start) return 0;
  HL_ASSIGN(const std::vector<nn::Shape> shapes, nn::InferShapes(candidate.architecture));
  const int64_t width = shapes[shapes.size() - 2].channels, views = 1 + candidate.start->views;
  const auto all = static_cast<int64_t>(pictures), fitted = static_cast<int64_t>(split::TrainedOf(pictures));
  return 4 * width * (all * (views + train::kCameraShots) + fitted * views);
}

}  // namespace

Result<Plan> Estimate(const std::vector<Candidate>& candidates, const dataset::Dataset& dataset,
                      const PlanOptions& options, const Progress& progress) {
  const size_t pictures = dataset.pictures.size();
  HL_ASSIGN(Plan plan, PlanTrials(candidates, TrainingPictures(dataset), options, progress));
  std::set<int> sizes;
  int64_t largest = 0;
  for (size_t c = 0; c < candidates.size(); ++c) {
    const Candidate& candidate = candidates[c];
    HL_ASSIGN(const nn::ModelCost cost, nn::Cost(candidate.architecture, candidate.recipe.batch));
    sizes.insert(candidate.size_px);
    HL_ASSIGN(const int64_t features, FeatureBytes(candidate, pictures));
    largest = std::max(largest, cost.arena_bytes + features);
    const int folds = options.folds - (options.finished.empty() ? 0 : options.finished[c]);
    // Weights, scores of every picture, the record. Of a race too, whatever it will train.
    plan.disk_bytes +=
        folds * (4 * cost.parameters +
                 static_cast<int64_t>(pictures) * (4 * candidate.architecture.classes + 20) + 20'000);
  }
  const int threads = std::max(1, std::min(options.jobs, plan.trials));
  plan.memory_bytes = threads * largest;
  for (const int size : sizes) {
    const int64_t bytes = int64_t{3} * size * size * static_cast<int64_t>(pictures);
    plan.memory_bytes += bytes;
    plan.disk_bytes += bytes;
  }
  return plan;
}

}  // namespace handlens::search
