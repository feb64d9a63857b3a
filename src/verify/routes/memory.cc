// Memory of one answer, see memory.h.
#include "verify/routes/memory.h"

#include "base/disk.h"
#include "base/json.h"
#include "base/text.h"
#include "tflite/footprint.h"
#include "verify/phones/routes.h"
#include "verify/routes/phone_time.h"

namespace handlens::verify {
namespace {

constexpr const char* kFile = "memory.json";
constexpr int kReferenceAnswers = 7;  // each takes longer than most models' do

Json ToJson(const std::vector<PhoneTime>& phones) {
  Json list = Json::array();
  for (const PhoneTime& time : phones)
    list.push_back({{"phone", time.phone}, {"low_ms", time.low_ms}, {"high_ms", time.high_ms}});
  return list;
}

}  // namespace

Result<std::optional<Memory>> MeasureMemory(const std::filesystem::path& run, const Shipped& shipped,
                                            Progress& progress) {
  const ModelFile* const packed = PackedModel(shipped);
  if (packed == nullptr) return std::optional<Memory>();
  const auto footprint = tflite::MeasureFootprint(packed->bytes, tflite::Kernels::kXnnpack);
  if (!footprint) {
    progress.Warn(fmt::format("the memory of an answer was not measured: {}", footprint.error().message));
    return std::optional<Memory>();
  }
  Memory memory{"model/" + packed->file, footprint->answer_bytes, footprint->process_bytes,
                footprint->median_ms};
  const auto reference =
      tflite::MeasureFootprint(ReferenceNetwork(), tflite::Kernels::kXnnpack, kReferenceAnswers);
  if (reference) {
    memory.reference_ms = reference->median_ms;
    memory.phones = PhoneTimes(memory.median_ms, memory.reference_ms);
  } else {
    progress.Warn(
        fmt::format("the time of an answer on phones was not estimated: {}", reference.error().message));
  }
  HL_TRY(WriteRecord(run / kFile, "handlens-memory", 1,
                     {{"model", memory.model},
                      {"kernels", "xnnpack"},
                      {"threads", 1},
                      {"answers", footprint->answers},
                      {"answer_bytes", memory.answer_bytes},
                      {"process_bytes", memory.process_bytes},
                      {"median_ms", memory.median_ms},
                      {"reference", kReferenceName},
                      {"reference_ms", memory.reference_ms},
                      {"phones", ToJson(memory.phones)}}));
  return std::optional(memory);
}

std::optional<Memory> ReadMemory(const std::filesystem::path& run) {
  const auto json = ReadRecord(run / kFile, "handlens-memory", 1);
  if (!json) return std::nullopt;
  const auto read = FromJson(*json, kFile, [](const Json& j) {
    return Memory{j.at("model").get<std::string>(), j.at("answer_bytes").get<int64_t>(),
                  j.at("process_bytes").get<int64_t>(), j.at("median_ms").get<double>()};
  });
  return read ? std::optional(*read) : std::nullopt;
}

RuleResult MemoryRule(const Rules& rules, const Verdict& verdict) {
  if (!verdict.memory)
    return {"memory", false, "how much memory an answer takes was not measured",
            "verify again, with handlens_judge beside the program"};
  const Memory& memory = *verdict.memory;
  const bool passed = memory.answer_bytes <= rules.max_memory;
  return {
      "memory", passed,
      fmt::format("one answer of {} takes {} of memory; at most {} are allowed", memory.model,
                  ByteCount(static_cast<double>(memory.answer_bytes)),
                  ByteCount(static_cast<double>(rules.max_memory))),
      passed
          ? ""
          : "smaller pictures (--sizes); a smaller model (`handlens reduce`, --models); the quantized file"};
}

}  // namespace handlens::verify
