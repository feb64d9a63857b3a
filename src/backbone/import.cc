#include "backbone/import.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "backbone/guarded.h"

namespace handlens::backbone {
namespace {

using nn::LayerKind;
using tflite::Op;
using tflite::OpDef;
using tflite::TensorDef;

constexpr double kMostDifference = 1e-4;  // of a score; roundings of float32 give 1e-6 to 1e-5

// What a tensor of the graph is in the model that is being made.
struct Place {
  enum class What { kNothing, kLayer, kConstant, kPadded };
  What what = What::kNothing;
  int index = 0;                   // the layer; of a constant, the tensor that holds its numbers
  bool flat = false;               // several pixels as one row, which only a dense layer reads
  std::vector<int> pads = {};      // padded: top, bottom, left, right
  std::vector<int> unpadded = {};  // the shape without
};

class Importer {
 public:
  explicit Importer(const tflite::Graph& graph) : graph_(graph), places_(graph.tensors.size()) {}

  Result<Model> Run(const Scaling& scaling) {
    HL_TRY(Begin(scaling));
    for (size_t i = 0; i < graph_.tensors.size(); ++i) {
      if (!graph_.tensors[i].data.empty()) places_[i] = {Place::What::kConstant, static_cast<int>(i)};
    }
    for (at_ = 0; at_ < graph_.ops.size(); ++at_) HL_TRY(Take(graph_.ops[at_]));
    const Place& last = places_[static_cast<size_t>(graph_.output)];
    if (last.what != Place::What::kLayer || last.index + 1 != Count()) {
      return Fail(ErrorKind::kBadInput, "its output is not what its last operator makes");
    }
    HL_TRY(CheckShapes());
    return std::move(model_);
  }

 private:
  const TensorDef& Tensor(int index) const { return graph_.tensors[static_cast<size_t>(index)]; }
  int Count() const { return static_cast<int>(model_.spec.layers.size()); }

  template <class... Args>
  tl::unexpected<Error> Wrong(fmt::format_string<Args...> format, Args&&... args) const {
    const OpDef& op = graph_.ops[at_];
    return Fail(ErrorKind::kBadInput, "operator {}, {} (it makes \"{}\"): {}", at_, tflite::OpName(op.op),
                Tensor(op.outputs[0]).name, fmt::format(format, std::forward<Args>(args)...));
  }

  Result<void> Begin(const Scaling& scaling) {
    const TensorDef& input = Tensor(graph_.input);
    const TensorDef& output = Tensor(graph_.output);
    if (input.type != tflite::Type::kFloat32 || output.type != tflite::Type::kFloat32) {
      return Fail(ErrorKind::kBadInput,
                  "its input or output is not float32; a backbone begins from a file that is not quantized");
    }
    const std::vector<int>& s = input.shape;
    if (s.size() != 4 || s[0] != 1 || s[1] != s[2] || s[3] != 3) {
      return Fail(ErrorKind::kBadInput, "its input is {}, not one square colour picture (1, n, n, 3)",
                  Json(s).dump());
    }
    int64_t classes = 1;
    for (const int extent : output.shape) classes *= extent;
    if (classes < 2 || classes > 65536)
      return Fail(ErrorKind::kBadInput, "its output has {} numbers; 2 to 65536 are classes", classes);
    model_.spec.size_px = s[1];
    model_.spec.classes = static_cast<int>(classes);
    model_.spec.layers.push_back({.kind = LayerKind::kNormalize});
    HL_TRY(AddScaling("0.mean", scaling.mean));
    HL_TRY(AddScaling("0.std", scaling.std));
    places_[static_cast<size_t>(graph_.input)] = {Place::What::kLayer, 0};
    return {};
  }
  Result<void> AddScaling(const std::string& name, const std::vector<float>& values) {
    if (values.size() != 1 && values.size() != 3) {
      return Fail(ErrorKind::kBadInput, "its normalisation has {} numbers, not one or one a channel",
                  values.size());
    }
    nn::Tensor tensor{name, {3}, {}};
    for (size_t c = 0; c < 3; ++c) {
      const float value = values[values.size() == 1 ? 0 : c] / 255;
      if (!std::isfinite(value) || (name == "0.std" && value <= 0)) {
        return Fail(ErrorKind::kBadInput, "its normalisation has {} where a number of levels is expected",
                    value * 255);
      }
      tensor.values.push_back(value);
    }
    model_.weights.push_back(std::move(tensor));
    return {};
  }

  Result<void> Take(const OpDef& op) {
    Place& made = places_[static_cast<size_t>(op.outputs[0])];
    switch (op.op) {
      case Op::kDequantize: {
        const Place& from = places_[static_cast<size_t>(op.inputs[0])];
        if (from.what != Place::What::kConstant)
          return Wrong("a quantized model; a backbone begins from one that is not");
        made = from;
        return {};
      }
      case Op::kConv2D:
      case Op::kDepthwiseConv2D:
      case Op::kFullyConnected: return TakeWeighted(op);
      case Op::kMaxPool2D:
      case Op::kAveragePool2D: return TakePool(op);
      case Op::kMean: return TakeMean(op);
      case Op::kReshape: return TakeReshape(op);
      case Op::kSoftmax: return TakeSoftmax(op);
      case Op::kAdd: return TakeAdd(op);
      case Op::kRelu: return TakePlain(op, LayerKind::kRelu);
      case Op::kRelu6: return TakePlain(op, LayerKind::kRelu6);
      case Op::kPad: return TakePad(op);
      case Op::kQuantize: break;
    }
    return Wrong("a quantized model; a backbone begins from one that is not");
  }

  // The layer that an operator reads.
  Result<int> Layer(int tensor) const {
    const Place& place = places_[static_cast<size_t>(tensor)];
    if (place.what == Place::What::kPadded)
      return Wrong("it reads a padded picture, which only convolutions do here");
    if (place.what != Place::What::kLayer) return Wrong("its input is a constant");
    if (place.flat) return Wrong("it reads several pixels as one row, which only dense layers do here");
    return place.index;
  }

  void Push(nn::LayerSpec layer, std::vector<int> inputs) {
    if (inputs.size() != 1 || inputs[0] != Count() - 1) layer.inputs = std::move(inputs);
    model_.spec.layers.push_back(std::move(layer));
  }
  // The activation that is fused into an operator, and the operator's output.
  void Finish(const OpDef& op) {
    if (op.activation != tflite::Activation::kNone) {
      Push({.kind = op.activation == tflite::Activation::kRelu ? LayerKind::kRelu : LayerKind::kRelu6},
           {Count() - 1});
    }
    places_[static_cast<size_t>(op.outputs[0])] = {Place::What::kLayer, Count() - 1};
  }

  Result<void> TakePlain(const OpDef& op, LayerKind kind) {
    HL_ASSIGN(const int input, Layer(op.inputs[0]));
    Push({.kind = kind}, {input});
    Finish(op);
    return {};
  }

  Result<void> TakeAdd(const OpDef& op) {
    std::vector<int> inputs;
    for (const int tensor : op.inputs) {
      if (tensor < 0) return Wrong("an input is missing");
      HL_ASSIGN(const int input, Layer(tensor));
      inputs.push_back(input);
    }
    Push({.kind = LayerKind::kAdd}, std::move(inputs));
    Finish(op);
    return {};
  }

  Result<void> TakePool(const OpDef& op) {
    HL_ASSIGN(const int input, Layer(op.inputs[0]));
    const std::vector<int>& shape = Tensor(op.inputs[0]).shape;
    const bool whole =
        shape.size() == 4 && op.filter == shape[1] && op.filter == shape[2] && !op.same_padding;
    if (op.op == Op::kAveragePool2D && whole) {
      Push({.kind = LayerKind::kGlobalAvgPool}, {input});
    } else {
      Push({.kind = op.op == Op::kMaxPool2D ? LayerKind::kMaxPool : LayerKind::kAvgPool,
            .kernel = op.filter,
            .stride = op.stride,
            .padding = op.same_padding ? nn::Padding::kSame : nn::Padding::kValid},
           {input});
    }
    Finish(op);
    return {};
  }

  Result<std::vector<int>> Constants(const OpDef& op) const {
    const int tensor = op.inputs.size() > 1 ? op.inputs[1] : -1;
    if (tensor < 0 || Tensor(tensor).data.empty() || Tensor(tensor).type != tflite::Type::kInt32) {
      return Wrong("its second input is no constant of int32");
    }
    std::vector<int> values(Tensor(tensor).data.size() / 4);
    std::memcpy(values.data(), Tensor(tensor).data.data(), values.size() * 4);
    return values;
  }

  Result<void> TakeMean(const OpDef& op) {
    HL_ASSIGN(const int input, Layer(op.inputs[0]));
    HL_ASSIGN(std::vector<int> axes, Constants(op));
    for (int& axis : axes) axis += axis < 0 ? 4 : 0;
    std::sort(axes.begin(), axes.end());
    if (axes != std::vector{1, 2}) return Wrong("a mean over other axes than rows and columns");
    Push({.kind = LayerKind::kGlobalAvgPool}, {input});
    Finish(op);
    return {};
  }

  // Nothing moves in memory: what is read is the same layer, as a row when it has several pixels.
  Result<void> TakeReshape(const OpDef& op) {
    HL_ASSIGN(const int input, Layer(op.inputs[0]));
    const std::vector<int>& from = Tensor(op.inputs[0]).shape;
    const std::vector<int>& to = Tensor(op.outputs[0]).shape;
    const int channels = from.empty() ? 0 : from.back();
    int64_t before = 1, after = 1;
    for (const int extent : from) before *= extent;
    for (const int extent : to) after *= extent;
    const bool row = before == channels && after == before && !to.empty() && to.back() == channels;
    if (!row && (to.size() != 2 || to[0] != 1 || after != before)) {
      return Wrong("from {} to {}; only a picture to a row is read here", Json(from).dump(), Json(to).dump());
    }
    places_[static_cast<size_t>(op.outputs[0])] = {Place::What::kLayer, input, !row && from != to};
    return {};
  }

  Result<void> TakeSoftmax(const OpDef& op) {
    HL_ASSIGN(const int input, Layer(op.inputs[0]));
    if (op.outputs[0] != graph_.output || at_ + 1 != graph_.ops.size())
      return Wrong("a softmax that is not the end");
    places_[static_cast<size_t>(op.outputs[0])] = {Place::What::kLayer, input};  // the engine has its own
    return {};
  }

  Result<void> TakePad(const OpDef& op) {
    HL_ASSIGN(const int input, Layer(op.inputs[0]));
    HL_ASSIGN(const std::vector<int> pads, Constants(op));
    const bool picture = pads.size() == 8 && pads[0] == 0 && pads[1] == 0 && pads[6] == 0 && pads[7] == 0;
    if (!picture) return Wrong("a padding of other axes than rows and columns");
    places_[static_cast<size_t>(op.outputs[0])] = {
        Place::What::kPadded, input, false, {pads[2], pads[3], pads[4], pads[5]}, Tensor(op.inputs[0]).shape};
    return {};
  }

  // A padding before a convolution without one is the engine's when it is what SAME would add.
  static bool IsSame(const std::vector<int>& pads, const std::vector<int>& picture,
                     const nn::LayerSpec& layer) {
    if (picture.size() != 4) return false;
    const auto fits = [&](int n, int before, int after) {
      const int total =
          std::max((n + layer.stride - 1) / layer.stride * layer.stride - layer.stride + layer.kernel - n, 0);
      return before == total / 2 && after == total - total / 2;
    };
    return fits(picture[1], pads[0], pads[1]) && fits(picture[2], pads[2], pads[3]);
  }

  Result<int> WindowInput(const OpDef& op, nn::LayerSpec& layer) {
    const Place& place = places_[static_cast<size_t>(op.inputs[0])];
    if (place.what != Place::What::kPadded) return Layer(op.inputs[0]);
    if (op.same_padding || !IsSame(place.pads, place.unpadded, layer)) {
      return Wrong("a padding of {} that SAME would not make; the engine has no other",
                   Json(place.pads).dump());
    }
    layer.padding = nn::Padding::kSame;
    return place.index;
  }

  Result<std::vector<float>> Floats(int tensor) const {
    const Place& place = places_[static_cast<size_t>(tensor)];
    if (place.what != Place::What::kConstant) return Wrong("its weights are no constant");
    const TensorDef& def = Tensor(place.index);
    const bool half = def.type == tflite::Type::kFloat16;
    if (!half && def.type != tflite::Type::kFloat32)
      return Wrong("its weights are quantized; a backbone begins from float32 or float16");
    std::vector<float> values(def.data.size() / (half ? 2 : 4));
    if (!half) std::memcpy(values.data(), def.data.data(), def.data.size());
    for (size_t i = 0; half && i < values.size(); ++i) {
      uint16_t bits = 0;
      std::memcpy(&bits, def.data.data() + i * 2, 2);
      values[i] = nn::FromHalf(bits);
    }
    return values;
  }

  // (outs, rest...) to (rest..., outs); depthwise kernels, (1, kh, kw, channels), stay.
  static std::vector<float> Turned(const std::vector<float>& from, size_t outs) {
    std::vector<float> to(from.size());
    const size_t rest = from.size() / outs;
    for (size_t o = 0; o < outs; ++o) {
      for (size_t i = 0; i < rest; ++i) to[i * outs + o] = from[o * rest + i];
    }
    return to;
  }

  // The layer of an operator with weights of this shape.
  static nn::LayerSpec LayerOf(const OpDef& op, const std::vector<int>& shape) {
    nn::LayerSpec layer{.kind = op.op == Op::kFullyConnected    ? LayerKind::kDense
                                : op.op == Op::kDepthwiseConv2D ? LayerKind::kDepthwise
                                                                : LayerKind::kConv};
    if (layer.kind != LayerKind::kDepthwise) layer.units = shape[0];
    if (layer.kind != LayerKind::kDense) {
      layer.kernel = shape[1];
      layer.stride = op.stride;
      layer.padding = op.same_padding ? nn::Padding::kSame : nn::Padding::kValid;
    }
    layer.bias = op.inputs.size() > 2 && op.inputs[2] >= 0;
    return layer;
  }

  // Weights of the newest layer, in the engine's order.
  Result<void> AddWeights(const OpDef& op, const nn::LayerSpec& layer, const std::vector<int>& shape) {
    const std::string name = std::to_string(Count());
    const bool depthwise = layer.kind == LayerKind::kDepthwise;
    const int outs = depthwise ? shape[3] : shape[0];
    HL_ASSIGN(std::vector<float> kernel, Floats(op.inputs[1]));
    if (!depthwise) kernel = Turned(kernel, static_cast<size_t>(outs));
    std::vector<int> turned(shape.begin() + 1, shape.end());
    if (!depthwise) turned.push_back(outs);
    model_.weights.push_back({name + ".kernel", std::move(turned), std::move(kernel)});
    if (!layer.bias) return {};
    HL_ASSIGN(std::vector<float> bias, Floats(op.inputs[2]));
    model_.weights.push_back({name + ".bias", {outs}, std::move(bias)});
    return {};
  }

  Result<void> TakeWeighted(const OpDef& op) {
    if (op.inputs.size() < 2 || op.inputs[1] < 0) return Wrong("it has no weights");
    const std::vector<int>& shape = Tensor(places_[static_cast<size_t>(op.inputs[1])].index).shape;
    const bool dense = op.op == Op::kFullyConnected;
    const bool good = shape.size() == (dense ? 2u : 4u) && (dense || shape[1] == shape[2]) &&
                      std::all_of(shape.begin(), shape.end(), [](int extent) { return extent > 0; });
    if (!good) return Wrong("weights of {}; square ones are read here", Json(shape).dump());
    nn::LayerSpec layer = LayerOf(op, shape);
    int input = places_[static_cast<size_t>(op.inputs[0])].index;
    if (!dense || !places_[static_cast<size_t>(op.inputs[0])].flat) {
      HL_ASSIGN(input, WindowInput(op, layer));
    }
    HL_TRY(AddWeights(op, layer, shape));
    Push(std::move(layer), {input});
    Finish(op);
    return {};
  }

  // Names, shapes and numbers of all weights are what the layers need.
  Result<void> CheckShapes() const {
    const auto wanted = nn::WeightShapes(model_.spec);
    if (!wanted) return Fail(ErrorKind::kBadInput, "{}", wanted.error().message);
    for (size_t i = 0; i < std::max(wanted->size(), model_.weights.size()); ++i) {
      size_t count = 1;
      for (const int extent : i < wanted->size() ? (*wanted)[i].shape : std::vector<int>())
        count *= static_cast<size_t>(extent);
      const bool fits =
          i < wanted->size() && i < model_.weights.size() && model_.weights[i].name == (*wanted)[i].name &&
          model_.weights[i].shape == (*wanted)[i].shape && model_.weights[i].values.size() == count;
      if (!fits) {
        return Fail(ErrorKind::kBadInput, "its weights do not fit its layers ({})",
                    i < wanted->size() ? (*wanted)[i].name : "one too many");
      }
    }
    return {};
  }

  const tflite::Graph& graph_;
  std::vector<Place> places_;
  Model model_;
  size_t at_ = 0;
};

// Waves of different lengths and colours, bytes.
Bytes MadePicture(int size_px, int seed) {
  Bytes picture;
  for (int y = 0; y < size_px; ++y) {
    for (int x = 0; x < size_px; ++x) {
      for (int c = 0; c < 3; ++c) {
        const double wave = std::sin((x * (seed + 1) + y * (c + 1)) * 6.28 / size_px) +
                            std::sin((x * 3 - y * (seed + c)) * 6.28 / size_px);
        picture.push_back(
            static_cast<uint8_t>(std::clamp(127.5 + 60 * wave + 5 * ((x * y + seed) % 3), 0.0, 255.0)));
      }
    }
  }
  return picture;
}

void Softmax(std::vector<float>& values) {
  const float largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (const float v : values) sum += std::exp(static_cast<double>(v - largest));
  for (float& v : values) v = static_cast<float>(std::exp(static_cast<double>(v - largest)) / sum);
}

// A guard takes the same share off all scores.
void ShareOut(std::vector<float>& scores) {
  const double sum = std::max(std::accumulate(scores.begin(), scores.end(), 0.0), 1e-12);
  for (float& score : scores) score = static_cast<float>(score / sum);
}

}  // namespace

Result<Model> ModelFromGraph(const tflite::Graph& graph, const Scaling& scaling) {
  return Importer(graph).Run(scaling);
}

Result<Imported> ImportClassifier(std::span<const uint8_t> file, const Scaling* scaling) {
  HL_ASSIGN(const tflite::ModelInfo info, tflite::ReadModelInfo(file));
  const Scaling said{info.norm_mean, info.norm_std};
  if (scaling == nullptr && (said.mean.empty() || said.std.empty())) {
    return Fail(ErrorKind::kUsage,
                "the file does not say how its pixels are scaled; say it with --scaling MEAN,STD in levels "
                "of 0..255: 0,255 when it was trained on 0..1, 127.5,127.5 on -1..1, 0,1 on 0..255");
  }
  HL_ASSIGN(tflite::Graph read, tflite::ReadGraph(file));
  HL_ASSIGN(const tflite::Graph graph, WithoutGuard(std::move(read)));
  Imported imported{{}, scaling != nullptr ? *scaling : said};
  HL_ASSIGN(imported.model, ModelFromGraph(graph, imported.scaling));
  return imported;
}

Result<Proof> Prove(std::span<const uint8_t> file, const Imported& imported,
                    std::span<const Bytes> pictures) {
  const nn::ModelSpec& spec = imported.model.spec;
  std::vector<Bytes> made;
  for (int seed = 0; pictures.empty() && seed < 8; ++seed) made.push_back(MadePicture(spec.size_px, seed));
  const std::span<const Bytes> all = pictures.empty() ? std::span<const Bytes>(made) : pictures;
  HL_ASSIGN(const tflite::Graph graph, tflite::ReadGraph(file));
  const bool guarded = HasGuard(graph), ends_with_softmax = guarded || graph.ops.back().op == Op::kSoftmax;
  HL_ASSIGN(const std::unique_ptr<tflite::Judge> judge,
            tflite::Judge::LoadApart(file, tflite::Kernels::kXnnpack));
  HL_ASSIGN(const std::unique_ptr<nn::Network> network, nn::Network::Create(spec, 1, {}));
  HL_TRY(network->LoadWeights(imported.model.weights));
  const auto channel = [](const std::vector<float>& values, size_t i) {
    return values[values.size() == 1 ? 0 : i % 3];
  };
  Proof proof;
  for (const Bytes& picture : all) {
    std::vector<float> levels, scaled, scores(static_cast<size_t>(spec.classes));
    for (size_t i = 0; i < picture.size(); ++i) {
      levels.push_back(static_cast<float>(picture[i]) / 255.0f);
      scaled.push_back((static_cast<float>(picture[i]) - channel(imported.scaling.mean, i)) /
                       channel(imported.scaling.std, i));
    }
    network->Predict(levels, 1, scores);
    HL_ASSIGN(std::vector<float> expected, judge->ClassifyValues(scaled));
    if (!ends_with_softmax) Softmax(expected);
    if (guarded) ShareOut(expected);
    for (size_t k = 0; k < scores.size(); ++k) {
      const double difference = std::abs(static_cast<double>(scores[k]) - expected[k]);
      if (!(difference <= kMostDifference)) {  // NaN too
        return Fail(
            ErrorKind::kBadInput,
            "the engine's scores differ by {:.2g} from the official runtime's: it is not the same network",
            difference);
      }
      proof.largest_difference = std::max(proof.largest_difference, difference);
    }
    ++proof.pictures;
  }
  return proof;
}

}  // namespace handlens::backbone
