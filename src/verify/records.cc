// The records of the verdict: verdict.json and predictions.csv (docs/formats.md).
#include "base/disk.h"
#include "base/json.h"
#include "base/text.h"
#include "verify/routes/answering.h"
#include "verify/verify.h"
#include "verify/words.h"

namespace handlens::verify {
namespace {

Json ComparisonJson(const Comparison& c) {
  return {{"n", c.n},
          {"max_score_difference", c.max_score_difference},
          {"label_flips", c.label_flips},
          {"flips_beyond_ties", c.flips_beyond_ties},
          {"tolerance", c.tolerance}};
}

Json PerClassJson(const Verdict& verdict, const Route& route) {
  Json rows = Json::array();
  for (size_t c = 0; c < route.per_class.size(); ++c) {
    const ClassScores& s = route.per_class[c];
    rows.push_back({{"label", verdict.labels[c]},
                    {"n", s.support},
                    {"precision", s.precision},
                    {"recall", s.recall},
                    {"f1", s.f1}});
  }
  return rows;
}

Json ConditionsJson(const Route& route) {
  Json rows = Json::array();
  for (const Condition& c : route.conditions) {
    Json row = Json::object();
    for (const auto& [fact, value] : c.facts) row[fact] = value;
    row.update({{"n", c.n}, {"correct", c.correct}, {"ci95", {c.ci95.low, c.ci95.high}}});
    rows.push_back(std::move(row));
  }
  return rows;
}

Json CameraJson(const CameraFindings& camera) {
  Json axes = Json::array();
  for (const CameraCurve& curve : camera.curves) {
    Json points = Json::array();
    for (const CameraPoint& p : curve.points) {
      points.push_back({{"severity", p.severity},
                        {"value", p.value},
                        {"n", p.n},
                        {"correct", p.correct},
                        {"ci95", {p.ci95.low, p.ci95.high}},
                        {"smoothed", p.smoothed}});
    }
    axes.push_back(
        {{"axis", curve.axis}, {"unit", curve.unit}, {"what", curve.what}, {"points", std::move(points)}});
  }
  Json json = {{"pictures", camera.pictures},
               {"backgrounds", camera.backgrounds},
               {"advice", camera.advice},
               {"axes", std::move(axes)}};
  if (!camera.worst_axis.empty())
    json["worst"] = {
        {"axis", camera.worst_axis}, {"value", camera.worst_value}, {"accuracy", camera.worst_accuracy}};
  return json;
}

// What only a phone's route has.
void AddPhoneFacts(const Route& route, Json& json) {
  if (route.computer) {
    json["computer"] = ComparisonJson(*route.computer);
    json["differing_inputs"] = route.differing_inputs;
  }
  if (!route.conditions.empty()) json["conditions"] = ConditionsJson(route);
  if (route.phone >= 0) json["phone"] = route.phone;
}

Json PhoneJson(const PhoneResult& phone) {
  Json json = {{"title", phone.title},
               {"system", phone.system},
               {"app", phone.app},
               {"target", phone.target},
               {"app_version", phone.app_version},
               {"runtime", phone.runtime},
               {"kernels", phone.kernels},
               {"model", "model/" + phone.model_file},
               {"files", phone.files}};
  if (phone.self_check) {
    const PhoneResult::SelfCheck& c = *phone.self_check;
    json["self_check"] = {{"made_at", c.made_at},
                          {"ok", c.ok},
                          {"problems", c.problems},
                          {"golden", c.golden},
                          {"golden_right", c.golden_equal},
                          {"differing_bytes", c.differing_bytes},
                          {"differing_inputs", c.differing_inputs},
                          {"largest_jpeg_difference", c.largest_jpeg_difference},
                          {"delegate", c.delegate}};
  }
  if (phone.photographs) {
    const PhoneResult::Photographs& p = *phone.photographs;
    Json differing = Json::array();
    for (const auto& d : p.differing)
      differing.push_back({{"at", d.at}, {"label", d.label}, {"difference", d.difference}});
    json["photographs"] = {{"judged", p.judged},
                           {"series", p.series},
                           {"differing", p.all_differing},
                           {"largest_differences", differing}};
  }
  if (phone.field_test) {
    const PhoneResult::FieldTest& f = *phone.field_test;
    json["field_test"] = {{"first_at", f.first_at},
                          {"last_at", f.last_at},
                          {"shots", f.shots},
                          {"not_sure", f.not_sure},
                          {"median_ms", f.median_ms}};
  }
  return json;
}

Json RefersJson(const Refers& r) {
  return {{"pictures", r.counts.pictures},
          {"referred", r.counts.referred},
          {"others", r.counts.others},
          {"others_referred", r.counts.others_referred},
          {"roc", r.roc}};
}

Json AnsweredJson(const Answered& a) {
  Json bins = Json::array(), risk = Json::array();
  for (const ReliabilityBin& bin : a.reliability.bins)
    bins.push_back({{"n", bin.n}, {"mean_score", bin.mean_score}, {"accuracy", bin.accuracy}});
  for (const auto& [answered, wrong] : a.risk) risk.push_back({answered, wrong});
  return {{"answered", a.answered},
          {"wrong", a.wrong},
          {"ece", a.reliability.error},
          {"reliability", bins},
          {"risk", risk}};
}

Json RouteJson(const Verdict& verdict, const Route& route) {
  Json json = {{"name", route.name}, {"title", RouteTitle(verdict, route)}, {"status", route.status}};
  if (!route.scope.empty()) json["scope"] = route.scope;
  if (!route.model.empty()) json["model"] = route.model;
  if (route.status != "done") return json;
  json["kernels"] = route.kernels;
  json["n"] = route.n;
  json["correct"] = route.correct;
  json["accuracy"] = route.accuracy;
  json["ci95"] = {route.ci95.low, route.ci95.high};
  if (route.groups > 0) json["groups"] = route.groups;
  json["majority_rate"] = route.majority_rate;
  json["auc"] = route.auc;  // null where no class has both kinds of pictures
  // A field test's shots have no baseline.
  const bool compared = !route.pictures.empty();
  json["agreement"] = compared ? Json(route.agreement) : Json();
  json["only_baseline_right"] = route.only_baseline;
  json["only_this_right"] = route.only_this;
  json["mcnemar_p"] = compared ? Json(route.mcnemar_p) : Json();
  AddPhoneFacts(route, json);
  if (route.answering) json["answering"] = AnsweredJson(*route.answering);
  if (route.refers) json["refer"] = RefersJson(*route.refers);
  if (route.builtin) json["builtin_kernels"] = ComparisonJson(*route.builtin);
  json["per_class"] = PerClassJson(verdict, route);
  json["confusion"] = route.confusion;
  return json;
}

// The words for people (words.h).
Json SummaryJson(const Verdict& verdict) {
  Json json = {{"headline", Headline(verdict)}, {"caveats", Caveats(verdict)}};
  if (const Route* route = MainRoute(verdict)) json["route"] = route->name;
  if (const auto weakest = Weakest(verdict)) {
    json["weakest"] = {{"label", weakest->label},
                       {"n", weakest->n},
                       {"correct", weakest->correct},
                       {"ci95", {weakest->ci95.low, weakest->ci95.high}},
                       {"taken_for", weakest->taken_for}};
  }
  return json;
}

// The figures of one route; what a field test has no baseline for stands as null.
Route ReadRoute(const Json& j) {
  Route route;
  route.name = j.at("name").get<std::string>();
  route.status = j.at("status").get<std::string>();
  route.scope = j.value("scope", "");
  route.model = j.value("model", "");
  if (route.status != "done") return route;
  route.kernels = j.at("kernels").get<std::string>();
  route.n = j.at("n").get<size_t>();
  route.correct = j.at("correct").get<size_t>();
  route.accuracy = j.at("accuracy").get<double>();
  route.ci95 = {j.at("ci95").at(0).get<double>(), j.at("ci95").at(1).get<double>()};
  route.groups = j.value("groups", size_t{0});
  route.majority_rate = j.at("majority_rate").get<double>();
  if (j.at("agreement").is_number()) route.agreement = j.at("agreement").get<double>();
  if (j.at("mcnemar_p").is_number()) route.mcnemar_p = j.at("mcnemar_p").get<double>();
  route.only_baseline = j.at("only_baseline_right").get<size_t>();
  route.only_this = j.at("only_this_right").get<size_t>();
  for (const Json& row : j.at("per_class")) {
    ClassScores scores;
    scores.support = row.at("n").get<decltype(scores.support)>();
    scores.precision = row.at("precision").get<double>();
    scores.recall = row.at("recall").get<double>();
    scores.f1 = row.at("f1").get<double>();
    route.per_class.push_back(scores);
  }
  return route;
}

VerdictRecord ReadVerdictJson(const Json& j) {
  VerdictRecord record;
  Verdict& v = record.verdict;
  v.deployable = j.at("deployable").get<bool>();
  v.reasons = j.at("reasons").get<std::vector<std::string>>();
  v.notes = j.at("notes").get<std::vector<std::string>>();
  v.runtime_version = j.at("runtime").get<std::string>();
  v.quantization = j.value("quantization", "");
  v.labels = j.at("labels").get<std::vector<std::string>>();
  for (const auto& [file, hash] : j.at("files").items()) v.files[file] = hash.get<std::string>();
  v.crossvalidation = j.value("crossvalidation", Json());
  const Json& t = j.at("thresholds");
  record.rules = {t.at("min_accuracy").get<double>(), t.at("min_agreement").get<double>(),
                  t.at("max_engine_difference").get<double>(), t.at("max_bytes").get<int64_t>()};
  if (t.contains("for")) {
    const auto purpose = ParsePurpose(t.at("for").get<std::string>());
    if (purpose) record.rules.purpose = *purpose;
    record.rules.max_camera_loss = t.at("max_camera_loss").get<double>();
  }
  record.rules.max_memory = t.value("max_memory", int64_t{0});
  for (const Json& rule : j.at("rules")) {
    v.rules.push_back({rule.at("rule").get<std::string>(), rule.at("passed").get<bool>(),
                       rule.at("text").get<std::string>(), rule.at("advice").get<std::string>()});
  }
  for (const Json& route : j.at("routes")) v.routes.push_back(ReadRoute(route));
  if (j.contains("camera")) {
    record.guide = j.at("camera").value("guide", "");
    record.guide_number = j.at("camera").value("guide_number", 0);
  }
  if (j.contains("summary") && j.at("summary").contains("weakest")) {
    const Json& w = j.at("summary").at("weakest");
    record.weakest = {.label = w.at("label").get<std::string>(),
                      .taken_for = w.at("taken_for").get<std::string>(),
                      .n = w.at("n").get<size_t>(),
                      .correct = w.at("correct").get<size_t>(),
                      .ci95 = {w.at("ci95").at(0).get<double>(), w.at("ci95").at(1).get<double>()}};
  }
  return record;
}

// What the file, and the cross-validation behind it, say of themselves.
void AddStatements(const Verdict& verdict, Json& record) {
  if (verdict.answering) {
    record["answering"] = describe::ToJson(*verdict.answering);
    record["answering"]["not_sure_below"] = verdict.answering->not_sure_below;
    if (!verdict.strangers.empty()) {
      record["answering"]["strangers"] = {
          {"pictures", verdict.strangers.size()},
          {"not_sure", RefusedAt(verdict.answering->not_sure_below, verdict.strangers)}};
    }
  }
  if (verdict.referral) record["refer"] = describe::ToJson(*verdict.referral);
  if (!verdict.crossvalidation.is_null()) record["crossvalidation"] = verdict.crossvalidation;
}

}  // namespace

Result<VerdictRecord> ReadVerdict(const std::filesystem::path& run) {
  const std::filesystem::path path = run / "verdict.json";
  HL_ASSIGN(Json json, ReadRecord(path, "handlens-verdict", 1));
  HL_ASSIGN(VerdictRecord record, FromJson(json, path.string(), ReadVerdictJson));
  record.json = std::move(json);
  record.verdict.memory = ReadMemory(run);
  for (const char* const model : {"model/quantizedmodel.tflite", "model/model.tflite"}) {
    std::error_code error;
    const uintmax_t bytes = std::filesystem::file_size(run / model, error);
    if (error) continue;
    record.verdict.shipped_bytes = static_cast<int64_t>(bytes);
    break;
  }
  return record;
}

std::string PredictionsCsv(const Verdict& verdict, std::span<const std::string> picture_paths) {
  std::string out = "picture,route,model,label,predicted";
  for (const std::string& label : verdict.labels) out += ',' + CsvCell(label);
  out += '\n';
  for (const Route& route : verdict.routes) {
    for (size_t i = 0; i < route.pictures.size() && i < route.n; ++i) {
      out += fmt::format("{},{},{},{},{}", CsvCell(picture_paths[static_cast<size_t>(route.pictures[i])]),
                         route.name, CsvCell(route.model),
                         CsvCell(verdict.labels[static_cast<size_t>(route.truth[i])]),
                         CsvCell(verdict.labels[static_cast<size_t>(route.predicted[i])]));
      for (const float score : route.scores[i]) out += fmt::format(",{}", score);
      out += '\n';
    }
  }
  return out;
}

Result<void> WriteVerdict(const std::filesystem::path& path, const Verdict& verdict, const Rules& rules) {
  Json record;
  record["deployable"] = verdict.deployable;
  record["summary"] = SummaryJson(verdict);
  record["reasons"] = verdict.reasons;
  record["notes"] = verdict.notes;
  record["runtime"] = verdict.runtime_version;
  if (!verdict.quantization.empty()) record["quantization"] = verdict.quantization;
  record["labels"] = verdict.labels;
  record["files"] = Json::object();
  for (const auto& [file, hash] : verdict.files) record["files"][file] = hash;
  record["thresholds"] = {{"min_accuracy", rules.min_accuracy},
                          {"min_agreement", rules.min_agreement},
                          {"max_engine_difference", rules.max_engine_difference},
                          {"max_bytes", rules.max_bytes},
                          {"for", PurposeName(rules.purpose)},
                          {"max_camera_loss", rules.max_camera_loss}};
  if (rules.max_memory > 0) record["thresholds"]["max_memory"] = rules.max_memory;
  record["rules"] = Json::array();
  for (const RuleResult& rule : verdict.rules) {
    record["rules"].push_back({{"rule", rule.rule},
                               {"passed", rule.passed},
                               {"text", rule.text},
                               {"advice", rule.advice},
                               {"title", RuleTitle(rule.rule)}});
  }
  Json routes = Json::array(), agreement = Json::object(), engine = Json::object();
  for (const Route& route : verdict.routes) {
    routes.push_back(RouteJson(verdict, route));
    if (route.status == "done" && !route.pictures.empty()) agreement[route.name] = route.agreement;
  }
  for (const auto& [file, comparison] : verdict.engine) engine[file] = ComparisonJson(comparison);
  record["agreement"] = agreement;
  record["engine"] = engine;
  record["routes"] = routes;
  AddStatements(verdict, record);
  if (verdict.camera) {
    record["camera"] = CameraJson(*verdict.camera);
    const Guide guide = GuideOf(*verdict.camera);
    if (!guide.name.empty()) record["camera"]["guide"] = guide.name;
    if (guide.number != 0) record["camera"]["guide_number"] = guide.number;
  }
  record["why"] = Json::array();
  for (const Explained& e : verdict.explained) {
    record["why"].push_back({{"picture", e.picture},
                             {"label", verdict.labels[static_cast<size_t>(e.truth)]},
                             {"called", verdict.labels[static_cast<size_t>(e.called)]},
                             {"score", e.score},
                             {"cells", kWhyCells},
                             {"drops", e.drops}});
  }
  record["phones"] = Json::array();
  for (const PhoneResult& phone : verdict.phones) record["phones"].push_back(PhoneJson(phone));
  return WriteRecord(path, "handlens-verdict", 1, record);
}

}  // namespace handlens::verify
