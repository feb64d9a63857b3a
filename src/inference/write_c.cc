// The text of model.h and model.c, put together from the embedded pieces, a model's tables and its sequence
// of calls.
#include <algorithm>
#include <map>

#include "base/hash.h"
#include "inference/inference.h"
#include "inference/lower.h"
#include "inference/pieces.h"
#include "inference/tables.h"

namespace handlens::inference {
namespace {

std::string_view Piece(std::string_view name) {
  for (const EmbeddedFile& file : Pieces()) {
    if (file.name == name) return file.text;
  }
  HL_CHECK(false && "an embedded piece is missing");
  return {};
}

std::string Replaced(std::string_view text, std::string_view key, std::string_view value) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t next = text.find(key, at);
    out += text.substr(at, next == std::string_view::npos ? next : next - at);
    if (next == std::string_view::npos) return out;
    out += value;
    at = next + key.size();
  }
}

// A piece without its own #include and #pragma once: it stands within one file.
std::string Inlined(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
    const std::string_view line = text.substr(at, end - at);
    const bool dropped = line.starts_with("#include") || line.starts_with("#pragma once");
    if (!dropped) out += line;
    at = end;
  }
  return out;
}

// GCC joins a product and a sum into one rounding unless it is told -std=c11; pixels.c must not have that.
constexpr std::string_view kIncludes =
    "#if defined(__GNUC__) && !defined(__clang__) && !defined(__STRICT_ANSI__)\n#pragma GCC "
    "optimize(\"fp-contract=off\")\n#endif\n"
    "#include <stddef.h>\n#include <stdint.h>\n#include <string.h>\n\n"
    "#if defined(__GNUC__)\n#define HL_ALIGNED __attribute__((aligned(16)))\n#else\n#define "
    "HL_ALIGNED\n#endif\n";

std::string BufferText(const Lowered& lowered, int tensor) {
  const Place& place = lowered.places[static_cast<size_t>(tensor)];
  return place.picture ? "rgb" : fmt::format("memory + {}", place.offset);
}

// "4, @P@weight_3, 8": fields as C writes them.
std::string FieldsText(const Call& call) {
  const size_t output_at = FactsOf(call.kernel).output_at;
  std::string text;
  for (size_t i = 0; i < call.fields.size(); ++i) {
    const Field& field = call.fields[i];
    text += fmt::format("{}{}", i == 0 ? "" : ", ", i == output_at ? "{" : "");
    text += field.is_table ? std::string(kPrefix) + call.tables[static_cast<size_t>(field.value)].name
                           : fmt::format("{}", field.value);
  }
  return output_at < call.fields.size() ? text + "}" : text;
}

std::string TablesText(const Call& call) {
  std::string text;
  for (const Table& table : call.tables) text += TableText(table);
  const std::string_view type = FactsOf(call.kernel).descriptor;
  return type.empty() ? text
                      : text + fmt::format("static const {} {}op_{} = {{{}}};\n", type, kPrefix, call.index,
                                           FieldsText(call));
}

std::string CallText(const Lowered& lowered, const Call& call) {
  const KernelFacts& facts = FactsOf(call.kernel);
  std::string text =
      fmt::format("  {}({}, ", facts.run,
                  facts.descriptor.empty() ? FieldsText(call) : fmt::format("&{}op_{}", kPrefix, call.index));
  for (const int input : call.inputs) text += BufferText(lowered, input) + ", ";
  return text + BufferText(lowered, call.output) +
         (facts.needs_scratch ? fmt::format(", memory + {}", lowered.tensor_bytes) : "") + ");\n";
}

// The model's tables and its two functions, all names with kPrefix.
std::string BodyText(const Lowered& lowered) {
  std::string text, calls;
  for (const Call& call : lowered.calls) {
    text += TablesText(call) + "\n";
    calls += CallText(lowered, call);
  }
  text += fmt::format("size_t {}arena_bytes(void) {{ return {}; }}\n\n", kPrefix, lowered.arena_bytes);
  // Hexadecimal floats are exact.
  text += fmt::format(
      "int {0}classify(const uint8_t *rgb, void *arena, float *scores) {{\n"
      "  uint8_t *const memory = (uint8_t *)arena;\n"
      "  int best = 0;\n{1}"
      "  for (int i = 0; i < {2}; ++i) {{\n"
      "    scores[i] = {3:a}f * (float)({4}[i] - {5});\n"
      "    if (scores[i] > scores[best]) best = i;\n"
      "  }}\n  return best;\n}}\n",
      kPrefix, calls, lowered.classes, lowered.output_scale, "(" + BufferText(lowered, lowered.output) + ")",
      lowered.output_zero);
  return text;
}

std::string KernelsText(const Lowered& lowered) {
  std::vector<std::string_view> names = {"common.c", "vectors.c", "write.c"};
  for (const Call& call : lowered.calls) {
    for (const std::string_view name : FactsOf(call.kernel).files) {
      if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  std::string text;
  for (const std::string_view name : names) text += std::string(Piece(name)) + "\n";
  return text;
}

std::string HeaderText(const CRequest& request, const Lowered& lowered) {
  std::string text(Piece("model.h.in"));
  const std::pair<std::string_view, std::string> values[] = {
      {"@NAME@", CommentText(request.name)},
      {"@SHA256@", Sha256(request.model)},
      {"@SIDE@", fmt::format("{}", lowered.size_px)},
      {"@ARENA_BYTES@", fmt::format("{}", lowered.arena_bytes)},
      {"@CLASSES@", fmt::format("{}", lowered.classes)},
      {"@NOT_SURE_BELOW@", fmt::format("{:.4f}", request.not_sure_below)},
      {"@POSSIBLE_FROM@", fmt::format("{:.4f}", request.possible_from)},
      {"@REFER_CLASS@", fmt::format("{}", request.refer_class)},
      {"@REFER_FROM@", fmt::format("{:.4f}", request.refer_from)}};
  for (const auto& [key, value] : values) text = Replaced(text, key, value);
  return text;
}

std::string SourceText(const CRequest& request, const Lowered& lowered) {
  std::string text = fmt::format(
      "/* An image classifier in plain C, made by handlens {}; model.h says how it is used. The kernels and "
      "the pixel\n"
      " * contract are handlens' own, Apache License 2.0; tables and calls are the model's. */\n"
      "#include \"model.h\"\n\n{}\n",
      HANDLENS_VERSION, kIncludes);
  text += KernelsText(lowered);
  text += "#define HL_API static HL_UNUSED\n";
  text += Inlined(Piece("pixels.h")) + "\n" + Inlined(Piece("pixels.c"));
  text += fmt::format("\nenum {{ kFit = {} }};\n\n", request.fit) + std::string(Piece("see.c")) + "\n";
  std::string labels;
  for (const std::string& label : request.labels) labels += "    " + Literal(label) + ",\n";
  text += fmt::format("const char *const handlens_labels[HANDLENS_CLASSES] = {{\n{}}};\n\n", labels);
  return text + Replaced(BodyText(lowered), kPrefix, "handlens_");
}

}  // namespace

std::string AllKernels() {
  std::string text(kIncludes);
  for (const std::string_view name :
       {"common.c", "vectors.c", "write.c", "conv.c", "depthwise.c", "pool.c", "max_pool.c", "average_pool.c",
        "mean.c", "pad.c", "add.c", "map.c", "channel_map.c", "softmax.c", "copy.c"}) {
    text += Piece(name);
  }
  return text;
}

Result<std::string> WriteBody(const tflite::Graph& graph, std::string_view prefix) {
  HL_ASSIGN(const Lowered lowered, Lower(graph));
  return Replaced(BodyText(lowered), kPrefix, prefix);
}

Result<CNeeds> NeedsOf(std::span<const uint8_t> model) {
  HL_ASSIGN(const tflite::Graph graph, tflite::ReadGraph(model));
  HL_ASSIGN(const Lowered lowered, Lower(graph));
  return CNeeds{lowered.constant_bytes, lowered.arena_bytes};
}

Result<CModel> WriteC(const CRequest& request) {
  HL_ASSIGN(const tflite::Graph graph, tflite::ReadGraph(request.model));
  HL_ASSIGN(const Lowered lowered, Lower(graph));
  if (request.labels.size() != static_cast<size_t>(lowered.classes)) {
    return Fail(ErrorKind::kBadInput, "the model has {} outputs, but there are {} labels", lowered.classes,
                request.labels.size());
  }
  CModel model;
  model.header = HeaderText(request, lowered);
  model.source = SourceText(request, lowered);
  model.size_px = lowered.size_px;
  model.constant_bytes = lowered.constant_bytes;
  model.arena_bytes = lowered.arena_bytes;
  return model;
}

}  // namespace handlens::inference
