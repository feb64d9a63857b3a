#include "onednn_net.h"

#include <cmath>
#include <memory>
#include <stdexcept>

memory Net::Random(const memory::desc& desc, float scale) {
  const memory made = Make(desc);
  std::uniform_real_distribution<float> draw(-scale, scale);
  for (size_t i = 0; i < Count(made); ++i) Floats(made)[i] = draw(random_);
  return made;
}

memory Net::Laid(std::vector<Step>& steps, const memory& from, const memory::desc& to) const {
  if (from.get_desc() == to) return from;
  const memory made = Make(to);
  steps.push_back({dnnl::reorder(from, made), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, made}}});
  return made;
}

// The gradients of all readers of a layer, summed.
void Net::AddGradient(int index, const memory& gradient) {
  if (index < 0) return;
  Layer& layer = layers_[static_cast<size_t>(index)];
  if (!layer.gradient) {
    layer.gradient = gradient;
    return;
  }
  const memory both = Make(gradient.get_desc());
  const dnnl::sum::primitive_desc sum(gradient.get_desc(), {1.0f, 1.0f},
                                      {layer.gradient.get_desc(), gradient.get_desc()}, engine_);
  backward_.push_back({dnnl::sum(sum),
                       {{DNNL_ARG_MULTIPLE_SRC, layer.gradient},
                        {DNNL_ARG_MULTIPLE_SRC + 1, gradient},
                        {DNNL_ARG_DST, both}}});
  layer.gradient = both;
}

bool Net::ReluFollows(size_t index) const {
  int readers = 0;
  for (const Layer& layer : layers_) {
    for (const int input : layer.inputs) readers += input == static_cast<int>(index);
  }
  return readers == 1 && index + 1 < layers_.size() && layers_[index + 1].kind == "relu";
}

// TensorFlow's padding: the odd pixel goes to the bottom and right.
Window Net::WindowOf(const Json& spec, const Dims& in) const {
  const memory::dim kernel = spec.at("kernel"), stride = spec.value("stride", 1);
  Window w{{kernel, kernel}, {stride, stride}, {0, 0}, {0, 0}};
  if (spec.value("padding", "valid") != "same") return w;
  for (size_t axis = 0; axis < 2; ++axis) {
    const memory::dim size = in[2 + axis], outputs = (size + stride - 1) / stride;
    const memory::dim total = std::max<memory::dim>(0, (outputs - 1) * stride + kernel - size);
    w.before[axis] = total / 2;
    w.after[axis] = total - total / 2;
  }
  return w;
}

static dnnl::primitive_attr WithRelu(bool relu) {
  dnnl::primitive_attr attributes;
  dnnl::post_ops after;
  if (relu) after.append_eltwise(1.0f, algorithm::eltwise_relu, 0.0f, 0.0f);
  attributes.set_post_ops(after);
  return attributes;
}

Dims OutputOf(const Dims& in, const Window& w, memory::dim channels) {
  Dims out = {in[0], channels, 0, 0};
  for (size_t axis = 0; axis < 2; ++axis) {
    out[2 + axis] = (in[2 + axis] + w.before[axis] + w.after[axis] - w.kernel[axis]) / w.strides[axis] + 1;
  }
  return out;
}

void Net::Convolution(Layer& layer, bool depthwise) {
  const memory in = Value(layer.inputs[0]);
  const Dims dims = DimsOf(in);
  const Window w = WindowOf(layer.spec, dims);
  const memory::dim channels = dims[1],
                    units = depthwise ? channels : layer.spec.at("units").get<memory::dim>();
  const Dims weights_dims = depthwise ? Dims{channels, 1, 1, w.kernel[0], w.kernel[1]}
                                      : Dims{units, channels, w.kernel[0], w.kernel[1]};
  const bool has_bias = layer.spec.value("bias", true);
  const memory::desc bias_desc =
      has_bias ? memory::desc{{units}, kFloat, memory::format_tag::x} : memory::desc();
  const dnnl::convolution_forward::desc desc(
      prop_kind::forward_training, algorithm::convolution_direct, AnyLayout(dims), AnyLayout(weights_dims),
      bias_desc, AnyLayout(OutputOf(dims, w, units)), w.strides, w.before, w.after);
  const dnnl::convolution_forward::primitive_desc forward(desc, WithRelu(layer.fused), engine_);
  const memory source = Laid(forward_, in, forward.src_desc());
  const memory weights = Random(forward.weights_desc(), 0.1f),
               bias = has_bias ? Random(bias_desc, 0.0f) : memory();
  layer.value = Make(forward.dst_desc());
  Step step{dnnl::convolution_forward(forward),
            {{DNNL_ARG_SRC, source}, {DNNL_ARG_WEIGHTS, weights}, {DNNL_ARG_DST, layer.value}}};
  if (has_bias) step.arguments[DNNL_ARG_BIAS] = bias;
  forward_.push_back(step);
  layer.backward = [=, this, &layer](const memory& dy) {
    ConvolutionBackward(layer, forward, w, {source, weights, bias}, dy);
  };
}

void Net::ConvolutionBackward(const Layer& layer, const dnnl::convolution_forward::primitive_desc& forward,
                              const Window& w, const Operands& read, const memory& dy) {
  const auto& [source, weights, bias] = read;
  const Dims in = DimsOf(source), kernel = DimsOf(weights), out = DimsOf(dy);
  const memory::desc bias_desc = bias ? bias.get_desc() : memory::desc();
  const dnnl::convolution_backward_weights::desc desc(algorithm::convolution_direct, AnyLayout(in),
                                                      AnyLayout(kernel), bias_desc, AnyLayout(out), w.strides,
                                                      w.before, w.after);
  const dnnl::convolution_backward_weights::primitive_desc by_weights(desc, engine_, forward);
  const memory gradient = Make(by_weights.diff_weights_desc());
  Step step{dnnl::convolution_backward_weights(by_weights),
            {{DNNL_ARG_SRC, Laid(backward_, source, by_weights.src_desc())},
             {DNNL_ARG_DIFF_DST, Laid(backward_, dy, by_weights.diff_dst_desc())},
             {DNNL_ARG_DIFF_WEIGHTS, gradient}}};
  if (bias) {
    step.arguments[DNNL_ARG_DIFF_BIAS] = Make(bias_desc);
    Learn(bias, step.arguments[DNNL_ARG_DIFF_BIAS]);
  }
  backward_.push_back(step);
  Learn(weights, Laid(backward_, gradient, weights.get_desc()));
  if (layer.inputs[0] < 0) return;
  const dnnl::convolution_backward_data::desc data(algorithm::convolution_direct, AnyLayout(in),
                                                   AnyLayout(kernel), AnyLayout(out), w.strides, w.before,
                                                   w.after);
  const dnnl::convolution_backward_data::primitive_desc by_data(data, engine_, forward);
  const memory dx = Make(by_data.diff_src_desc());
  backward_.push_back({dnnl::convolution_backward_data(by_data),
                       {{DNNL_ARG_DIFF_DST, Laid(backward_, dy, by_data.diff_dst_desc())},
                        {DNNL_ARG_WEIGHTS, Laid(backward_, weights, by_data.weights_desc())},
                        {DNNL_ARG_DIFF_SRC, dx}}});
  AddGradient(layer.inputs[0], dx);
}

memory::desc Net::DenseWeights(const Dims& dims) const {
  using Tag = memory::format_tag;
  const bool first = dense_layout_.order == DenseLayout::Order::kOutputsFirst;
  if (dense_layout_.order == DenseLayout::Order::kFree) return AnyLayout(dims);
  return {dims, kFloat, dims.size() == 2 ? (first ? Tag::oi : Tag::io) : first ? Tag::oihw : Tag::ihwo};
}

// The same numbers as a memory of other dimensions, both without gaps.
static memory Viewed(const memory& m, const Dims& dims) {
  return {{dims, kFloat, dims.size() == 2 ? memory::format_tag::nc : memory::format_tag::nchw},
          m.get_engine(),
          m.get_data_handle()};
}

void Net::Dense(Layer& layer) {
  memory in = Value(layer.inputs[0]);
  const Dims dims = DimsOf(in);
  if (dense_layout_.flat && dims.size() == 4) {
    kept_.push_back(Laid(forward_, in, {dims, kFloat, memory::format_tag::nchw}));
    in = Viewed(kept_.back(), {dims[0], dims[1] * dims[2] * dims[3]});
  }
  const memory::dim units = layer.spec.at("units");
  Dims weights_dims = DimsOf(in);
  weights_dims[0] = units;
  const memory::desc bias_desc({units}, kFloat, memory::format_tag::x);
  const dnnl::inner_product_forward::desc desc(prop_kind::forward_training, AnyLayout(DimsOf(in)),
                                               DenseWeights(weights_dims), bias_desc,
                                               AnyLayout({batch_, units}));
  const dnnl::inner_product_forward::primitive_desc forward(desc, WithRelu(layer.fused), engine_);
  const memory source = Laid(forward_, in, forward.src_desc()),
               weights = Random(forward.weights_desc(), 0.01f);
  const memory bias = Random(bias_desc, 0.0f);
  layer.value = Make(forward.dst_desc());
  forward_.push_back({dnnl::inner_product_forward(forward),
                      {{DNNL_ARG_SRC, source},
                       {DNNL_ARG_WEIGHTS, weights},
                       {DNNL_ARG_BIAS, bias},
                       {DNNL_ARG_DST, layer.value}}});
  layer.backward = [=, this, &layer](const memory& dy) {
    DenseBackward(layer, forward, {source, weights, bias}, dy);
  };
}

void Net::DenseBackward(const Layer& layer, const dnnl::inner_product_forward::primitive_desc& forward,
                        const Operands& read, const memory& dy) {
  const auto& [source, weights, bias] = read;
  const Dims in = DimsOf(source), kernel = DimsOf(weights), out = DimsOf(dy),
             wanted = DimsOf(Value(layer.inputs[0]));
  const dnnl::inner_product_backward_weights::desc desc(AnyLayout(in), DenseWeights(kernel), bias.get_desc(),
                                                        AnyLayout(out));
  const dnnl::inner_product_backward_weights::primitive_desc by_weights(desc, engine_, forward);
  const dnnl::inner_product_backward_data::desc data(AnyLayout(in), DenseWeights(kernel), AnyLayout(out));
  const dnnl::inner_product_backward_data::primitive_desc by_data(data, engine_, forward);
  const memory gradient = Make(by_weights.diff_weights_desc()), bias_gradient = Make(bias.get_desc()),
               dx = Make(by_data.diff_src_desc());
  backward_.push_back({dnnl::inner_product_backward_weights(by_weights),
                       {{DNNL_ARG_SRC, Laid(backward_, source, by_weights.src_desc())},
                        {DNNL_ARG_DIFF_DST, Laid(backward_, dy, by_weights.diff_dst_desc())},
                        {DNNL_ARG_DIFF_WEIGHTS, gradient},
                        {DNNL_ARG_DIFF_BIAS, bias_gradient}}});
  Learn(bias, bias_gradient);
  Learn(weights, Laid(backward_, gradient, weights.get_desc()));
  backward_.push_back({dnnl::inner_product_backward_data(by_data),
                       {{DNNL_ARG_DIFF_DST, Laid(backward_, dy, by_data.diff_dst_desc())},
                        {DNNL_ARG_WEIGHTS, Laid(backward_, weights, by_data.weights_desc())},
                        {DNNL_ARG_DIFF_SRC, dx}}});
  const bool flattened = wanted.size() != in.size();
  if (!flattened) return AddGradient(layer.inputs[0], dx);
  kept_.push_back(Laid(backward_, dx, {in, kFloat, memory::format_tag::nc}));
  AddGradient(layer.inputs[0], Viewed(kept_.back(), wanted));
}

void Net::BatchNorm(Layer& layer) {
  using Flags = dnnl::normalization_flags;
  const memory in = Value(layer.inputs[0]);
  const Flags flags = layer.fused ? Flags::use_scale_shift | Flags::fuse_norm_relu : Flags::use_scale_shift;
  const dnnl::batch_normalization_forward::desc desc(prop_kind::forward_training, in.get_desc(), 1e-3f,
                                                     flags);
  const dnnl::batch_normalization_forward::primitive_desc forward(desc, engine_);
  const memory mean = Make(forward.mean_desc()), variance = Make(forward.variance_desc());
  const memory scale_shift = Random(forward.weights_desc(), 1.0f), workspace = Make(forward.workspace_desc());
  layer.value = Make(forward.dst_desc());
  forward_.push_back({dnnl::batch_normalization_forward(forward),
                      {{DNNL_ARG_SRC, in},
                       {DNNL_ARG_MEAN, mean},
                       {DNNL_ARG_VARIANCE, variance},
                       {DNNL_ARG_SCALE_SHIFT, scale_shift},
                       {DNNL_ARG_DST, layer.value},
                       {DNNL_ARG_WORKSPACE, workspace}}});
  layer.backward = [=, this, &layer](const memory& dy) {
    const dnnl::batch_normalization_backward::desc back(prop_kind::backward, in.get_desc(), in.get_desc(),
                                                        1e-3f, flags);
    const dnnl::batch_normalization_backward::primitive_desc backward(back, engine_, forward);
    const memory dx = Make(backward.diff_src_desc()), gradient = Make(backward.diff_weights_desc());
    backward_.push_back({dnnl::batch_normalization_backward(backward),
                         {{DNNL_ARG_SRC, in},
                          {DNNL_ARG_MEAN, mean},
                          {DNNL_ARG_VARIANCE, variance},
                          {DNNL_ARG_SCALE_SHIFT, scale_shift},
                          {DNNL_ARG_DIFF_DST, Laid(backward_, dy, backward.diff_dst_desc())},
                          {DNNL_ARG_DIFF_SRC, dx},
                          {DNNL_ARG_DIFF_SCALE_SHIFT, gradient},
                          {DNNL_ARG_WORKSPACE, workspace}}});
    Learn(scale_shift, gradient);
    AddGradient(layer.inputs[0], dx);
  };
}

// Works from its output, which is all that a fused ReLU leaves.
void Net::Activation(Layer& layer) {
  const size_t before = static_cast<size_t>(layer.inputs[0]);
  const memory in = Value(layer.inputs[0]);
  const bool norm = layers_[before].kind == "batch_norm";
  const algorithm kind = layer.kind == "relu" ? algorithm::eltwise_relu_use_dst_for_bwd
                                              : algorithm::eltwise_clip_v2_use_dst_for_bwd;
  const dnnl::eltwise_forward::desc desc(prop_kind::forward_training, kind, in.get_desc(), 0.0f,
                                         layer.kind == "relu" ? 0.0f : 6.0f);
  const dnnl::eltwise_forward::primitive_desc forward(desc, engine_);
  const bool done = layers_[before].fused;
  layer.value = in;  // in place
  if (!done) forward_.push_back({dnnl::eltwise_forward(forward), {{DNNL_ARG_SRC, in}, {DNNL_ARG_DST, in}}});
  layer.backward = [=, this, &layer](const memory& dy) {
    if (done && norm) return AddGradient(layer.inputs[0], dy);  // the batch norm masks by its workspace
    const dnnl::eltwise_backward::desc back(kind, in.get_desc(), in.get_desc(), 0.0f,
                                            layer.kind == "relu" ? 0.0f : 6.0f);
    const dnnl::eltwise_backward::primitive_desc backward(back, engine_, forward);
    const memory laid = Laid(backward_, dy, in.get_desc()), dx = Make(in.get_desc());
    backward_.push_back({dnnl::eltwise_backward(backward),
                         {{DNNL_ARG_DST, in}, {DNNL_ARG_DIFF_DST, laid}, {DNNL_ARG_DIFF_SRC, dx}}});
    AddGradient(layer.inputs[0], dx);
  };
}

void Net::Pool(Layer& layer) {
  const memory in = Value(layer.inputs[0]);
  const Dims dims = DimsOf(in);
  const bool global = layer.kind == "global_avg_pool";
  const Window w = global ? Window{{dims[2], dims[3]}, {1, 1}, {0, 0}, {0, 0}} : WindowOf(layer.spec, dims);
  const algorithm kind = global ? algorithm::pooling_avg_exclude_padding : algorithm::pooling_max;
  const memory::desc out = AnyLayout(OutputOf(dims, w, dims[1]));
  const dnnl::pooling_forward::desc desc(prop_kind::forward_training, kind, in.get_desc(), out, w.strides,
                                         w.kernel, w.before, w.after);
  const dnnl::pooling_forward::primitive_desc forward(desc, engine_);
  layer.value = Make(forward.dst_desc());
  const memory workspace = Make(forward.workspace_desc());
  forward_.push_back({dnnl::pooling_forward(forward),
                      {{DNNL_ARG_SRC, in}, {DNNL_ARG_DST, layer.value}, {DNNL_ARG_WORKSPACE, workspace}}});
  layer.backward = [=, this, &layer](const memory& dy) {
    const dnnl::pooling_backward::desc back(kind, in.get_desc(), layer.value.get_desc(), w.strides, w.kernel,
                                            w.before, w.after);
    const dnnl::pooling_backward::primitive_desc backward(back, engine_, forward);
    const memory dx = Make(backward.diff_src_desc());
    backward_.push_back({dnnl::pooling_backward(backward),
                         {{DNNL_ARG_DIFF_DST, Laid(backward_, dy, backward.diff_dst_desc())},
                          {DNNL_ARG_WORKSPACE, workspace},
                          {DNNL_ARG_DIFF_SRC, dx}}});
    AddGradient(layer.inputs[0], dx);
  };
}

void Net::Add(Layer& layer) {
  const memory a = Value(layer.inputs[0]), b = Laid(forward_, Value(layer.inputs[1]), a.get_desc());
  layer.value = Make(a.get_desc());
  const dnnl::binary::desc desc(algorithm::binary_add, a.get_desc(), a.get_desc(), a.get_desc());
  const dnnl::binary::primitive_desc sum(desc, engine_);
  forward_.push_back(
      {dnnl::binary(sum), {{DNNL_ARG_SRC_0, a}, {DNNL_ARG_SRC_1, b}, {DNNL_ARG_DST, layer.value}}});
  layer.backward = [this, &layer](const memory& dy) {
    for (const int input : layer.inputs) AddGradient(input, dy);
  };
}

void Net::AddLayer(size_t index) {
  Layer& layer = layers_[index];
  if (layer.kind == "conv" || layer.kind == "depthwise") return Convolution(layer, layer.kind == "depthwise");
  if (layer.kind == "dense") return Dense(layer);
  if (layer.kind == "batch_norm") return BatchNorm(layer);
  if (layer.kind == "relu" || layer.kind == "relu6") return Activation(layer);
  if (layer.kind == "max_pool" || layer.kind == "global_avg_pool") return Pool(layer);
  if (layer.kind == "add") return Add(layer);
  if (layer.kind != "dropout") throw std::runtime_error("no oneDNN layer for " + layer.kind);
  layer.value = Value(layer.inputs[0]);
  layer.backward = [this, &layer](const memory& dy) { AddGradient(layer.inputs[0], dy); };
}

Net::Net(const Json& row, DenseLayout dense_layout) : dense_layout_(dense_layout) {
  const Json& model = row.at("model");
  batch_ = row.at("batch");
  rate_ = row.at("rate");
  nesterov_ = row.at("optimizer") == "nesterov";
  const memory::dim size = model.at("size_px");
  picture_ = Random({{batch_, 3, size, size}, kFloat, memory::format_tag::nhwc}, 1.0f);
  for (const Json& spec : model.at("layers")) {
    Layer layer{spec.at("kind"), spec, {static_cast<int>(layers_.size()) - 1}, {}, {}, false, {}};
    if (spec.contains("inputs") && !spec["inputs"].empty())
      layer.inputs = spec["inputs"].get<std::vector<int>>();
    layers_.push_back(layer);
  }
  for (size_t i = 0; i < layers_.size(); ++i) {
    layers_[i].fused = layers_[i].kind != "add" && layers_[i].kind != "max_pool" && ReluFollows(i);
    AddLayer(i);
  }
  const memory::desc plain({batch_, model.at("classes").get<memory::dim>()}, kFloat, memory::format_tag::nc);
  logits_ = Laid(forward_, layers_.back().value, plain);
  logit_gradient_ = Make(plain);
  layers_.back().gradient = logit_gradient_;
  for (size_t i = layers_.size(); i-- > 0;) layers_[i].backward(layers_[i].gradient);
}

// Softmax cross-entropy and its gradient; picture b has the label b modulo classes.
void Net::Loss() {
  const size_t classes = static_cast<size_t>(DimsOf(logits_)[1]);
  for (size_t b = 0; b < static_cast<size_t>(batch_); ++b) {
    const float* in = Floats(logits_) + b * classes;
    float *out = Floats(logit_gradient_) + b * classes, sum = 0, most = in[0];
    for (size_t c = 1; c < classes; ++c) most = std::max(most, in[c]);
    for (size_t c = 0; c < classes; ++c) sum += out[c] = std::exp(in[c] - most);
    for (size_t c = 0; c < classes; ++c)
      out[c] = (out[c] / sum - (c == b % classes ? 1.0f : 0.0f)) / static_cast<float>(batch_);
  }
}

void Net::Update(const Trained& t) const {
  float *w = Floats(t.value), *m = Floats(t.moment);
  const float* g = Floats(t.gradient);
  const size_t count = Count(t.value);
  if (!nesterov_) {
    for (size_t i = 0; i < count; ++i) w[i] -= rate_ * g[i];
    return;
  }
  for (size_t i = 0; i < count; ++i) {
    m[i] = 0.9f * m[i] - rate_ * (g[i] + 5e-4f * w[i]);
    w[i] += 0.9f * m[i] - rate_ * (g[i] + 5e-4f * w[i]);
  }
}

void Net::Train() {
  for (const Step& step : forward_) step.primitive.execute(stream_, step.arguments);
  stream_.wait();
  Loss();
  for (const Step& step : backward_) step.primitive.execute(stream_, step.arguments);
  stream_.wait();
  for (const Trained& t : trained_) Update(t);
}
