#include "engine.h"

#include <sys/auxv.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace handlens::device {
namespace {

Result<Facts> ReadFacts(const Pack& pack) {
  HL_ASSIGN(const Json app, pack.Record("app.json"));
  HL_ASSIGN(const Json own, pack.Record("pi.json"));
  HL_ASSIGN(Facts facts, FromJson(app, "app.json", [&](const Json& json) {
              const Json& preprocess = json.at("preprocess");
              return Facts{.name = json.at("name"),
                           .program = own.at("program"),
                           .version_name = own.at("version_name"),
                           .model_file = json.at("model_file"),
                           .model_sha256 = json.at("model_sha256"),
                           .input_type = json.at("input_type"),
                           .notice = preprocess.value("notice", ""),
                           .labels = preprocess.at("labels"),
                           .not_sure_below = preprocess.at("not_sure_below")};
            }));
  HL_TRY(FromJson(app, "app.json", [&](const Json& json) -> int {
    const Json answering = json.at("preprocess").value("answering", Json::object());
    if (answering.contains("sets")) facts.possible_from = answering.at("sets").at("from");
    const auto refer = json.at("preprocess").find("refer");
    if (refer == json.at("preprocess").end()) return 0;
    facts.refer_class = refer->at("class").get<size_t>();
    facts.refer_from = refer->at("from");
    return 0;
  }));
  if (facts.refer_class && *facts.refer_class >= facts.labels.size())
    return Fail(ErrorKind::kBadInput, "app.json: a class is to be referred that is none");
  HL_ASSIGN(facts.fit, image::ParseFit(app.at("preprocess").value("fit", "")));
  return facts;
}

// The best first, of equals the first.
std::vector<size_t> PossibleOf(const Facts& facts, const std::vector<float>& scores) {
  std::vector<size_t> labels;
  if (facts.possible_from <= 0) return labels;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (static_cast<double>(scores[i]) >= facts.possible_from) labels.push_back(i);
  }
  std::stable_sort(labels.begin(), labels.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  return labels;
}

}  // namespace

std::string_view WordOf(Say say) {
  return say == Say::kSure ? "sure" : say == Say::kNotSure ? "not-sure" : "refer";
}

Kernels BestKernels() {
#if defined(__aarch64__)
  if ((::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) return {"NEON with SDOT", hl_plan_classify_dotprod};
  return {"NEON", hl_plan_classify};
#else
  return {"no vectors", hl_plan_classify};
#endif
}

Result<std::unique_ptr<Engine>> Engine::Create(const Pack& pack) {
  auto engine = std::make_unique<Engine>();
  HL_ASSIGN(engine->facts_, ReadFacts(pack));
  HL_ASSIGN(const auto bytes, pack.File("model.plan"));
  engine->memory_.resize(bytes.size() / sizeof(Line) + 1);
  std::memcpy(engine->memory_.data(), bytes.data(), bytes.size());
  engine->plan_ = hl_plan_open(engine->memory_.data(), bytes.size());
  if (engine->plan_ == nullptr)
    return Fail(ErrorKind::kBadInput, "the model is not what this program runs; pack it again");
  const size_t labels = engine->facts_.labels.size();
  if (engine->plan_->classes != labels) {
    return Fail(ErrorKind::kBadInput,
                "{} labels, but the model gives {} scores; wrong labels are worse than none", labels,
                engine->plan_->classes);
  }
  engine->arena_.resize(engine->plan_->arena_bytes / sizeof(Line) + 1);
  return engine;
}

Answer Engine::Classify(const image::Image& picture) {
  Answer answer;
  answer.seen = image::ModelInput(picture, side(), facts_.fit);
  answer.scores.resize(facts_.labels.size());
  const auto begun = std::chrono::steady_clock::now();
  const int best = kernels_.classify(plan_, answer.seen.data(), arena_.data(), answer.scores.data());
  answer.milliseconds =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count();
  HL_CHECK(best >= 0);
  answer.best = static_cast<size_t>(best);
  answer.sure = static_cast<double>(answer.scores[answer.best]) >= facts_.not_sure_below;
  const bool refer =
      facts_.refer_class && static_cast<double>(answer.scores[*facts_.refer_class]) >= facts_.refer_from;
  answer.say = refer ? Say::kRefer : answer.sure ? Say::kSure : Say::kNotSure;
  answer.label = refer ? *facts_.refer_class : answer.best;
  if (answer.say == Say::kNotSure) answer.possible = PossibleOf(facts_, answer.scores);
  return answer;
}

}  // namespace handlens::device
