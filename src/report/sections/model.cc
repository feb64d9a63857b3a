// The chosen model: its layers, its hyper-parameters, its augmentation (the paper's Tables 1 and 9 to 13).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

std::string Words(const nn::LayerSpec& layer) {
  const std::string stride = layer.stride > 1 ? fmt::format(", stride {}", layer.stride) : "";
  switch (layer.kind) {
    case nn::LayerKind::kNormalize: return "fitted mean and standard deviation of each colour";
    case nn::LayerKind::kConv:
      return fmt::format("{} filters of {} × {}{}", layer.units, layer.kernel, layer.kernel, stride);
    case nn::LayerKind::kDepthwise:
      return fmt::format("{} × {}, one filter a channel{}", layer.kernel, layer.kernel, stride);
    case nn::LayerKind::kDense: return fmt::format("{} neurons", layer.units);
    case nn::LayerKind::kMaxPool:
    case nn::LayerKind::kAvgPool:
      return fmt::format("pool size {} × {}{}", layer.kernel, layer.kernel, stride);
    case nn::LayerKind::kDropout: return fmt::format("rate {:.2g}", layer.rate);
    default: return "";
  }
}

const char* KindName(nn::LayerKind kind) {
  switch (kind) {
    case nn::LayerKind::kNormalize: return "Normalisation";
    case nn::LayerKind::kConv: return "Convolution";
    case nn::LayerKind::kDepthwise: return "Depthwise convolution";
    case nn::LayerKind::kDense: return "Fully connected";
    case nn::LayerKind::kBatchNorm: return "Batch normalisation";
    case nn::LayerKind::kRelu: return "ReLU";
    case nn::LayerKind::kRelu6: return "ReLU6";
    case nn::LayerKind::kMaxPool: return "Max pooling";
    case nn::LayerKind::kAvgPool: return "Average pooling";
    case nn::LayerKind::kGlobalAvgPool: return "Global average pooling";
    case nn::LayerKind::kDropout: return "Dropout";
    case nn::LayerKind::kAdd: return "Sum of two layers";
    case nn::LayerKind::kFakeQuantize: return "Rounding to int8";
  }
  return "";
}

Table Architecture(const nn::ModelSpec& spec) {
  Table table{.id = "architecture",
              .caption = "Architecture, layer by layer",
              .columns = {{"Layer", Align::kNumber},
                          {"Kind"},
                          {"Parameters"},
                          {"Output (height × width × channels)"}},
              .fold = Fold::kClosed,
              .row_headers = false};
  const auto shapes = nn::InferShapes(spec);
  table.rows.push_back({Count(0), Text("Picture"), Text("red, green, blue from 0 to 1"),
                        Text(fmt::format("{} × {} × 3", spec.size_px, spec.size_px))});
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    Cell shape = Missing();
    if (shapes)
      shape =
          Text(fmt::format("{} × {} × {}", (*shapes)[i].height, (*shapes)[i].width, (*shapes)[i].channels));
    table.rows.push_back({Count(static_cast<int64_t>(i + 1)), Text(KindName(spec.layers[i].kind)),
                          Text(Words(spec.layers[i])), shape});
  }
  table.rows.push_back({Count(static_cast<int64_t>(spec.layers.size() + 1)), Text("Softmax"),
                        Text("scores that sum to 1"), Text(fmt::format("{} classes", spec.classes))});
  return table;
}

std::string OptimizerWords(const nn::Optimizer& optimizer) {
  switch (optimizer.kind) {
    case nn::OptimizerKind::kSgd: return "SGD";
    case nn::OptimizerKind::kMomentum:
      return fmt::format("SGD with {}momentum {:.3g}", optimizer.nesterov ? "Nesterov " : "",
                         optimizer.momentum);
    case nn::OptimizerKind::kAdam:
      return fmt::format("Adam (beta {:.3g}, {:.4g})", optimizer.beta1, optimizer.beta2);
  }
  return "";
}

Table HyperParameters(const search::CellResult& cell) {
  const train::Recipe& recipe = cell.candidate.recipe;
  Table table{.id = "hyper-parameters",
              .caption = "Hyper-parameters",
              .columns = {{"Hyper-parameter"}, {"Value"}},
              .fold = Fold::kClosed};
  const auto add = [&](const char* name, std::string value) {
    table.rows.push_back({Text(name), Text(std::move(value))});
  };
  add("Batch size", fmt::format("{}", recipe.batch));
  add("Epochs", fmt::format("{}", recipe.epochs));
  add("Optimizer", OptimizerWords(recipe.optimizer));
  add("Learning rate", fmt::format("{:.4g}", recipe.learning_rate));
  add("Schedule", recipe.schedule == train::Schedule::kCosine ? "cosine to zero" : "constant");
  add("Warm-up", fmt::format("{:.3g} epochs", recipe.warmup_epochs));
  add("Weight decay", fmt::format("{:.3g}", recipe.optimizer.weight_decay));
  add("Label smoothing", fmt::format("{:.3g}", recipe.label_smoothing));
  add("Early stopping",
      recipe.early_stop_patience > 0
          ? fmt::format("after {} epochs without a better validation loss", recipe.early_stop_patience)
          : "none");
  add("Weights kept", recipe.keep_best ? "of the best validation epoch" : "of the last epoch");
  add("Loss", recipe.class_weights ? "cross-entropy, each class counts alike" : "cross-entropy");
  add("Metric", "accuracy");
  if (!cell.folds.empty()) add("Seed", fmt::format("{}", cell.folds[0].spec.seed));
  return table;
}

Table Augmentation(const image::GeneratorSpec& generator) {
  Table table{.id = "augmentation",
              .caption = fmt::format("Augmentation: {}", generator.name),
              .columns = {{"Variation"}, {"Range"}}};
  const auto add = [&](const char* name, std::string value) {
    table.rows.push_back({Text(name), Text(std::move(value))});
  };
  const auto number = [&](const char* name, float value, const char* form) {
    if (value != 0) add(name, fmt::format(fmt::runtime(form), value));
  };
  add("Rescaling", "bytes 0 – 255 become 0 – 1");
  number("Rotation", generator.rotation_deg, "up to {:.3g}°");
  if (generator.brightness_low != 1 || generator.brightness_high != 1) {
    add("Brightness", fmt::format("× {:.3g} to {:.3g}", generator.brightness_low, generator.brightness_high));
  }
  if (generator.flip_horizontal) add("Mirrored left to right", "at random");
  if (generator.flip_vertical) add("Mirrored top to bottom", "at random");
  number("Zoom", generator.zoom, "1 ± {:.3g}");
  number("Shear", generator.shear_deg, "up to {:.3g}°");
  number("Horizontal shift", generator.shift_x, "up to {:.3g} of the width");
  number("Vertical shift", generator.shift_y, "up to {:.3g} of the height");
  if (generator.featurewise)
    add("Normalisation", "mean and standard deviation fitted on training pictures, shipped inside the model");
  if (generator.crop_area_low < 1)
    add("Random crop", fmt::format("{:.0f} – 100 % of the area", 100 * generator.crop_area_low));
  number("Gain", generator.gain, "factor up to 1 + {:.3g}");
  number("Gamma", generator.gamma, "factor up to 1 + {:.3g}");
  number("White balance", generator.white_balance, "factor up to 1 + {:.3g} a colour");
  number("Contrast", generator.contrast, "factor up to 1 + {:.3g}");
  if (generator.camera_share > 0) {
    add("Simulated camera",
        fmt::format("{:.0f} % of pictures; fills {:.2g} – {:.2g} of the frame, tilt up to {:.3g}°, shift up "
                    "to {:.2g}",
                    100 * generator.camera_share, generator.camera_fill_low, generator.camera_fill_high,
                    generator.camera_tilt_deg, generator.camera_shift));
  }
  number("Blur", generator.blur_px, "up to {:.3g} px");
  number("Noise", generator.noise, "up to {:.3g}");
  return table;
}

// Phones by their memory, and the share of it that an app should stay below. Chosen, not measured: when
// memory runs short, Android ends the apps that take most.
struct PhoneClass {
  const char* name;
  double memory_bytes;
};
constexpr PhoneClass kPhones[] = {{"1 GB: the smallest Android Go phones", 1e9},
                                  {"2 GB: Android Go phones", 2e9},
                                  {"4 GB: cheap phones of today", 4e9},
                                  {"8 GB: phones of the middle class", 8e9}};
constexpr double kShare = 1.0 / 8;
constexpr double kSmallNetwork = 2;  // beyond the range of the chosen model's times; chosen

// Of one answer's forward pass; nothing for a spec that cannot be counted.
std::optional<int64_t> MultiplyAdds(const search::CellResult& cell) {
  const nn::ModelSpec& trained = cell.folds.empty() ? cell.candidate.architecture : cell.folds[0].trained;
  const auto cost = nn::Cost(trained.layers.empty() ? cell.candidate.architecture : trained, 1);
  return cost ? std::optional(cost->multiply_adds) : std::nullopt;
}

// The chosen cell, then those of the reduction (of the search, where there is none) that take fewer
// multiply-adds, from the best on validation pictures down.
std::vector<const search::CellResult*> ChosenAndSmaller(const Records& records) {
  constexpr size_t kMost = 6;
  const search::CellResult* const chosen = FinalCell(records);
  std::vector<const search::CellResult*> cells;
  if (records.reduce) {
    for (const reduce::ReduceCell& cell : records.reduce->cells) cells.push_back(&cell.cell);
  } else if (records.search) {
    for (const search::CellResult& cell : records.search->cells) cells.push_back(&cell);
  }
  std::erase_if(cells, [&](const search::CellResult* cell) {
    return cell == chosen || cell->folds.empty() ||
           MultiplyAdds(*cell).value_or(0) >= MultiplyAdds(*chosen).value_or(0);
  });
  std::stable_sort(cells.begin(), cells.end(), [](const auto* a, const auto* b) {
    return a->validation_accuracy.mean > b->validation_accuracy.mean;
  });
  cells.insert(cells.begin(), chosen);
  if (cells.size() > kMost) cells.resize(kMost);
  return cells;
}

// Two figures of each: "4.2", "17", "540".
std::string TwoFigures(double ms) {
  const double unit = ms < 10 ? 0.1 : std::pow(10.0, std::max(0.0, std::floor(std::log10(ms)) - 1));
  return ms < 10 ? fmt::format("{:.1f}", ms) : fmt::format("{:.0f}", std::round(ms / unit) * unit);
}

std::string RangeOfTimes(double low_ms, double high_ms) {
  return TwoFigures(low_ms) + " to " + TwoFigures(high_ms) + " ms";
}

void AddTimes(const Records& records, Section& section) {
  const Json& phones = At(records.memory, "phones");
  const search::CellResult* const chosen = FinalCell(records);
  const int64_t all = chosen == nullptr ? 0 : MultiplyAdds(*chosen).value_or(0);
  if (!phones.is_array() || phones.empty() || all == 0) return;
  Table table{
      .id = "time-phones",
      .caption = fmt::format(
          "Time of one answer on phones, one core: estimated, not tried on a phone. {} took {:.1f} ms "
          "on this computer; its times on phones are published (XNNPACK, EfficientNet-Lite), and the "
          "model is taken to be as much faster or slower there. The ends of the range are half and "
          "twice as long, since another network uses a core better or worse. Smaller models of this "
          "run were not timed: theirs follow from their multiply-adds, and the upper end is four "
          "times as long, since small networks use a core worse",
          TextAt(records.memory, "reference"), NumberAt(records.memory, "reference_ms").value_or(0)),
      .columns = {{"Model"}, {"Million multiply-adds", Align::kNumber}},
      .fold = Fold::kClosed};
  for (const Json& phone : phones) table.columns.push_back({TextAt(phone, "phone"), Align::kNumber});
  for (const search::CellResult* cell : ChosenAndSmaller(records)) {
    const double share = static_cast<double>(MultiplyAdds(*cell).value_or(0)) / static_cast<double>(all);
    Cell name = Text(fmt::format("{}, {} px", cell->candidate.model, cell->candidate.size_px));
    if (cell == chosen) name.mark = "chosen";
    std::vector<Cell> row = {name, Text(fmt::format("{:.3g}", share * static_cast<double>(all) / 1e6))};
    for (const Json& phone : phones) {
      const double low = NumberAt(phone, "low_ms").value_or(0), high = NumberAt(phone, "high_ms").value_or(0);
      row.push_back(Text(
          RangeOfTimes(share * low, cell == chosen ? high : std::min(high, kSmallNetwork * share * high))));
    }
    table.rows.push_back(std::move(row));
  }
  section.blocks.emplace_back(std::move(table));
}

void AddMemory(const Records& records, Section& section) {
  const auto answer = NumberAt(records.memory, "answer_bytes"),
             process = NumberAt(records.memory, "process_bytes"),
             time_ms = NumberAt(records.memory, "median_ms");
  if (!answer || !process || !time_ms) return;
  const std::string model = TextAt(records.memory, "model");
  section.blocks.emplace_back(
      Facts{{{ByteCount(*answer), "memory of one answer",
              fmt::format("{}: the model, what the runtime packs of it, every layer's output", model)},
             {ByteCount(*process), "the whole process", "with the runtime's library, on this computer"},
             {fmt::format("{:.1f} ms", *time_ms), "one answer",
              "on this computer, one thread, the phone's kernels (XNNPACK)"}}});
  Table table{.id = "memory-phones",
              .caption =
                  "Whether it fits a phone: an estimate. The same runtime allocates the same tensors on a "
                  "phone, so what one answer takes was measured here; "
                  "that an app should stay below an eighth of the phone's memory is a rule of thumb. The "
                  "camera's frames and the app's screens come on top",
              .columns = {{"Phone's memory"},
                          {"An eighth of it", Align::kNumber},
                          {"Share taken by an answer, %", Align::kNumber},
                          {"Fits"}},
              .fold = Fold::kClosed};
  for (const PhoneClass& phone : kPhones) {
    const double room = kShare * phone.memory_bytes;
    table.rows.push_back({Text(phone.name), Text(ByteCount(room)), Percent(*answer / room),
                          Text(*answer <= room ? "yes" : "no")});
  }
  section.blocks.emplace_back(std::move(table));
  AddTimes(records, section);
}

void AddPlainC(const Records& records, Section& section) {
  if (!records.plain_c) return;
  section.blocks.emplace_back(
      Facts{{{ByteCount(static_cast<double>(records.plain_c->constant_bytes)), "flash on a small device",
              "weights and tables of the quantized model as plain C (app --target c), without the program"},
             {ByteCount(static_cast<double>(records.plain_c->arena_bytes)), "memory on a small device",
              "what the plain C works in for one answer; the picture comes on top"}}});
}

}  // namespace

Section ModelSection(const Records& records) {
  Section section{.id = "model",
                  .title = "The chosen model",
                  .lead = "What is shipped, and how it was trained.",
                  .blocks = {}};
  const search::CellResult* cell = FinalCell(records);
  if (cell == nullptr) {
    section.made_by = "search RUN";
    return section;
  }
  const search::Candidate& candidate = cell->candidate;
  const nn::ModelSpec& spec = cell->folds.empty() ? candidate.architecture : cell->folds[0].trained;
  section.blocks.emplace_back(
      Facts{{{candidate.model, "model", ""},
             {fmt::format("{} × {}", candidate.size_px, candidate.size_px), "picture size in pixels", ""},
             {candidate.generator.name, "augmentation", ""},
             {Thousands(cell->parameters), "parameters", ""}}});
  AddMemory(records, section);
  AddPlainC(records, section);
  section.blocks.emplace_back(Architecture(spec.layers.empty() ? candidate.architecture : spec));
  section.blocks.emplace_back(HyperParameters(*cell));
  section.blocks.emplace_back(Augmentation(candidate.generator));
  return section;
}

}  // namespace handlens::report
