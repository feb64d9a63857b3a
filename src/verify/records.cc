// The records of the verdict: verdict.json and predictions.csv (docs/formats.md).
#include "base/disk.h"
#include "base/json.h"
#include "base/text.h"
#include "verify/verify.h"

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
    rows.push_back({{"label", verdict.labels[c]}, {"n", s.support}, {"precision", s.precision}, {"recall", s.recall}, {"f1", s.f1}});
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
      points.push_back({{"severity", p.severity}, {"value", p.value}, {"n", p.n}, {"correct", p.correct}, {"ci95", {p.ci95.low, p.ci95.high}},
                        {"smoothed", p.smoothed}});
    }
    axes.push_back({{"axis", curve.axis}, {"unit", curve.unit}, {"what", curve.what}, {"points", std::move(points)}});
  }
  Json json = {{"pictures", camera.pictures}, {"backgrounds", camera.backgrounds}, {"advice", camera.advice}, {"axes", std::move(axes)}};
  if (!camera.worst_axis.empty()) json["worst"] = {{"axis", camera.worst_axis}, {"value", camera.worst_value}, {"accuracy", camera.worst_accuracy}};
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
  Json json = {{"title", phone.title}, {"system", phone.system}, {"app", phone.app}, {"target", phone.target},
               {"app_version", phone.app_version}, {"runtime", phone.runtime}, {"kernels", phone.kernels},
               {"model", "model/" + phone.model_file}, {"files", phone.files}};
  if (phone.self_check) {
    const PhoneResult::SelfCheck& c = *phone.self_check;
    json["self_check"] = {{"made_at", c.made_at}, {"ok", c.ok}, {"problems", c.problems}, {"golden", c.golden},
                          {"golden_right", c.golden_equal}, {"differing_bytes", c.differing_bytes}, {"differing_inputs", c.differing_inputs},
                          {"largest_jpeg_difference", c.largest_jpeg_difference}, {"delegate", c.delegate}};
  }
  if (phone.field_test) {
    const PhoneResult::FieldTest& f = *phone.field_test;
    json["field_test"] = {{"first_at", f.first_at}, {"last_at", f.last_at}, {"shots", f.shots}, {"not_sure", f.not_sure},
                          {"median_ms", f.median_ms}};
  }
  return json;
}

Json RouteJson(const Verdict& verdict, const Route& route) {
  Json json = {{"name", route.name}, {"status", route.status}};
  if (!route.scope.empty()) json["scope"] = route.scope;
  if (!route.model.empty()) json["model"] = route.model;
  if (route.status != "done") return json;
  json["kernels"] = route.kernels;
  json["n"] = route.n;
  json["correct"] = route.correct;
  json["accuracy"] = route.accuracy;
  json["ci95"] = {route.ci95.low, route.ci95.high};
  json["majority_rate"] = route.majority_rate;
  json["auc"] = route.auc;  // null where no class has both kinds of pictures
  // A field test's shots have no baseline.
  const bool compared = !route.pictures.empty();
  json["agreement"] = compared ? Json(route.agreement) : Json();
  json["only_baseline_right"] = route.only_baseline;
  json["only_this_right"] = route.only_this;
  json["mcnemar_p"] = compared ? Json(route.mcnemar_p) : Json();
  AddPhoneFacts(route, json);
  if (route.builtin) json["builtin_kernels"] = ComparisonJson(*route.builtin);
  json["per_class"] = PerClassJson(verdict, route);
  json["confusion"] = route.confusion;
  return json;
}

}  // namespace

std::string PredictionsCsv(const Verdict& verdict, std::span<const std::string> picture_paths) {
  std::string out = "picture,route,model,label,predicted";
  for (const std::string& label : verdict.labels) out += ',' + CsvCell(label);
  out += '\n';
  for (const Route& route : verdict.routes) {
    for (size_t i = 0; i < route.pictures.size() && i < route.n; ++i) {
      out += fmt::format("{},{},{},{},{}", CsvCell(picture_paths[static_cast<size_t>(route.pictures[i])]), route.name,
                         CsvCell(route.model), CsvCell(verdict.labels[static_cast<size_t>(route.truth[i])]),
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
  record["rules"] = Json::array();
  for (const RuleResult& rule : verdict.rules) {
    record["rules"].push_back({{"rule", rule.rule}, {"passed", rule.passed}, {"text", rule.text}, {"advice", rule.advice}});
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
  if (verdict.camera) record["camera"] = CameraJson(*verdict.camera);
  record["phones"] = Json::array();
  for (const PhoneResult& phone : verdict.phones) record["phones"].push_back(PhoneJson(phone));
  return WriteRecord(path, "handlens-verdict", 1, record);
}

}  // namespace handlens::verify
