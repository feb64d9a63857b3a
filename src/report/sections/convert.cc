// Making it ready for phones: the four files, what quantization changed, layer by layer; the model's
// description.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kFiles = {{
    {"model.tflite", "float32, the reference"},
    {"model_fp16.tflite", "weights as float16"},
    {"model_dynamic.tflite", "weights as int8, arithmetic in float"},
    {"quantizedmodel.tflite", "all int8, smallest and fastest"},
}};

void AddFiles(const Records& records, Section& section) {
  Table table{.id = "model-files",
              .caption = "The model's files",
              .columns = {{"File"}, {"What it is"}, {"Size", Align::kNumber}}};
  for (const auto& [name, what] : kFiles) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(records.run / "model" / name, error);
    if (error) continue;
    Cell size = Text(ByteCount(static_cast<double>(bytes)));
    size.value = bytes;
    table.rows.push_back({Text(std::string(name)), Text(std::string(what)), size});
  }
  if (table.rows.empty()) return;
  section.blocks.emplace_back(std::move(table));
}

// One row for each record of a list, one column for each key that holds a scalar: shows what a writer wrote.
Table Generic(std::string id, std::string caption, const Json& list) {
  Table table{.id = std::move(id), .caption = std::move(caption), .columns = {}};
  for (const Json& entry : list) {
    for (const auto& [key, value] : entry.items()) {
      const bool known = std::any_of(table.columns.begin(), table.columns.end(),
                                     [&name = key](const Column& c) { return c.name == name; });
      if (!known && value.is_primitive())
        table.columns.push_back({key, value.is_number() ? Align::kNumber : Align::kText});
    }
  }
  for (const Json& entry : list) {
    std::vector<Cell> row;
    for (const Column& column : table.columns) {
      const Json& value = At(entry, column.name);
      Cell cell = value.is_number_float()     ? Number(value.get<double>(), 4)
                  : value.is_number_integer() ? Count(value.get<int64_t>())
                                              : Text(Printed(value));
      row.push_back(std::move(cell));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

void AddLayers(const Records& records, Section& section) {
  const Json& layers = At(records.conversion, "layers");
  if (!layers.is_array() || layers.empty()) return;
  Table table{.id = "quantization-layers",
              .caption = "Quantization, layer by layer",
              .columns = {{"Layer"},
                          {"Lowest value", Align::kNumber},
                          {"Highest value", Align::kNumber},
                          {"Scale", Align::kNumber},
                          {"Zero point", Align::kNumber},
                          {"SQNR in dB", Align::kNumber}},
              .fold = Fold::kClosed};
  Json names = Json::array(), sqnr = Json::array();
  for (const Json& layer : layers) {
    const auto number = [&](const char* key, int decimals) {
      return NumberAt(layer, key) ? Number(*NumberAt(layer, key), decimals) : Missing();
    };
    std::string name = TextAt(layer, "name");
    table.rows.push_back({Text(name), number("low", 3), number("high", 3), number("scale", 6),
                          number("zero_point", 0), number("sqnr_db", 1)});
    if (!NumberAt(layer, "sqnr_db")) continue;
    names.push_back(std::move(name));
    sqnr.push_back(*NumberAt(layer, "sqnr_db"));
  }
  if (!names.empty()) {
    section.blocks.emplace_back(
        Chart{.id = "sqnr",
              .kind = "bars",
              .caption = "How well each layer keeps its values as int8: signal against rounding noise (SQNR) "
                         "in decibels; 6 dB are one bit. A short bar is a layer that suffers.",
              .height_px = static_cast<int>(70 + 26 * names.size()),
              .data = {{"categories", names},
                       {"series", {{{"name", "SQNR"}, {"values", sqnr}}}},
                       {"x_name", "dB"},
                       {"unit", "dB"}},
              .fold = Fold::kClosed});
  }
  section.blocks.emplace_back(std::move(table));
}

// How often float and int8 give the same answer, by the official runtime; test pictures pooled over folds.
void AddAgreement(const Records& records, Section& section) {
  const Json& list = At(records.conversion, "agreement");
  if (!list.is_array() || list.empty()) return;
  Table table{.id = "agreement",
              .caption = "Do the float and the quantized file give the same answers?",
              .columns = {{"Pictures"},
                          {"Fold", Align::kNumber},
                          {"n", Align::kNumber},
                          {"Same answer", Align::kNumber},
                          {"95 % interval", Align::kNumber},
                          {"Float right", Align::kNumber},
                          {"Quantized right", Align::kNumber}}};
  size_t n_test = 0, agree_test = 0;
  for (const Json& row : list) {
    const auto count = [&](const char* key) {
      return static_cast<size_t>(std::max(0.0, NumberAt(row, key).value_or(0)));
    };
    const size_t n = count("n"), agree = count("agree");
    if (n == 0) continue;
    const double fold = NumberAt(row, "fold").value_or(-1);
    const auto share = [n](size_t part) {
      return Percent(static_cast<double>(part) / static_cast<double>(n));
    };
    table.rows.push_back(
        {Text(TextAt(row, "pictures")),
         fold < 0 ? Text("the model that is shipped") : Count(static_cast<int64_t>(fold) + 1),
         Count(static_cast<int64_t>(n)), share(agree), Range(Wilson95(agree, n)),
         share(count("float_correct")), share(count("quantized_correct"))});
    if (TextAt(row, "pictures") != "test") continue;
    n_test += n;
    agree_test += agree;
  }
  if (n_test > 0) {
    section.blocks.emplace_back(Facts{
        {{PercentText(static_cast<double>(agree_test) / static_cast<double>(n_test)),
          "same answer, float and quantized",
          fmt::format("{} of {} test pictures; 95 % interval {}", Thousands(static_cast<int64_t>(agree_test)),
                      Thousands(static_cast<int64_t>(n_test)), RangeText(Wilson95(agree_test, n_test)))}}});
  }
  if (!table.rows.empty()) section.blocks.emplace_back(std::move(table));
}

// The paper's Table 2, and the proof that label i of the file is class i of the model.
void AddDescription(const Records& records, Section& section) {
  Table table{.id = "metadata",
              .caption = "What the model says about itself",
              .columns = {{"Field"}, {"Value"}},
              .fold = Fold::kClosed};
  const Json& model = At(records.description, "model");
  for (const auto& [key, value] : model.items()) table.rows.push_back({Text(key), Text(Printed(value))});
  if (!table.rows.empty()) section.blocks.emplace_back(std::move(table));
  const Json& proof = At(records.description, "proof");
  const Json& passed = At(proof, "passed");
  if (passed.is_boolean()) {
    const bool proven = passed.get<bool>();
    section.blocks.emplace_back(Note{
        proven ? Tone::kPlain : Tone::kBad,
        "The order of the labels",
        {proven ? "Proven. For every file, any other order of the names would make fewer training pictures "
                  "right, by more than chance explains."
                : "Not proven for: " + Printed(At(proof, "unproven")) + ". The app may show a wrong name."}});
  }
  const Json& rows = At(proof, "rows");
  if (rows.is_array() && !rows.empty() && rows[0].is_object()) {
    Table proofs = Generic("label-proof", "What each file says of training pictures of each class", rows);
    proofs.fold = Fold::kClosed;
    section.blocks.emplace_back(std::move(proofs));
  }
  const Json& rivals = At(proof, "rivals");
  if (rivals.is_array() && !rivals.empty() && rivals[0].is_object()) {
    Table others =
        Generic("label-rivals", "The order of labels that comes nearest to each file's own", rivals);
    others.fold = Fold::kClosed;
    section.blocks.emplace_back(std::move(others));
  }
}

// What validation pictures said of each method that was tried, where handlens chose.
std::string WhyThatMethod(const Json& conversion) {
  std::string text;
  const Json& tried = At(conversion, "validation");
  for (const Json& one : tried.is_array() ? tried : Json::array()) {
    const Json &n = At(one, "n"), &right = At(one, "quantized_correct"), &plain = At(one, "float_correct");
    if (!n.is_number_unsigned() || !right.is_number_unsigned() || !plain.is_number_unsigned()) continue;
    text += fmt::format(" On {} validation pictures {} was right for {}, the float models for {}.",
                        n.get<size_t>(), TextAt(one, "method"), right.get<size_t>(), plain.get<size_t>());
  }
  return text;
}

}  // namespace

Section ConvertSection(const Records& records) {
  Section section{.id = "convert",
                  .title = "Making it ready for phones",
                  .lead = "The same model as files for phones, and what making them smaller has cost.",
                  .blocks = {}};
  if (records.conversion.is_null()) {
    section.made_by = "convert RUN";
    return section;
  }
  AddFiles(records, section);
  AddAgreement(records, section);
  if (const Json& models = At(records.conversion, "models");
      models.is_array() && !models.empty() && models[0].is_object()) {
    Table table = Generic("conversions", "How each file was made", models);
    table.fold = Fold::kClosed;
    section.blocks.emplace_back(std::move(table));
  }
  if (const std::string method = TextAt(records.conversion, "method"); !method.empty()) {
    section.blocks.emplace_back(
        Paragraph{"How it was quantized: " + method + "." + WhyThatMethod(records.conversion)});
  }
  AddLayers(records, section);
  AddDescription(records, section);
  return section;
}

}  // namespace handlens::report
