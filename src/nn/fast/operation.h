// The parts of the fast backend: tensors with borders and padded channels, and the operations that a model is
// cut into. An operation may stand for several layers (convolution + ReLU + pool; batch norm + ReLU).
#pragma once

#include <memory>
#include <vector>

#include "nn/graph.h"
#include "nn/kernels/kernels.h"

namespace handlens::nn {

// One layer's output, or its gradient, for a batch. Pixels of `pixel` floats (channels, then zeros), rows of
// `row` floats, pictures of `picture` floats; `border` pixels of zeros all around, so that windows never test
// for edges.
struct Tensor4 {
  Shape shape;
  size_t at = 0;  // offset in the arena of picture 0's first pixel inside the border
  size_t pixel = 0, row = 0, picture = 0, border = 0;
  bool given = false;    // the caller's pictures, where they are: read through Context::In alone
  bool of_lane = false;  // one picture's memory, which each lane has for itself
  bool Flat() const { return border == 0 && row == Size(shape.width) * pixel; }
  size_t PictureFloats() const { return (Size(shape.height) + 2 * border) * row; }
};
// `flat`: rows without gaps, as dense layers read them; pictures then begin at multiples of 16 floats.
enum class Rows4 { kFlat, kSpread };
// The geometry alone; `at` still counts from the start of the tensor's own memory, of batch x picture floats.
Tensor4 PlanTensor(const Shape& shape, size_t pixel, size_t border, Rows4 rows);

// What one thread works with. Pictures of a batch that do not depend on each other may go through several
// lanes at once, each a thread with memory of its own for what lives no longer than a picture.
struct Context {
  const Arena* arena = nullptr;
  const Arena* lane = nullptr;
  Params* params = nullptr;
  Pass pass;
  Update update;

  float* At(const Tensor4& t, size_t picture) const {
    HL_CHECK(!t.given);
    return (t.of_lane ? lane : arena)->At(t.at) + picture * t.picture;
  }
  kernels::In In(const Tensor4& t, size_t picture) const {
    return {t.given ? pass.inputs + picture * t.picture : At(t, picture), t.row, t.pixel};
  }
  kernels::Out Out(const Tensor4& t, size_t picture) const { return {At(t, picture), t.row, t.pixel}; }
  size_t Count() const { return Size(pass.count); }
};

// Whole pictures, border included, or the border alone, to zero.
void ZeroPicture(const Context& c, const Tensor4& t, size_t picture);
void ZeroBorder(const Context& c, const Tensor4& t, size_t picture);
// One picture to and from plain (H, W, C).
void Unpack(const Context& c, const Tensor4& t, size_t picture, float* plain);
void Pack(const Context& c, const float* plain, const Tensor4& t, size_t picture);
// Mean over the pixels of each channel, one chain from zero over them.
void MeanOfPixels(const Context& c, const Tensor4& t, size_t picture, float* means);
// to += from, both of one geometry.
void Accumulate(const Context& c, const Tensor4& from, const Tensor4& to, size_t picture);

// Where an operation reads and writes. No `dx` where nobody needs it.
struct Wires {
  Tensor4 x, y, dy;
  Tensor4 dx;
  enum class Need { kData, kNone } need = Need::kNone;
  bool NeedsData() const { return need == Need::kData; }
};

// What an operation must have seen before it can do its first picture: nothing but that picture, something of
// each picture (batch norm: Gather*), or all of them (dense layers, which do all work in Begin*). kWeights
// needs no more than kPicture, but has so many weights that all pictures had better go through them in turn.
enum class Reach { kPicture, kGathers, kWeights, kBatch };

// The graph calls Gather* for all pictures, then Begin*, then the picture functions in the pictures' order,
// then EndBackward; operations in a row run picture by picture, while the picture is in the cache (plan.h).
// Where all of a row share, several threads do so, each with pictures of its own; BackwardInTurn, which comes
// before Backward, is then still called in the pictures' order: there goes what is summed over the batch.
class Operation {
 public:
  virtual ~Operation() = default;
  virtual void Bind(Params& params) = 0;
  virtual bool Shares() const { return false; }
  virtual void GatherForward(const Context&, size_t /*picture*/) {}
  virtual void BeginForward(const Context&) {}
  virtual void Forward(const Context&, size_t /*picture*/) {}
  virtual void GatherBackward(const Context&, size_t /*picture*/) {}
  virtual void BeginBackward(const Context&) {}
  virtual void BackwardInTurn(const Context&, size_t /*picture*/) {}
  virtual void Backward(const Context&, size_t /*picture*/) {}
  virtual void EndBackward(const Context&) {}
};

struct Placement {
  int index = 0;  // of the first layer the operation stands for
  int norm = -1;  // convolutions: of the batch norm with fixed statistics behind it, if that is a part
  float low = -kernels::kUnlimited,
        high = kernels::kUnlimited;  // what the activation behind, if that is a part, leaves
  const GraphSpec* spec = nullptr;   // only while the graph is made
  size_t batch = 0;
  Arena* arena = nullptr;
  Arena* lane = nullptr;  // scratch of one picture
};
std::unique_ptr<Operation> MakeConv(const Placement& p, const Wires& wires);
std::unique_ptr<Operation> MakeConvPool(const Placement& p, const Wires& wires);
std::unique_ptr<Operation> MakeDepthwise(const Placement& p, const Wires& wires);
std::unique_ptr<Operation> MakeDense(const Placement& p, const Wires& wires);
std::unique_ptr<Operation> MakeNorm(const Placement& p, const Wires& wires);
// The same with running statistics, in training too, where no convolution before it takes it in.
std::unique_ptr<Operation> MakeFixedNorm(const Placement& p, const Wires& wires);
// Any layer without numbers to learn, by its reference function on unpacked pictures; `others` are further
// inputs (add).
struct OtherInput {
  Tensor4 x, dx;
  Wires::Need need = Wires::Need::kNone;
};
std::unique_ptr<Operation> MakePlain(const Placement& p, const Wires& wires, std::vector<OtherInput> others);

}  // namespace handlens::nn
