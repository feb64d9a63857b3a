// One operator's numbers and tables.
#include <algorithm>
#include <cstring>

#include "inference/lower.h"
#include "inference/rounding.h"

namespace handlens::inference {
namespace {

using tflite::Graph;
using tflite::Op;
using tflite::OpDef;
using tflite::TensorDef;
using tflite::Type;

constexpr int kBlock = 8, kLanes = 16, kMaxTaps = 255,
              kMostTogether = 8;  // HL_BLOCK, HL_LANES, HL_MAX_PAIRS, HL_PIXELS of the kernels

size_t RoundUp(size_t count, size_t to) { return (count + to - 1) / to * to; }

// What the functions below work on.
struct At {
  const Graph& graph;
  const OpDef& op;
  size_t index;

  const TensorDef& tensor(int t) const { return graph.tensors[static_cast<size_t>(t)]; }
  const TensorDef& in(size_t k = 0) const { return tensor(op.inputs[k]); }
  const TensorDef& out() const { return tensor(op.outputs[0]); }
  bool has(size_t k) const { return op.inputs.size() > k && op.inputs[k] >= 0; }

  template <class... Args>
  tl::unexpected<Error> Wrong(fmt::format_string<Args...> format, Args&&... args) const {
    return Fail(ErrorKind::kBadInput, "operator {}, {}: {}", index, tflite::OpName(op.op),
                fmt::format(format, std::forward<Args>(args)...));
  }
};

Scale ScaleOf(const TensorDef& tensor) {
  return {tensor.quantization.scales[0], static_cast<int32_t>(tensor.quantization.zero_points[0])};
}

bool IsQuantized(const TensorDef& tensor) {
  return (tensor.type == Type::kInt8 || tensor.type == Type::kUInt8) &&
         tensor.quantization.scales.size() == 1 && tensor.quantization.scales[0] > 0;
}

const char* TypeName(Type type) {
  switch (type) {
    case Type::kFloat32: return "float32";
    case Type::kFloat16: return "float16";
    case Type::kInt32: return "int32";
    case Type::kUInt8: return "uint8";
    case Type::kInt8: return "int8";
  }
  return "?";
}

// The operator's tensors are int8 with a scale.
Result<void> CheckInt8(const At& at, const TensorDef& tensor) {
  if (tensor.type == Type::kInt8 && IsQuantized(tensor)) return {};
  return at.Wrong("works on {} numbers (\"{}\"); only models in full int8 become C: pack the quantized file",
                  TypeName(tensor.type), tensor.name);
}

// Nothing but a batch of one picture, (1, height, width, channels).
Result<void> CheckPicture(const At& at, const TensorDef& tensor) {
  HL_TRY(CheckInt8(at, tensor));
  if (tensor.shape.size() == 4 && tensor.shape[0] == 1) return {};
  return at.Wrong("\"{}\" is no batch of one picture", tensor.name);
}

int64_t Elements(const TensorDef& tensor) {
  int64_t count = 1;
  for (const int side : tensor.shape) count *= side;
  return count;
}

// How far a window begins before the picture; the format's rule for SAME.
int PadBefore(const OpDef& op, int in, int out, int kernel) {
  return op.same_padding ? std::max(0, (out - 1) * op.stride + kernel - in) / 2 : 0;
}

// A table of one value a channel, padded to whole blocks with the neutral value 0.
template <class T>
std::vector<T> Padded(std::vector<T> values, size_t block) {
  values.resize(RoundUp(values.size(), block));
  return values;
}

Field Int(int64_t value) { return {static_cast<int32_t>(value), false}; }

Call CallOf(const At& at, Kernel kernel) {
  Call call;
  call.kernel = kernel;
  call.index = at.index;
  return call;
}

// A table of the call, named after the operator's place.
template <class T>
Field AddTable(Call& call, std::string_view name, std::span<const T> values) {
  const Table::Type type = std::is_same_v<T, int8_t>    ? Table::Type::kInt8
                           : std::is_same_v<T, uint8_t> ? Table::Type::kUint8
                                                        : Table::Type::kInt32;
  const auto* const bytes = reinterpret_cast<const uint8_t*>(values.data());
  call.tables.push_back({type, fmt::format("{}_{}", name, call.index), {bytes, bytes + values.size_bytes()}});
  return {static_cast<int32_t>(call.tables.size() - 1), true};
}
template <class T>
Field AddTable(Call& call, std::string_view name, const std::vector<T>& values) {
  return AddTable(call, name, std::span<const T>(values));
}

// The fields of an hl_output.
void AddOutputs(const At& at, const std::vector<Factor>& factors, size_t channels, size_t block, Call& call) {
  std::vector<int32_t> multipliers;
  std::vector<int8_t> shifts;
  for (size_t c = 0; c < channels; ++c) {
    const Factor& factor = factors[factors.size() == 1 ? 0 : c];
    multipliers.push_back(factor.multiplier);
    shifts.push_back(static_cast<int8_t>(factor.shift));
  }
  const Scale out = ScaleOf(at.out());
  const Limits limits = LimitsOf(at.op.activation, out);
  const Field multiplier = AddTable(call, "multiplier", Padded(std::move(multipliers), block));
  const Field shift = AddTable(call, "shift", Padded(std::move(shifts), block));
  const bool once = at.op.op == Op::kFullyConnected;
  call.fields.insert(call.fields.end(), {multiplier, shift, Int(once ? 1 : 0), Int(out.zero + 128),
                                         Int(limits.low + 128), Int(limits.high + 128)});
}

// The bias with what the input's zero point adds; weights(c) lists a channel's weights.
template <class Weights>
Result<std::vector<int32_t>> BiasOf(const At& at, size_t channels, Weights weights) {
  std::vector<int32_t> bias(channels);
  if (at.has(2)) {
    const TensorDef& tensor = at.in(2);
    if (tensor.type != Type::kInt32 || tensor.data.size() != 4 * channels)
      return at.Wrong("its bias is not one int32 a channel");
    std::memcpy(bias.data(), tensor.data.data(), tensor.data.size());
  }
  const int64_t zero = ScaleOf(at.in()).zero + 128;
  for (size_t c = 0; c < channels; ++c) {
    int64_t sum = bias[c], most = 0;
    for (const int8_t weight : weights(c)) {
      sum -= zero * weight;
      most += 255 * std::abs(static_cast<int>(weight));
    }
    if (std::abs(sum) + most > INT32_MAX) return at.Wrong("its sums do not fit 32 bits");
    bias[c] = static_cast<int32_t>(sum);
  }
  return bias;
}

Result<void> CheckWeights(const At& at, size_t channels) {
  if (!at.has(1) || at.in(1).data.empty()) return at.Wrong("its weights are not constant");
  const TensorDef& weights = at.in(1);
  const size_t scales = weights.quantization.scales.size();
  if (weights.type != Type::kInt8 || (scales != 1 && scales != channels))
    return at.Wrong("its weights are not int8 with a scale");
  for (const int64_t zero : weights.quantization.zero_points) {
    if (zero != 0) return at.Wrong("its weights have a zero point");
  }
  return {};
}

struct Window {
  int height, width;
};

// What a window's descriptor begins with: the picture's sides, the output's, the window's, stride and
// borders. With `out_channels` each side's channels follow it; without, the channels stand once.
std::vector<Field> WindowFields(const At& at, int channels, std::optional<int> out_channels, Window window) {
  const auto &in = at.in().shape, &out = at.out().shape;
  std::vector<Field> fields = {Int(in[1]), Int(in[2]), Int(channels), Int(out[1]), Int(out[2])};
  if (out_channels) fields.push_back(Int(*out_channels));
  fields.insert(fields.end(), {Int(window.height), Int(window.width), Int(at.op.stride),
                               Int(PadBefore(at.op, in[1], out[1], window.height)),
                               Int(PadBefore(at.op, in[2], out[2], window.width))});
  return fields;
}

// Weights (out, depth) become (out / 8, depth / 4, 8, 4).
std::vector<int8_t> PackDense(const int8_t* weights, size_t out, size_t depth) {
  const size_t quads = RoundUp(depth, 4) / 4;
  std::vector<int8_t> packed(RoundUp(out, kBlock) * quads * 4);
  for (size_t c = 0; c < out; ++c) {
    for (size_t k = 0; k < depth; ++k)
      packed[((c / kBlock * quads + k / 4) * kBlock + c % kBlock) * 4 + k % 4] = weights[c * depth + k];
  }
  return packed;
}

Result<Call> DotCall(const At& at, size_t out, size_t depth, std::vector<Field> window) {
  const auto* const weights = reinterpret_cast<const int8_t*>(at.in(1).data.data());
  HL_ASSIGN(const std::vector<int32_t> bias,
            BiasOf(at, out, [&](size_t c) { return std::span(weights + c * depth, depth); }));
  const std::vector<float>& filters = at.in(1).quantization.scales;
  const std::vector<Factor> factors = ConvolutionFactors(ScaleOf(at.in()), filters, ScaleOf(at.out()));
  Call call = CallOf(at, Kernel::kConv);
  call.fields = std::move(window);
  call.fields.push_back(Int(ScaleOf(at.in()).zero + 128));
  call.fields.push_back(AddTable(call, "weight", PackDense(weights, out, depth)));
  call.fields.push_back(AddTable(call, "bias", Padded(bias, kBlock)));
  AddOutputs(at, factors, out, kBlock, call);
  // A pixel's channels in whole quads are read where they lie (hl_is_direct of conv.c).
  const bool direct = at.op.op == Op::kFullyConnected
                          ? depth % 4 == 0
                          : at.in(1).shape[1] * at.in(1).shape[2] == 1 && depth % 4 == 0;
  call.scratch_bytes = direct ? 0 : kMostTogether * static_cast<int64_t>(RoundUp(depth, 4));
  return call;
}

Result<Call> LowerConv(const At& at) {
  HL_TRY(CheckPicture(at, at.in()));
  HL_TRY(CheckPicture(at, at.out()));
  const auto out = static_cast<size_t>(at.out().shape[3]);
  HL_TRY(CheckWeights(at, out));
  const std::vector<int>& shape = at.in(1).shape;
  if (shape[3] != at.in().shape[3]) return at.Wrong("it works in groups of channels");
  const auto depth =
      static_cast<size_t>(shape[1]) * static_cast<size_t>(shape[2]) * static_cast<size_t>(shape[3]);
  return DotCall(at, out, depth, WindowFields(at, at.in().shape[3], at.out().shape[3], {shape[1], shape[2]}));
}

Result<Call> LowerDense(const At& at) {
  HL_TRY(CheckInt8(at, at.in()));
  HL_TRY(CheckInt8(at, at.out()));
  const auto out = static_cast<size_t>(Elements(at.out())), depth = static_cast<size_t>(Elements(at.in()));
  HL_TRY(CheckWeights(at, out));
  if (at.in(1).data.size() != out * depth) return at.Wrong("a batch of more than one");
  const Field one = Int(1), zero = Int(0);
  return DotCall(
      at, out, depth,
      {one, one, Int(Elements(at.in())), one, one, Int(Elements(at.out())), one, one, one, zero, zero});
}

// One tap for each channel is a function of one number: where there are few channels, a table takes less than
// it saves.
constexpr size_t kMostMapped = 4;

Call ChannelMap(const At& at, const std::vector<int32_t>& bias, const std::vector<Factor>& factors) {
  const Scale out = ScaleOf(at.out());
  const Limits limits = LimitsOf(at.op.activation, out);
  std::vector<uint8_t> tables;
  for (size_t c = 0; c < bias.size(); ++c) {
    const auto weight = static_cast<int8_t>(at.in(1).data[c]);
    for (int32_t i = 0; i < 256; ++i) {
      const int32_t value = Scaled(bias[c] + i * weight, factors[factors.size() == 1 ? 0 : c]) + out.zero;
      tables.push_back(static_cast<uint8_t>(std::min(std::max(value, limits.low), limits.high) + 128));
    }
  }
  Call call = CallOf(at, Kernel::kChannelMap);
  const auto channels = static_cast<int64_t>(bias.size());
  call.fields = {AddTable(call, "maps", tables), Int(channels), Int(Elements(at.out()) / channels)};
  return call;
}

Result<Call> LowerDepthwise(const At& at) {
  HL_TRY(CheckPicture(at, at.in()));
  HL_TRY(CheckPicture(at, at.out()));
  const auto channels = static_cast<size_t>(at.out().shape[3]);
  HL_TRY(CheckWeights(at, channels));
  const std::vector<int>& shape = at.in(1).shape;
  const auto taps = static_cast<size_t>(shape[1]) * static_cast<size_t>(shape[2]);
  if (taps > kMaxTaps)
    return at.Wrong("a window of {} x {}; up to {} taps are known here", shape[1], shape[2], kMaxTaps);
  const auto* const weights = reinterpret_cast<const int8_t*>(at.in(1).data.data());
  const auto of_channel = [&](size_t c) {
    std::vector<int8_t> all;
    for (size_t t = 0; t < taps; ++t) all.push_back(weights[t * channels + c]);
    return all;
  };
  HL_ASSIGN(const std::vector<int32_t> bias, BiasOf(at, channels, of_channel));
  const std::vector<Factor> factors =
      ConvolutionFactors(ScaleOf(at.in()), at.in(1).quantization.scales, ScaleOf(at.out()));
  if (taps == 1 && at.op.stride == 1 && channels <= kMostMapped) return ChannelMap(at, bias, factors);
  const size_t pairs = (taps + 1) / 2;
  std::vector<int8_t> packed(RoundUp(channels, kLanes) * pairs * 2);
  for (size_t t = 0; t < taps; ++t) {
    for (size_t c = 0; c < channels; ++c)
      packed[((c / kLanes * pairs + t / 2) * kLanes + c % kLanes) * 2 + t % 2] = weights[t * channels + c];
  }
  Call call = CallOf(at, Kernel::kDepthwise);
  call.fields = WindowFields(at, at.out().shape[3], std::nullopt, {shape[1], shape[2]});
  call.fields.push_back(Int(ScaleOf(at.in()).zero + 128));
  call.fields.push_back(AddTable(call, "weight", packed));
  call.fields.push_back(AddTable(call, "bias", Padded(bias, kLanes)));
  AddOutputs(at, factors, channels, kLanes, call);
  call.scratch_bytes = static_cast<int64_t>(RoundUp(channels, kLanes));
  return call;
}

Result<Call> LowerPool(const At& at) {
  HL_TRY(CheckPicture(at, at.in()));
  HL_TRY(CheckPicture(at, at.out()));
  const Scale in = ScaleOf(at.in()), out = ScaleOf(at.out());
  if (in.scale != out.scale || in.zero != out.zero)
    return at.Wrong("its input and output have different scales");
  const bool is_max = at.op.op == Op::kMaxPool2D;
  const Limits limits = LimitsOf(at.op.activation, out);
  Call call = CallOf(at, is_max ? Kernel::kMaxPool : Kernel::kAveragePool);
  call.fields = WindowFields(at, at.out().shape[3], std::nullopt, {at.op.filter, at.op.filter});
  call.fields.push_back(Int(limits.low + 128));
  call.fields.push_back(Int(limits.high + 128));
  return call;
}

std::vector<int32_t> Ints(const TensorDef& tensor) {
  std::vector<int32_t> values(tensor.type == Type::kInt32 ? tensor.data.size() / 4 : 0);
  if (!values.empty()) std::memcpy(values.data(), tensor.data.data(), values.size() * 4);
  return values;
}

Result<Call> LowerMean(const At& at) {
  HL_TRY(CheckPicture(at, at.in()));
  HL_TRY(CheckInt8(at, at.out()));
  std::vector<int32_t> axes = at.has(1) ? Ints(at.in(1)) : std::vector<int32_t>();
  for (int32_t& axis : axes) axis = axis < 0 ? axis + 4 : axis;
  std::sort(axes.begin(), axes.end());
  if (axes != std::vector<int32_t>{1, 2}) return at.Wrong("a mean over other axes than height and width");
  const std::vector<int>& shape = at.in().shape;
  if (int64_t{shape[1]} * shape[2] > (1 << 23)) return at.Wrong("a mean over more than 8 million pixels");
  const int pixels = shape[1] * shape[2];
  const Scale in = ScaleOf(at.in()), out = ScaleOf(at.out());
  const Factor factor = MeanFactor(pixels, in, out);
  Call call = CallOf(at, Kernel::kMean);
  call.fields = {Int(pixels),       Int(shape[3]),      Int(in.zero + 128), Int(factor.multiplier),
                 Int(factor.shift), Int(out.zero + 128)};
  return call;
}

Result<Call> LowerPad(const At& at) {
  HL_TRY(CheckPicture(at, at.in()));
  HL_TRY(CheckPicture(at, at.out()));
  const std::vector<int32_t> counts = at.has(1) ? Ints(at.in(1)) : std::vector<int32_t>();
  if (counts.size() != 8 || counts[0] + counts[1] + counts[6] + counts[7] != 0)
    return at.Wrong("other borders than around the picture");
  const std::vector<int>& shape = at.in().shape;
  Call call = CallOf(at, Kernel::kPad);
  call.fields = {Int(shape[1]),  Int(shape[2]),  Int(shape[3]),  Int(counts[2]),
                 Int(counts[3]), Int(counts[4]), Int(counts[5]), Int(ScaleOf(at.out()).zero + 128)};
  return call;
}

Result<Call> LowerAdd(const At& at) {
  for (const size_t k : {size_t{0}, size_t{1}}) {
    if (!at.has(k) || !at.in(k).data.empty() || at.in(k).shape != at.out().shape)
      return at.Wrong("other than two computed tensors of one shape");
    HL_TRY(CheckInt8(at, at.in(k)));
  }
  HL_TRY(CheckInt8(at, at.out()));
  constexpr int kSpareBits = 20;
  const Scale a = ScaleOf(at.in(0)), b = ScaleOf(at.in(1)), out = ScaleOf(at.out());
  const double twice = 2.0 * static_cast<double>(std::max(a.scale, b.scale));
  const Factor of_a = FactorOf(static_cast<double>(a.scale) / twice),
               of_b = FactorOf(static_cast<double>(b.scale) / twice);
  const Factor of_out =
      FactorOf(twice / static_cast<double>(static_cast<float>(1 << kSpareBits) * out.scale));
  if (of_out.shift > 0) return at.Wrong("its output's scale is too fine");  // as the runtime refuses it
  const Limits limits = LimitsOf(at.op.activation, out);
  Call call = CallOf(at, Kernel::kAdd);
  call.fields = {Int(Elements(at.out())), Int(a.zero + 128),      Int(of_a.multiplier),
                 Int(b.zero + 128),       Int(of_b.multiplier),   Int(of_a.shift),
                 Int(of_b.shift),         Int(of_out.multiplier), Int(out.zero + 128),
                 Int(limits.low + 128),   Int(limits.high + 128), Int(of_out.shift)};
  return call;
}

Result<Call> LowerSoftmax(const At& at) {
  HL_TRY(CheckInt8(at, at.in()));
  HL_TRY(CheckInt8(at, at.out()));
  const Scale out = ScaleOf(at.out());
  if (out.scale != 1.0f / 256 || out.zero != -128) return at.Wrong("its output's scale is not 1/256");
  if (Elements(at.in()) != at.in().shape.back()) return at.Wrong("more than one row of scores");
  if (Elements(at.in()) > 4096) return at.Wrong("more than 4096 classes");
  Call call = CallOf(at, Kernel::kSoftmax);
  const auto exps = SoftmaxExps(ScaleOf(at.in()).scale);
  call.fields = {Int(Elements(at.in())), AddTable(call, "exps", std::span<const int32_t>(exps))};
  return call;
}

Call MapCall(const At& at, const MapTable& table) {
  Call call = CallOf(at, Kernel::kMap);
  call.fields = {AddTable(call, "map", std::span<const uint8_t>(table)), Int(Elements(at.out()))};
  return call;
}

std::optional<Call> MapUnlessSame(const At& at, const MapTable& table) {
  for (size_t i = 0; i < table.size(); ++i) {
    if (table[i] != i) return MapCall(at, table);
  }
  return std::nullopt;
}

Result<std::optional<Call>> LowerQuantize(const At& at) {
  if (!IsQuantized(at.out()))
    return at.Wrong("makes {} numbers (\"{}\")", TypeName(at.out().type), at.out().name);
  const Number out{at.out().type, ScaleOf(at.out())};
  if (at.op.inputs[0] == at.graph.input && at.in().type == Type::kFloat32)
    return MapUnlessSame(at, PictureTable(out));
  if (!IsQuantized(at.in()))
    return at.Wrong("takes {} numbers (\"{}\")", TypeName(at.in().type), at.in().name);
  return MapUnlessSame(at, QuantizeTable({at.in().type, ScaleOf(at.in())}, out));
}

Result<std::optional<Call>> LowerDequantize(const At& at) {
  HL_TRY(CheckInt8(at, at.in()));
  if (at.op.outputs[0] != at.graph.output)
    return at.Wrong("makes float32 numbers (\"{}\") before the end", at.out().name);
  return std::nullopt;
}

Result<std::optional<Call>> LowerRelu(const At& at) {
  HL_TRY(CheckInt8(at, at.in()));
  HL_TRY(CheckInt8(at, at.out()));
  const auto activation = at.op.op == Op::kRelu ? tflite::Activation::kRelu : tflite::Activation::kRelu6;
  return MapUnlessSame(at, ReluTable(activation, ScaleOf(at.in()), ScaleOf(at.out())));
}

Result<std::optional<Call>> LowerReshape(const At& at) {
  HL_TRY(CheckInt8(at, at.in()));
  if (Elements(at.in()) != Elements(at.out())) return at.Wrong("changes the number of numbers");
  return std::nullopt;
}

Result<std::optional<Call>> Some(Result<Call> call) {
  if (!call) return tl::make_unexpected(std::move(call).error());
  return std::optional<Call>(*std::move(call));
}

}  // namespace

Result<std::optional<Call>> LowerOperator(const Graph& graph, size_t index) {
  const At at{graph, graph.ops[index], index};
  switch (at.op.op) {
    case Op::kConv2D: return Some(LowerConv(at));
    case Op::kDepthwiseConv2D: return Some(LowerDepthwise(at));
    case Op::kFullyConnected: return Some(LowerDense(at));
    case Op::kMaxPool2D:
    case Op::kAveragePool2D: return Some(LowerPool(at));
    case Op::kMean: return Some(LowerMean(at));
    case Op::kPad: return Some(LowerPad(at));
    case Op::kAdd: return Some(LowerAdd(at));
    case Op::kSoftmax: return Some(LowerSoftmax(at));
    case Op::kReshape: return LowerReshape(at);
    case Op::kRelu:
    case Op::kRelu6: return LowerRelu(at);
    case Op::kQuantize: return LowerQuantize(at);
    case Op::kDequantize: return LowerDequantize(at);
  }
  return at.Wrong("this operator is not known here");
}

}  // namespace handlens::inference
