// The network of onednn_worker.cc: layers of a benchmark's row, their primitives, and one training step.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <nlohmann/json.hpp>
#include <oneapi/dnnl/dnnl.hpp>

using dnnl::algorithm;
using dnnl::memory;
using dnnl::prop_kind;
using Json = nlohmann::json;
using Dims = memory::dims;

inline constexpr auto kAny = memory::format_tag::any;
inline constexpr auto kFloat = memory::data_type::f32;

struct Step {
  dnnl::primitive primitive;
  std::unordered_map<int, memory> arguments;
};

struct Trained {
  memory value, gradient, moment;
};

// What a layer reads; `bias` is empty where it has none.
struct Operands {
  memory source, weights, bias;
};

struct Window {
  Dims kernel, strides, before, after;
};

inline float* Floats(const memory& m) { return static_cast<float*>(m.get_data_handle()); }
inline size_t Count(const memory& m) { return m.get_desc().get_size() / sizeof(float); }
inline Dims DimsOf(const memory& m) { return m.get_desc().dims(); }
inline memory::desc AnyLayout(const Dims& dims) { return {dims, kFloat, kAny}; }

// How the weights of dense layers lie: as forward likes best, or in one order for all passes; over pictures
// as they come or flattened first. What is best depends on the shapes, so all are tried.
struct DenseLayout {
  bool flat = false;
  enum class Order { kFree, kOutputsFirst, kOutputsLast } order = Order::kFree;
};

class Net {
 public:
  Net(const Json& row, DenseLayout dense_layout);
  void Train();
  int batch() const { return batch_; }

 private:
  struct Layer {
    std::string kind;
    Json spec;
    std::vector<int> inputs;
    memory value, gradient;
    bool fused = false;                              // the ReLU behind it is done by it
    std::function<void(const memory& dy)> backward;  // adds the steps of its backward pass
  };

  memory Make(const memory::desc& desc) const { return {desc, engine_}; }
  memory Random(const memory::desc& desc, float scale);
  memory Laid(std::vector<Step>& steps, const memory& from, const memory::desc& to) const;
  void Learn(const memory& value, const memory& gradient) {
    trained_.push_back({value, gradient, Make(value.get_desc())});
  }
  void AddGradient(int layer, const memory& gradient);
  bool ReluFollows(size_t index) const;
  Window WindowOf(const Json& spec, const Dims& in) const;
  memory& Value(int layer) { return layer < 0 ? picture_ : layers_[static_cast<size_t>(layer)].value; }

  void AddLayer(size_t index);
  void Convolution(Layer& layer, bool depthwise);
  void ConvolutionBackward(const Layer& layer, const dnnl::convolution_forward::primitive_desc& forward,
                           const Window& w, const Operands& read, const memory& dy);
  void Dense(Layer& layer);
  void DenseBackward(const Layer& layer, const dnnl::inner_product_forward::primitive_desc& forward,
                     const Operands& read, const memory& dy);
  void BatchNorm(Layer& layer);
  void Activation(Layer& layer);
  void Pool(Layer& layer);
  void Add(Layer& layer);
  void Loss();
  void Update(const Trained& t) const;

  memory::desc DenseWeights(const Dims& dims) const;

  DenseLayout dense_layout_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::mt19937 random_{1};
  int batch_ = 0;
  float rate_ = 0;
  bool nesterov_ = false;
  std::vector<Layer> layers_;
  memory picture_, logits_, logit_gradient_;
  std::vector<Step> forward_, backward_;
  std::vector<Trained> trained_;
  std::vector<memory> kept_;  // seen by other memories only through their handles
};
