// A run folder of a stranger: whatever stands in one of its records, all that read it end with values that
// fit together or with an error, and the report and the gates can be made of what was accepted. The first
// byte says which record the rest of the input is, and whether a report is made.
#include <fstream>
#include <functional>
#include <map>

#include "base/hash.h"
#include "describe/describe.h"
#include "describe/records.h"
#include "describe/sample_models.h"
#include "fuzz.h"
#include "pipeline/chain.h"
#include "pipeline/record_versions.h"
#include "pipeline/run_folder.h"
#include "report/anonymous.h"
#include "report/fixture.h"
#include "report/html.h"
#include "report/sections/sections.h"
#include "search/resampling.h"
#include "train/camera_check.h"
#include "train/record.h"
#include "verify/phone.h"
#include "verify/routes/shipped.h"
#include "verify/verify.h"

namespace {

using namespace handlens;
namespace fs = std::filesystem;

constexpr uint8_t kWithReport = 0x80;

void Must(const Result<void>& done) {
  if (done) return;
  fmt::print(stderr, "{}\n", done.error().message);
  std::abort();
}

// A small run as the program's own writers leave it.
class SampleRun {
 public:
  SampleRun()
      : folder_(fuzz::NewFolder() / "run"),
        records_(report::fixture::MakeRecords({.pictures_per_class = 6, .folds = 2})) {
    records_.search->cells.resize(2);
    records_.search->chosen = 1;
    records_.reduce->cells.resize(2);
    records_.reduce->best = 1;
    records_.reduce->chosen = 0;
    Must(dataset::WriteDataset(folder_ / "dataset.json", records_.dataset));
    Must(split::WriteSplit(folder_ / "split.json", records_.dataset, *records_.split));
    WriteTrials();
    Must(search::WriteSearch(folder_, records_.dataset, *records_.search));
    Must(reduce::WriteReduce(folder_, records_.dataset, *records_.reduce));
    WriteReview();
    WriteModel();
    WriteVerdict();
    WriteOthers();
  }

  const fs::path& folder() const { return folder_; }
  const std::string& trial() const { return records_.search->cells[0].folds[0].id; }

 private:
  void Write(const char* name, const char* format, const Json& record) {
    Must(WriteRecord(folder_ / name, format, 1, record));
  }

  void WriteTrials() {
    int number = 0;
    const auto write = [&](search::CellResult& cell) {
      for (train::TrialResult& trial : cell.folds) {
        trial.id = fmt::format("{:016x}", ++number);
        Must(train::WriteTrial(folder_ / "trials" / trial.id, trial, {{"0.bias", {1}, {1}}}));
      }
    };
    for (search::CellResult& cell : records_.search->cells) write(cell);
    for (reduce::ReduceCell& cell : records_.reduce->cells) write(cell.cell);
    const train::TrialResult& first = records_.search->cells[0].folds[0];
    Json pictures = Json::array(), scores = Json::array();
    for (const int picture : first.validation.pictures) {
      for (int shot = 0; shot < train::kCameraShots; ++shot) {
        pictures.push_back(picture);
        for (size_t i = 0; i < records_.dataset.labels.size(); ++i) scores.push_back(0.25);
      }
    }
    Must(WriteRecord(folder_ / "trials" / first.id / "camera.json", "handlens-camera-check", 1,
                     {{"trial", first.id},
                      {"shots", train::kCameraShots},
                      {"accuracy", 0.5},
                      {"loss", 1},
                      {"pictures", pictures},
                      {"scores", scores}}));
    Must(train::WriteState(folder_ / "trials" / first.id, first.id,
                           {first.epochs, 1, 2.5, {{"0.bias", {1}, {1}}}, {}}));
  }

  void WriteReview() {
    review::Review review;
    review.backbone = "lite0";
    review.basis = "basis";
    review.size_px = 224;
    review.right = 15;
    review.n = records_.dataset.pictures.size();
    review.suspects = {{1, 2, 0.1, 0.9}, {4, 0, 0.2, 0.7}};
    review.curve = {{4, 9, 18}, {8, 12, 18}, {14, 15, 18}};
    review.twice = review::Forecast{0.05, {0.01, 0.08}};
    review.map.resize(records_.dataset.pictures.size(), {0.5f, -0.5f});
    Must(review::WriteReview(folder_, records_.dataset, review));
  }

  void WriteModel() {
    const Bytes model = describe::sample::FloatModel(), quantized = describe::sample::QuantizedModel();
    Json models = Json::array();
    const auto add = [&](const char* file, const char* variant, const char* role, int fold,
                         const Bytes& bytes) {
      Must(WriteFileAtomic(folder_ / "model" / file, bytes));
      models.push_back({{"file", file},
                        {"variant", variant},
                        {"role", role},
                        {"fold", fold},
                        {"bytes", bytes.size()},
                        {"sha256", Sha256(bytes)},
                        {"input", "float32"},
                        {"parameters", 10}});
    };
    add("model.tflite", "float32", "final", -1, model);
    add("quantizedmodel.tflite", "int8", "final", -1, quantized);
    add("fold0.tflite", "float32", "fold", 0, model);
    Json conversion = records_.conversion;
    conversion.update(Json{{"io", "uint8"},
                           {"fit", "crop"},
                           {"size_px", describe::sample::kSizePx},
                           {"labels", records_.dataset.labels},
                           {"models", models}});
    Write("model/conversion.json", "handlens-conversion", conversion);
    Json scores = Json::object();
    for (const int i : records_.split->folds[0].test)
      scores[records_.dataset.pictures[static_cast<size_t>(i)].id] = std::vector<float>{0.5f, 0.25f, 0.25f};
    Write("model/engine_scores.json", "handlens-scores", {{"models", {{"fold0.tflite", scores}}}});
    describe::DescribeResult described;
    described.description.size_px = describe::sample::kSizePx;
    described.description.labels = records_.dataset.labels;
    described.files = {{"model.tflite", Sha256(model), 100}};
    described.proof = {{"model.tflite", "Ash", 6, 5, "Beech", 1}};
    described.rivals = {{"model.tflite", {"Ash", "Beech"}, 12, 10, 1, 0.001}};
    Must(describe::WriteDescription(folder_ / "model/description.json", described, {}));
    Must(WriteFileAtomic(folder_ / "model/preprocess.json", describe::PreprocessJson(described.description)));
  }

  void WriteVerdict() {
    verify::Verdict verdict;
    verdict.labels = records_.dataset.labels;
    verdict.runtime_version = "2.21.0";
    for (const char* name : {"computer", "quantized"}) {
      verify::Route route;
      route.name = name;
      route.status = "done";
      route.scope = "out-of-fold";
      route.model = "folds/fold*.tflite";
      route.kernels = "xnnpack";
      for (size_t i = 0; i < records_.dataset.pictures.size(); ++i) {
        route.pictures.push_back(static_cast<int>(i));
        route.truth.push_back(records_.dataset.pictures[i].label);
        std::vector<float> scores(3, 0.2f);
        scores[(static_cast<size_t>(route.truth.back()) + (i % 5 == 0)) % 3] = 0.6f;
        route.scores.push_back(scores);
      }
      verify::Score(route, 3);
      verdict.routes.push_back(std::move(route));
    }
    verdict.camera = verify::CameraFindings{
        6,
        "built in",
        {{"tilt", "degrees", "tilted", {{0, 0, 6, 5, {0.4, 0.9}, 0.8}, {1, 10, 6, 3, {0.2, 0.8}, 0.5}}}},
        "tilt",
        30,
        0.5,
        {"hold it straight"}};
    verdict.explained = {
        {records_.dataset.pictures[0].id, 0, 1, 0.6,
         std::vector<double>(static_cast<size_t>(verify::kWhyCells * verify::kWhyCells), 0.1)}};
    verdict.files["model.tflite"] = std::string(64, 'a');
    verify::Decide({}, verdict);
    Must(verify::WriteVerdict(folder_ / "verdict.json", verdict, {}));
    std::vector<std::string> paths;
    for (const dataset::Picture& picture : records_.dataset.pictures) paths.push_back(picture.path);
    Must(WriteFileAtomic(folder_ / "predictions.csv", verify::PredictionsCsv(verdict, paths)));
  }

  void WriteOthers() {
    Write("timings.json", "handlens-timings", records_.timings);
    Write("memory.json", "handlens-memory",
          {{"model", "model/quantizedmodel.tflite"},
           {"kernels", "xnnpack"},
           {"answer_bytes", 100000},
           {"process_bytes", 5000000},
           {"median_ms", 1.5},
           {"reference", "r"},
           {"reference_ms", 3},
           {"phones", {{{"phone", "a phone"}, {"low_ms", 2}, {"high_ms", 5}}}}});
    search::OuterFold outer{"m1", 2, 0.9, {{0.8, 0.9}, 17, 20}, 8, 10};
    search::Resampling resampling{
        search::SummarizeRepeats({{{0.8, 0.9}, 17, 20}, {{0.7, 0.9}, 16, 20}}, 9, 9),
        search::SummarizeNested({outer, outer}, 9, 9)};
    Write(search::kResamplingFile, search::kResamplingFormat, search::ToJson(resampling));
    Write("pictures.json", "handlens-pictures", {{"root", "/elsewhere"}, {"labels_file", ""}});
    Must(pipeline::RecordStep(folder_, {"split", {"dataset.json"}, {"split.json"}, "a", {{"folds", 2}}}));
    Must(pipeline::RecordStep(folder_, {"convert", {"split.json", "trials"}, {"model"}, "b"}));
  }

  fs::path folder_;
  report::Records records_;
};

const SampleRun& Run() {
  static const SampleRun run;
  return run;
}

void CheckDataset(const dataset::Dataset& dataset) {
  for (const dataset::Picture& picture : dataset.pictures)
    HL_CHECK(picture.label >= 0 && static_cast<size_t>(picture.label) < dataset.labels.size());
}

void CheckCell(const search::CellResult& cell) {
  (void)search::FinalTrial(cell, 1);
  (void)nn::Cost(cell.candidate.architecture, 1);
  (void)nn::WeightShapes(cell.candidate.architecture);
  for (const train::TrialResult& fold : cell.folds) {
    for (const train::Predictions* part : {&fold.train, &fold.validation, &fold.test})
      HL_CHECK(train::PredictedLabels(*part).size() == part->pictures.size());
  }
}

void ReadSearches() {
  if (const auto search = search::ReadSearch(Run().folder())) {
    for (const search::CellResult& cell : search->cells) CheckCell(cell);
  }
  if (const auto reduce = reduce::ReadReduce(Run().folder())) {
    for (const reduce::ReduceCell& cell : reduce->cells) CheckCell(cell.cell);
  }
}

void ReadTrialFiles() {
  const fs::path folder = Run().folder() / "trials" / Run().trial();
  ReadSearches();
  (void)train::ReadTrialWeights(folder);
  (void)train::ReadState(folder, Run().trial());
}

void ReadShippedFiles() {
  (void)verify::ReadShipped(Run().folder());
  if (const auto text = ReadText(Run().folder() / "model/preprocess.json")) {
    if (const auto description = describe::DescriptionFromJson(*text, "preprocess.json"))
      HL_CHECK(!describe::PreprocessJson(*description).empty() && !describe::Wrappers(*description).empty());
  }
}

void ReadVerdicts() {
  auto record = verify::ReadVerdict(Run().folder());
  (void)verify::ReadMemory(Run().folder());
  if (record) verify::DecideGates(record->rules, record->verdict);
}

void ReadChains() {
  (void)pipeline::RefuseNewerRecords(Run().folder());
  (void)pipeline::ChangedFiles(Run().folder());
  (void)pipeline::RecordedOptions(Run().folder(), "split");
  (void)pipeline::StepIsFresh(Run().folder(), {"convert", {"split.json"}, {"model"}, "b"});
  (void)pipeline::SecondsOf(Run().folder(), "search");
}

void ReadData() {
  const auto dataset = dataset::ReadDataset(Run().folder() / "dataset.json");
  if (!dataset) return;
  CheckDataset(*dataset);
  (void)split::ReadSplit(Run().folder() / "split.json", *dataset);
  (void)review::ReadReview(Run().folder(), *dataset);
  (void)verify::ReadPhoneRun(Run().folder());
}

// All that `report` does but writing.
void Report() {
  auto read = report::ReadRecords(Run().folder());
  if (!read) return;
  const report::Document document = report::MakeDocument(*read);
  HL_CHECK(!report::ToHtml(document).empty());
  for (const report::Section& section : document.sections) {
    for (const report::Block& block : section.blocks) {
      if (const auto* table = std::get_if<report::Table>(&block)) (void)report::ToCsv(*table);
    }
  }
  (void)report::MakeDocument(report::WithoutNames(*std::move(read)));
}

struct Known {
  std::string file, text;
  std::function<void()> read;
};

const std::vector<Known>& Files() {
  static const std::vector<Known> files = [] {
    const std::string trial = "trials/" + Run().trial() + "/";
    std::vector<Known> known;
    for (const auto& [name, read] : std::vector<std::pair<std::string, std::function<void()>>>{
             {"dataset.json", ReadData},
             {"split.json", ReadData},
             {"review.json", ReadData},
             {"pictures.json", ReadData},
             {"search.json", ReadSearches},
             {"reduce.json", ReadSearches},
             {trial + "trial.json", ReadTrialFiles},
             {trial + "camera.json", ReadTrialFiles},
             {trial + "state.bin", ReadTrialFiles},
             {"model/conversion.json", ReadShippedFiles},
             {"model/description.json", ReadShippedFiles},
             {"model/preprocess.json", ReadShippedFiles},
             {"model/engine_scores.json", ReadShippedFiles},
             {"verdict.json", ReadVerdicts},
             {"memory.json", ReadVerdicts},
             {"crossvalidation.json", Report},
             {"predictions.csv", Report},
             {"chain.json", ReadChains},
             {"timings.json", ReadChains}})
      known.push_back({name, ReadText(Run().folder() / name).value(), read});
    return known;
  }();
  return files;
}

const fuzz::Seeds& SomeRecords() {
  static const fuzz::Seeds seeds = [] {
    fuzz::Seeds some;
    for (size_t i = 0; i < Files().size(); ++i) {
      // Without blanks: twice as many fit.
      const Json json = Json::parse(Files()[i].text, nullptr, false);
      some.push_back(static_cast<char>(i) + (json.is_discarded() ? Files()[i].text : json.dump()));
    }
    return some;
  }();
  return seeds;
}

void Put(const std::string& file, std::string_view text) {
  std::ofstream(Run().folder() / file, std::ios::binary | std::ios::trunc) << text;
}

// Whoever changes a record can compute its fingerprint, too.
std::string WithFingerprint(std::string_view text) {
  Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::string(text);
  try {
    dataset::Dataset dataset;
    std::map<std::string, int> numbers;
    for (const Json& label : json.at("labels")) {
      dataset.labels.push_back(label.get<std::string>());
      numbers.emplace(dataset.labels.back(), static_cast<int>(numbers.size()));
    }
    for (const Json& entry : json.at("pictures")) {
      dataset::Picture picture;
      picture.id = entry.at("id").get<std::string>();
      picture.label = numbers.at(entry.at("label").get<std::string>());
      picture.cluster = entry.at("cluster").get<int>();
      dataset.pictures.push_back(std::move(picture));
    }
    json["fingerprint"] = dataset::Fingerprint(dataset);
  } catch (const std::exception&) {
    return std::string(text);
  }
  return json.dump();
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  const size_t changed = fuzz::MutateJson({data, size, max_size, seed}, SomeRecords(), 1);
  if (seed % 4 == 0) data[0] ^= kWithReport;
  return changed;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Known& known = Files()[(data[0] & ~kWithReport) % Files().size()];
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Put(known.file, known.file == "dataset.json" ? WithFingerprint(text) : std::string(text));
  known.read();
  if (data[0] & kWithReport) Report();
  Put(known.file, known.text);
  return 0;
}
