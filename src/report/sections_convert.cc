// Making it ready for phones: the four files, what quantization changed, layer by layer; the model's description.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/sections.h"

namespace handlens::report {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kFiles = {{
    {"model.tflite", "float32: the reference"},
    {"model_fp16.tflite", "weights as float16"},
    {"model_dynamic.tflite", "weights as int8, arithmetic in float"},
    {"quantizedmodel.tflite", "all int8: smallest and fastest"},
}};

// The first of several names under which a record may hold a number.
std::optional<double> FirstNumber(const Json& json, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (auto number = NumberAt(json, key)) return number;
  }
  return {};
}

std::string FirstText(const Json& json, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (std::string text = TextAt(json, key); !text.empty()) return text;
  }
  return {};
}

void AddFiles(const Records& records, Section& section) {
  Table table{.id = "model-files", .caption = "The model's files", .columns = {{"File"}, {"What it is"}, {"Size", Align::kNumber}}};
  Json names = Json::array(), sizes = Json::array(), texts = Json::array();
  for (const auto& [name, what] : kFiles) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(records.run / "model" / name, error);
    if (error) continue;
    Cell size = Text(KilobytesText(static_cast<int64_t>(bytes)));
    size.value = bytes;
    table.rows.push_back({Text(std::string(name)), Text(std::string(what)), size});
    names.push_back(name);
    sizes.push_back(static_cast<double>(bytes) / 1024);
    texts.push_back(size.text);
  }
  if (names.empty()) return;
  section.blocks.emplace_back(Chart{.id = "model-files", .kind = "bars", .caption = "The size of each file. 1 KB is 1,024 bytes.",
      .height_px = static_cast<int>(70 + 36 * names.size()),
      .data = {{"categories", names}, {"series", {{{"name", "size"}, {"values", sizes}, {"texts", texts}}}}, {"x_name", "KB"}, {"unit", "KB"}}});
  section.blocks.emplace_back(std::move(table));
}

// One row for each record of a list, one column for each key that holds a scalar: shows what a writer wrote.
Table Generic(std::string id, std::string caption, const Json& list) {
  Table table{.id = std::move(id), .caption = std::move(caption), .columns = {}};
  for (const Json& entry : list) {
    for (const auto& [key, value] : entry.items()) {
      const bool known = std::any_of(table.columns.begin(), table.columns.end(), [&](const Column& c) { return c.name == key; });
      if (!known && value.is_primitive()) table.columns.push_back({key, value.is_number() ? Align::kNumber : Align::kText});
    }
  }
  for (const Json& entry : list) {
    std::vector<Cell> row;
    for (const Column& column : table.columns) {
      const Json& value = At(entry, column.name);
      Cell cell = value.is_number_float() ? Number(value.get<double>(), 4) : value.is_number_integer() ? Count(value.get<int64_t>()) : Text(Printed(value));
      row.push_back(std::move(cell));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

void AddLayers(const Records& records, Section& section) {
  const Json& layers = At(records.conversion, "layers");
  if (!layers.is_array() || layers.empty()) return;
  Table table{.id = "quantization-layers", .caption = "Quantization, layer by layer",
              .columns = {{"Layer"}, {"Lowest value", Align::kNumber}, {"Highest value", Align::kNumber}, {"Scale", Align::kNumber}, {"Zero point", Align::kNumber},
                          {"SQNR in dB", Align::kNumber}}, .fold = Fold::kClosed};
  Json names = Json::array(), sqnr = Json::array();
  for (const Json& layer : layers) {
    const auto number = [&](const char* key, int decimals) { return NumberAt(layer, key) ? Number(*NumberAt(layer, key), decimals) : Missing(); };
    std::string name = TextAt(layer, "name");
    table.rows.push_back({Text(name), number("low", 3), number("high", 3), number("scale", 6), number("zero_point", 0), number("sqnr_db", 1)});
    if (!NumberAt(layer, "sqnr_db")) continue;
    names.push_back(std::move(name));
    sqnr.push_back(*NumberAt(layer, "sqnr_db"));
  }
  if (!names.empty()) {
    section.blocks.emplace_back(Chart{.id = "sqnr", .kind = "bars",
        .caption = "How faithfully each layer survives quantization: signal to quantization noise, in decibels; every 6 dB is one bit. A short bar is a layer that suffers.",
        .height_px = static_cast<int>(70 + 26 * names.size()),
        .data = {{"categories", names}, {"series", {{{"name", "SQNR"}, {"values", sqnr}}}}, {"x_name", "dB"}, {"unit", "dB"}}});
  }
  section.blocks.emplace_back(std::move(table));
}

void AddAgreement(const Records& records, Section& section) {
  const Json& agreement = At(records.conversion, "agreement");
  if (agreement.is_number()) {
    section.blocks.emplace_back(Facts{{{PercentText(agreement.get<double>()), "same answer, float and quantized", ""}}});
  } else if (agreement.is_array() && !agreement.empty() && agreement[0].is_object()) {
    section.blocks.emplace_back(Generic("agreement", "Do the files give the same answers?", agreement));
  } else if (agreement.is_object()) {
    const auto share = FirstNumber(agreement, {"share", "agreement", "float_int8", "int8"});
    const auto n = FirstNumber(agreement, {"n", "pictures"});
    if (share) {
      std::string detail = n ? fmt::format("n = {}", Thousands(static_cast<int64_t>(*n))) : "";
      if (n) {
        const double same = NumberAt(agreement, "same").value_or(*share * *n);
        detail += "; 95 % interval " + RangeText(Wilson95(static_cast<size_t>(same + 0.5), static_cast<size_t>(*n)));
      }
      section.blocks.emplace_back(Facts{{{PercentText(*share), "same answer, float and quantized", detail}}});
    }
    Table table{.id = "agreement", .caption = "Do the files give the same answers?", .columns = {{"What"}, {"Value", Align::kNumber}}};
    for (const auto& [key, value] : agreement.items()) table.rows.push_back({Text(key), Text(Printed(value))});
    section.blocks.emplace_back(std::move(table));
  }
}

// The paper's Table 2, and the proof that label i of the file is class i of the model.
void AddDescription(const Records& records, Section& section) {
  Table table{.id = "metadata", .caption = "What the model says about itself", .columns = {{"Field"}, {"Value"}}, .fold = Fold::kClosed};
  const Json& model = At(records.description, "model");
  for (const auto& [key, value] : model.items()) table.rows.push_back({Text(key), Text(Printed(value))});
  if (!table.rows.empty()) section.blocks.emplace_back(std::move(table));
  const Json& proof = At(records.description, "proof");
  const Json& passed = At(proof, "passed");
  if (passed.is_boolean()) {
    const bool proven = passed.get<bool>();
    section.blocks.emplace_back(Note{proven ? Tone::kPlain : Tone::kBad, "The order of the labels",
        {proven ? "Proven: for every class the shipped file gave a picture of that class that class's own label."
                : "Not proven for: " + Printed(At(proof, "unproven")) + ". The app may show the wrong name."}});
  }
  const Json& rows = At(proof, "rows");
  if (rows.is_array() && !rows.empty() && rows[0].is_object()) {
    Table proofs = Generic("label-proof", "The pictures of this proof", rows);
    proofs.fold = Fold::kClosed;
    section.blocks.emplace_back(std::move(proofs));
  }
}

}  // namespace

Section ConvertSection(const Records& records) {
  Section section{.id = "convert", .title = "Making it ready for phones", .lead = "The same model as files that phones run, and what was lost by making them smaller.", .blocks = {}};
  if (records.conversion.is_null()) {
    section.blocks.emplace_back(NotRunYet(records, "convert RUN"));
    return section;
  }
  AddFiles(records, section);
  AddAgreement(records, section);
  if (const Json& models = At(records.conversion, "models"); models.is_array() && !models.empty() && models[0].is_object()) {
    Table table = Generic("conversions", "How each file was made", models);
    table.fold = Fold::kClosed;
    section.blocks.emplace_back(std::move(table));
  }
  if (const std::string method = FirstText(records.conversion, {"method", "quantization"}); !method.empty()) {
    section.blocks.emplace_back(Paragraph{"Quantization: " + method + "."});
  }
  AddLayers(records, section);
  AddDescription(records, section);
  return section;
}

}  // namespace handlens::report
