// A plan: the calls and tables of a model as data, which apps/pi/plan.c runs.
#include <cstring>

#include "base/hash.h"
#include "inference/inference.h"
#include "inference/lower.h"
#include "plan.h"

namespace handlens::inference {
namespace {

constexpr size_t kPlanAlignment = 16;

template <class T>
void Append(Bytes& to, const T& value) {
  const auto* const bytes = reinterpret_cast<const uint8_t*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

uint32_t PlaceOf(const Lowered& lowered, int tensor) {
  const Place& place = lowered.places[static_cast<size_t>(tensor)];
  return place.picture ? HL_PICTURE : static_cast<uint32_t>(place.offset);
}

size_t WordsOf(const Call& call) { return 5 + call.fields.size(); }

// A call's head and fields; `table_at` is where its first table will stand.
void AppendCall(const Lowered& lowered, const Call& call, const std::vector<size_t>& table_at, Bytes& to) {
  Append(to, static_cast<uint32_t>(call.kernel));
  for (const size_t k : {size_t{0}, size_t{1}})
    Append(to, call.inputs.size() > k ? PlaceOf(lowered, call.inputs[k]) : HL_PICTURE);
  Append(to, PlaceOf(lowered, call.output));
  Append(to, static_cast<uint32_t>(call.fields.size()));
  for (const Field& field : call.fields)
    Append(to,
           field.is_table ? static_cast<int32_t>(table_at[static_cast<size_t>(field.value)]) : field.value);
}

}  // namespace

Result<Bytes> WritePlan(std::span<const uint8_t> model) {
  HL_ASSIGN(const tflite::Graph graph, tflite::ReadGraph(model));
  HL_ASSIGN(const Lowered lowered, Lower(graph));
  size_t words = 0;
  for (const Call& call : lowered.calls) words += WordsOf(call);
  hl_plan head{};
  std::memcpy(head.magic, "HLPLAN01", sizeof head.magic);
  std::memcpy(head.model_sha256, Sha256(model).data(), sizeof head.model_sha256);
  head.side = static_cast<uint32_t>(lowered.size_px);
  head.classes = static_cast<uint32_t>(lowered.classes);
  head.arena_bytes = static_cast<uint32_t>(lowered.arena_bytes);
  head.scratch = static_cast<uint32_t>(lowered.tensor_bytes);
  head.output = PlaceOf(lowered, lowered.output);
  head.output_scale = lowered.output_scale;
  head.output_zero = lowered.output_zero;
  head.calls = static_cast<uint32_t>(lowered.calls.size());
  Bytes calls, tables;
  const size_t tables_at = (sizeof head + 4 * words + kPlanAlignment - 1) / kPlanAlignment * kPlanAlignment;
  for (const Call& call : lowered.calls) {
    std::vector<size_t> table_at;
    for (const Table& table : call.tables) {
      table_at.push_back(tables_at + tables.size());
      tables.insert(tables.end(), table.bytes.begin(), table.bytes.end());
      tables.resize((tables.size() + kPlanAlignment - 1) / kPlanAlignment * kPlanAlignment);
    }
    AppendCall(lowered, call, table_at, calls);
  }
  head.bytes = static_cast<uint32_t>(tables_at + tables.size());
  Bytes plan;
  Append(plan, head);
  plan.insert(plan.end(), calls.begin(), calls.end());
  plan.resize(tables_at);
  plan.insert(plan.end(), tables.begin(), tables.end());
  return plan;
}

}  // namespace handlens::inference
