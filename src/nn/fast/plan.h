// How the fast backend cuts a model into operations, which operations run together, and which gradients share
// memory. Knows shapes and neighbours; nothing of arithmetic.
#pragma once

#include <vector>

#include "nn/fast/operation.h"

namespace handlens::nn {

// Layers first..last as one operation: convolutions and batch norms take in what follows them alone.
struct Cut {
  int first = 0, last = 0;
  enum class Kind { kConv, kConvPool, kDepthwise, kDense, kNorm, kFixedNorm, kPlain } kind = Kind::kPlain;
  int norm = -1;       // convolutions: the batch norm with fixed statistics among the layers
  bool heavy = false;  // convolutions: more numbers in the kernel than in a picture's inputs and outputs
  Reach Sees() const {
    return kind == Kind::kNorm    ? Reach::kGathers
           : kind == Kind::kDense ? Reach::kBatch
           : heavy                ? Reach::kWeights
                                  : Reach::kPicture;
  }
};

class Cutter {
 public:
  explicit Cutter(const GraphSpec& spec) : spec_(spec) {}
  std::vector<Cut> Cuts() const;
  // Pixels of zeros that the readers of layer `i` (-1: the picture) want around it.
  size_t BorderOf(int i) const;
  bool ReadBy(int i, LayerKind kind) const;
  // Whether every reader takes pixels of exactly three floats.
  bool OnlyConvolutionsRead(int i) const;

 private:
  const LayerSpec& Layer(int i) const { return spec_.nodes[Size(i)].layer; }
  int SoleReader(int i) const { return spec_.readers[Size(i)].size() == 1 ? spec_.readers[Size(i)][0] : -1; }
  Cut CutAt(int i) const;
  Cut WithFollowers(const Cut& conv) const;
  bool IsHeavy(int i) const;
  bool IsActivation(int i) const;
  int PoolAfter(int i) const;
  bool FitsConvPool(const LayerSpec& conv) const;

  const GraphSpec& spec_;
};

// Whether the kernels cannot lay the model out: a dense layer behind a depthwise one or beside a padded
// convolution, one input added to itself, outputs that nobody reads.
bool IsUnusual(const GraphSpec& spec);

// Operations that run picture by picture, one after the other, by their place in the order of running.
struct Group {
  size_t begin = 0, end = 0;
};
// A new group begins at an operation that must have seen all pictures; one that works on all at once or keeps
// its weights in the cache over all of them stands alone. The first group may be empty.
std::vector<Group> GroupsOf(const std::vector<Reach>& order);

// What lives from one place in the order of running, which writes it, to another, which reads it last: a few
// buffers, each as large as the largest that it holds in turn, serve all. Gradients live from group to group
// of the backward pass, outputs that no backward pass reads from group to group of the forward pass; within a
// group either needs a single picture's memory. The less memory a step touches, the more of it stays in the
// cache.
class SharedMemory {
 public:
  SharedMemory(Arena& arena, size_t batch) : arena_(arena), batch_(batch) {}
  struct Life {
    size_t written = 0, read = 0;
  };
  void Add(Tensor4& tensor, Life life) { entries_.push_back({&tensor, life}); }
  // The same where the border must stay zero: shares with tensors of its own geometry alone.
  void AddBordered(Tensor4& tensor, Life life) { entries_.push_back({&tensor, life, true}); }
  // In memory of its own, for as long as the network lives.
  void Keep(Tensor4& tensor) { tensor.at += arena_.Reserve(batch_ * tensor.picture); }
  // The same, every picture's in the same place of a lane.
  static void KeepOne(Arena& lane, Tensor4& tensor);
  // Gives all added tensors their places. They must still be where they were.
  void Place();

 private:
  struct Entry {
    Tensor4* tensor;
    Life life;
    bool bordered = false;
  };
  static bool CanFollow(const Entry& before, const Entry& next);
  Arena& arena_;
  size_t batch_;
  std::vector<Entry> entries_;
};

}  // namespace handlens::nn
