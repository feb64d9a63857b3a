// The fast backend: cuts a model into operations, lays out their tensors, runs them in order.
#include <algorithm>
#include <atomic>
#include <map>
#include <optional>
#include <thread>

#include "base/parallel.h"
#include "nn/fast/plan.h"

namespace handlens::nn {
namespace {

// The places of layers and operations in the order of running.
class Schedule {
 public:
  explicit Schedule(const std::vector<Cut>& cuts) {
    std::vector<Reach> order;
    for (const Cut& cut : cuts) order.push_back(cut.Sees());
    forward = GroupsOf(order);
    std::reverse(order.begin(), order.end());
    backward = GroupsOf(order);
  }
  static size_t GroupOf(size_t place, const std::vector<Group>& groups) {
    const auto runs = [&](const Group& g) { return place < g.end; };
    return static_cast<size_t>(std::find_if(groups.begin(), groups.end(), runs) - groups.begin());
  }
  std::vector<Group> forward, backward;  // of steps; of steps counted from the last
};

// What is done for a group of operations before, for and after the pictures of a batch.
template <class Begin, class Picture, class End>
struct Work {
  Begin begin;
  Picture picture;
  End end;
};

class FastGraph final : public Graph {
 public:
  FastGraph(const GraphSpec& spec, const std::vector<Cut>& cuts, int max_batch, Arena& arena);
  size_t ThreadBytes() const override { return lanes_[0].Bytes(); }
  bool SharesPictures() const override;
  Result<void> UseThreads(int threads) override;
  void Bind(const Arena& arena, Params& params) override;
  const float* Forward(const Pass& pass) override;
  void Backward(const float* logit_gradient, const Update& update) override;

 private:
  struct Slot {  // one layer's output that exists
    Tensor4 value, gradient;
    std::optional<Tensor4> shared;  // read more than once: readers write here, and it is added to `gradient`
    bool trains = false;            // its layer or something before it learns
  };
  struct Step {
    std::unique_ptr<Operation> operation;
    std::vector<int> shared;      // layers whose `shared` it writes
    std::optional<size_t> again;  // operation whose output it reads and whose output is not kept
    int layer = 0;                // whose output it writes
    bool trains = false;
    bool clears_border = false;  // the output's memory has held others'
    bool gathers = false;        // sees each picture before it begins
  };
  // How far the pictures of a group have come in an operation that sums over them: the next one whose turn it
  // is.
  using Turns = std::vector<std::atomic<size_t>>;
  struct Shape4 {  // how a layer's output and its gradient lie
    size_t pixel = 0;
    Rows4 rows = Rows4::kSpread;
  };
  Slot PictureSlot(const GraphSpec& spec) const;
  Slot MakeSlot(const GraphSpec& spec, const Cut& cut) const;
  Shape4 LayOut(const GraphSpec& spec, int layer) const;
  std::optional<size_t> LastReaderOfPassing(const GraphSpec& spec, const std::vector<Cut>& cuts,
                                            size_t k) const;
  bool IsRepeated(const GraphSpec& spec, const Cut& cut) const;
  void PlaceValues(const GraphSpec& spec, const std::vector<Cut>& cuts, Arena& arena);
  void PlaceGradients(const GraphSpec& spec, const std::vector<Cut>& cuts, Arena& arena);
  void AddStep(const GraphSpec& spec, const Cut& cut, Arena& arena, Step& step);
  OtherInput Source(int layer) const;
  bool IsShared(size_t begin, size_t end, std::optional<size_t> next) const;
  template <class Tasks>
  void ForGroups(const std::vector<bool>& shared, const Tasks& work);
  template <class Tasks>
  void ShareGroups(size_t begin, size_t end, size_t lanes, const Tasks& work);
  void ForwardGroup(const Context& c, const Group& group, size_t picture);
  void BackwardPicture(const Context& c, const Step& step, size_t picture, std::atomic<size_t>& turn);
  void WriteMeans(const Context& c, int layer, size_t picture) const;

  size_t batch_;
  Schedule schedule_;
  std::vector<Slot> slots_;  // by layer + 1; the picture first
  std::vector<Step> steps_;
  std::vector<bool> forward_shared_, backward_shared_;  // by group
  size_t logits_ = 0;
  std::vector<Arena> lanes_ = std::vector<Arena>(1);
  size_t threads_ = 1;
  Context context_;
};

FastGraph::Shape4 FastGraph::LayOut(const GraphSpec& spec, int layer) const {
  const Cutter cutter(spec);
  const LayerKind kind = layer < 0 ? LayerKind::kNormalize : spec.nodes[Size(layer)].layer.kind;
  const int channels = layer < 0 ? 3 : spec.nodes[Size(layer)].out.channels;
  const bool tight = kind == LayerKind::kNormalize && channels == 3 && cutter.OnlyConvolutionsRead(layer);
  const bool flat = cutter.ReadBy(layer, LayerKind::kDense) || kind == LayerKind::kMaxPool;
  return {tight ? 3 : kernels::Padded(Size(channels)), flat ? Rows4::kFlat : Rows4::kSpread};
}

FastGraph::Slot FastGraph::PictureSlot(const GraphSpec& spec) const {
  const auto [pixel, rows] = LayOut(spec, -1);
  const Shape shape{spec.model.size_px, spec.model.size_px, 3};
  Slot slot;
  slot.value = PlanTensor(shape, pixel, Cutter(spec).BorderOf(-1), rows);
  // No border and no padding to add, and what reads it goes through Context::In: no copy is made.
  slot.value.given = pixel == 3 && slot.value.Flat();
  if (slot.value.given) slot.value.picture = Count(shape);
  return slot;
}

// The border of zeros over which a depthwise convolution of stride 1 reads the gradient of its output, with
// the kernel turned round.
size_t ReachOfData(const Node& depthwise) {
  if (depthwise.layer.stride != 1) return 0;
  const Window w = WindowOf(depthwise.layer, depthwise.in, depthwise.out);
  const int before = w.kernel - 1 - std::min(w.top, w.left);
  const int behind = std::max(depthwise.in.height - depthwise.out.height + w.top,
                              depthwise.in.width - depthwise.out.width + w.left);
  return Size(std::max(before, behind));
}

FastGraph::Slot FastGraph::MakeSlot(const GraphSpec& spec, const Cut& cut) const {
  const auto [pixel, rows] = LayOut(spec, cut.last);
  const Shape& shape = spec.nodes[Size(cut.last)].out;
  Slot slot;
  slot.value = PlanTensor(shape, pixel, Cutter(spec).BorderOf(cut.last), rows);
  slot.trains = spec.nodes[Size(cut.last)].trains;
  // Readers spill the gradient of padding over the edge.
  const size_t reach = cut.kind == Cut::Kind::kDepthwise ? ReachOfData(spec.nodes[Size(cut.first)]) : 0;
  slot.gradient = PlanTensor(shape, pixel, std::max(reach, slot.value.border), rows);
  if (slot.trains && spec.readers[Size(cut.last)].size() > 1) slot.shared = slot.gradient;
  return slot;
}

// The last operation that reads an output which no backward pass needs. Dense layers want zeros behind it, so
// what they read is kept.
std::optional<size_t> FastGraph::LastReaderOfPassing(const GraphSpec& spec, const std::vector<Cut>& cuts,
                                                     size_t k) const {
  const std::vector<int>& readers = spec.readers[Size(cuts[k].last)];
  if (readers.empty() || slots_[Size(cuts[k].last + 1)].trains) return std::nullopt;
  size_t last = k;
  for (size_t r = k + 1; r < cuts.size(); ++r) {
    if (std::count(readers.begin(), readers.end(), cuts[r].first) == 0) continue;
    if (slots_[Size(cuts[r].last + 1)].trains || cuts[r].kind == Cut::Kind::kDense) return std::nullopt;
    last = r;
  }
  return last;
}

// Whether an operation's output is worked out again in the backward pass where one operation alone reads it,
// right behind: one picture's memory then serves all. A batch norm's costs little, and half of what a step
// writes need not leave the cache; so does a large picture's that a 1 x 1 convolution makes of few channels,
// which otherwise is most of what a step keeps.
bool FastGraph::IsRepeated(const GraphSpec& spec, const Cut& cut) const {
  constexpr size_t kLargeFloats = size_t{200} << 10;
  const Node& node = spec.nodes[Size(cut.first)];
  if (cut.kind == Cut::Kind::kNorm) return true;
  return cut.kind == Cut::Kind::kConv && node.layer.kernel == 1 && 4 * node.in.channels < node.out.channels &&
         Count(node.out) > kLargeFloats;
}

void FastGraph::PlaceValues(const GraphSpec& spec, const std::vector<Cut>& cuts, Arena& arena) {
  SharedMemory kept(arena, batch_), passing(lanes_[0], 1);
  std::vector<Tensor4*> of_one_picture;
  const auto group = [&](size_t place) { return Schedule::GroupOf(place, schedule_.forward); };
  if (!slots_[0].value.given) kept.Keep(slots_[0].value);
  for (size_t k = 0; k < cuts.size(); ++k) {
    Tensor4& value = slots_[Size(cuts[k].last + 1)].value;
    const std::vector<int>& readers = spec.readers[Size(cuts[k].last)];
    const bool next = readers.size() == 1 && k + 1 < cuts.size() && cuts[k + 1].first == readers[0] &&
                      group(k) == group(k + 1);
    if (const std::optional<size_t> last = LastReaderOfPassing(spec, cuts, k)) {
      steps_[k].clears_border = true;
      if (group(*last) == group(k)) {
        passing.Add(value, {k, *last});
        of_one_picture.push_back(&value);
      } else {
        kept.Add(value, {group(k), group(*last)});
      }
    } else if (next && IsRepeated(spec, cuts[k])) {
      SharedMemory::KeepOne(lanes_[0], value);
      steps_[k + 1].again = k;
    } else {
      kept.Keep(value);
    }
  }
  kept.Place();
  passing.Place();
  for (Tensor4* value : of_one_picture) {
    value->picture = 0;
    value->of_lane = true;
  }
}

void FastGraph::PlaceGradients(const GraphSpec& spec, const std::vector<Cut>& cuts, Arena& arena) {
  std::map<int, size_t>
      group_of;  // by the first layer of an operation: the only one that reads what others wrote
  for (size_t k = 0; k < cuts.size(); ++k) {
    group_of[cuts[k].first] = Schedule::GroupOf(cuts.size() - 1 - k, schedule_.backward);
  }
  SharedMemory memory(arena, batch_);
  for (const Cut& cut : cuts) {
    Slot& slot = slots_[Size(cut.last + 1)];
    if (!slot.trains) continue;
    const std::vector<int>& readers = spec.readers[Size(cut.last)];
    if (slot.shared) memory.Keep(*slot.shared);
    const size_t read = group_of[cut.first], written = readers.size() == 1 ? group_of[readers[0]] : read;
    if (readers.size() != 1) {
      memory.Keep(slot.gradient);
    } else if (written == read) {
      SharedMemory::KeepOne(lanes_[0], slot.gradient);
    } else if (cut.kind == Cut::Kind::kDepthwise) {
      memory.AddBordered(slot.gradient, {written, read});
    } else {
      memory.Add(slot.gradient, {written, read});
    }
  }
  memory.Place();
}

OtherInput FastGraph::Source(int layer) const {
  const Slot& s = slots_[Size(layer + 1)];
  return {s.value, s.shared ? *s.shared : s.gradient, s.trains ? Wires::Need::kData : Wires::Need::kNone};
}

void FastGraph::AddStep(const GraphSpec& spec, const Cut& cut, Arena& arena, Step& step) {
  const Node& first = spec.nodes[Size(cut.first)];
  const OtherInput from = Source(first.inputs[0]);
  const Slot& to = slots_[Size(cut.last + 1)];
  const Wires wires{from.x, to.value, to.gradient, from.dx, from.need};
  const LayerKind last = spec.nodes[Size(cut.last)].layer.kind;
  Placement place{.index = cut.first,
                  .norm = cut.norm,
                  .spec = &spec,
                  .batch = batch_,
                  .arena = &arena,
                  .lane = &lanes_[0]};
  if (last == LayerKind::kRelu || last == LayerKind::kRelu6) place.low = 0;
  if (last == LayerKind::kRelu6) place.high = 6;
  switch (cut.kind) {
    case Cut::Kind::kConv: step.operation = MakeConv(place, wires); break;
    case Cut::Kind::kConvPool: step.operation = MakeConvPool(place, wires); break;
    case Cut::Kind::kDepthwise: step.operation = MakeDepthwise(place, wires); break;
    case Cut::Kind::kDense: step.operation = MakeDense(place, wires); break;
    case Cut::Kind::kNorm: step.operation = MakeNorm(place, wires); break;
    case Cut::Kind::kFixedNorm: step.operation = MakeFixedNorm(place, wires); break;
    case Cut::Kind::kPlain: {
      std::vector<OtherInput> others;
      for (size_t i = 1; i < first.inputs.size(); ++i) others.push_back(Source(first.inputs[i]));
      step.operation = MakePlain(place, wires, std::move(others));
      break;
    }
  }
  for (const int input : first.inputs) {
    if (slots_[Size(input + 1)].shared) step.shared.push_back(input);
  }
  step.layer = cut.last;
  step.trains = to.trains;
  step.gathers = cut.Sees() == Reach::kGathers;
}

FastGraph::FastGraph(const GraphSpec& spec, const std::vector<Cut>& cuts, int max_batch, Arena& arena)
    : batch_(Size(max_batch)), schedule_(cuts) {
  slots_.resize(spec.nodes.size() + 1);
  slots_[0] = PictureSlot(spec);
  for (const Cut& cut : cuts) slots_[Size(cut.last + 1)] = MakeSlot(spec, cut);
  steps_.resize(cuts.size());
  PlaceValues(spec, cuts, arena);
  PlaceGradients(spec, cuts, arena);
  for (size_t k = 0; k < cuts.size(); ++k) AddStep(spec, cuts[k], arena, steps_[k]);
  for (const Group& g : schedule_.forward)
    forward_shared_.push_back(
        IsShared(g.begin, g.end, g.end < cuts.size() ? std::optional(g.end) : std::nullopt));
  for (const Group& g : schedule_.backward) {
    const size_t begin = cuts.size() - g.end, end = cuts.size() - g.begin;
    backward_shared_.push_back(IsShared(begin, end, begin > 0 ? std::optional(begin - 1) : std::nullopt));
  }
  logits_ = arena.Reserve(batch_ * Size(spec.model.classes));
}

// Whether pictures may take these operations in several lanes: all share, and the next one gathers nothing,
// which goes in the pictures' order.
bool FastGraph::IsShared(size_t begin, size_t end, std::optional<size_t> next) const {
  if (next && steps_[*next].gathers) return false;
  return std::all_of(steps_.begin() + static_cast<std::ptrdiff_t>(begin),
                     steps_.begin() + static_cast<std::ptrdiff_t>(end),
                     [](const Step& step) { return step.operation->Shares(); });
}

// One or two operations are not worth a thread.
bool FastGraph::SharesPictures() const {
  constexpr size_t kLeastOperations = 8;
  size_t operations = 0;  // of neighbouring groups that share
  for (size_t g = 0; g < schedule_.forward.size() && operations < kLeastOperations; ++g) {
    const Group& group = schedule_.forward[g];
    operations = forward_shared_[g] ? operations + group.end - group.begin : 0;
  }
  return operations >= kLeastOperations;
}

Result<void> FastGraph::UseThreads(int threads) {
  const size_t wanted = SharesPictures() ? std::min(Size(threads), batch_) : 1;
  while (lanes_.size() < wanted) lanes_.push_back(lanes_[0].Plan());
  context_.lane = &lanes_[0];
  for (size_t i = 0; i < wanted; ++i) {
    if (!lanes_[i].HasMemory()) HL_TRY(lanes_[i].Allocate());
  }
  threads_ = wanted;
  return {};
}

// For each group: work.begin(group), then work.picture(context, group, picture) for the pictures of the
// batch, in their order or, shared, in rising order of start, then work.end(group).
template <class Tasks>
void FastGraph::ForGroups(const std::vector<bool>& shared, const Tasks& work) {
  for (size_t g = 0, end = 0; g < shared.size(); g = end) {
    end = g + 1;
    while (shared[g] && end < shared.size() && shared[end]) ++end;
    ShareGroups(g, end, shared[g] ? std::min(threads_, context_.Count()) : 1, work);
  }
}

// Threads begin once for all these groups. A group opens when the last picture of the one before is done, by
// whoever did it: no thread is waited for that never began.
template <class Tasks>
void FastGraph::ShareGroups(size_t begin, size_t end, size_t lanes, const Tasks& work) {
  const size_t count = context_.Count();
  std::atomic<size_t> next = 0, done = 0, open = begin;
  work.begin(begin);
  ParallelFor(lanes, static_cast<int>(lanes), [&](size_t lane) {
    Context context = context_;
    context.lane = &lanes_[lane];
    for (size_t item; (item = next++) < (end - begin) * count;) {
      const size_t group = begin + item / count;
      for (size_t now; (now = open) < group;) open.wait(now);
      work.picture(context, group, item % count);
      if (++done < (group + 1 - begin) * count) continue;
      work.end(group);
      if (group + 1 < end) work.begin(group + 1);
      open = group + 1;
      open.notify_all();
    }
  });
}

void FastGraph::Bind(const Arena& arena, Params& params) {
  context_.arena = &arena;
  context_.params = &params;
  for (Step& step : steps_) step.operation->Bind(params);
}

// Between groups the first operation of the next one gathers, while each picture is still warm.
const float* FastGraph::Forward(const Pass& pass) {
  context_.pass = pass;
  const Tensor4& picture = slots_.front().value;
  if (!picture.given) {
    for (size_t b = 0; b < context_.Count(); ++b)
      Pack(context_, pass.inputs + b * Count(picture.shape), picture, b);
  }
  for (const int layer : pass.features) {
    HL_CHECK(
        std::any_of(steps_.begin(), steps_.end(), [&](const Step& step) { return step.layer == layer; }));
  }
  const auto begin = [&](size_t g) {
    for (size_t i = schedule_.forward[g].begin; i < schedule_.forward[g].end; ++i)
      steps_[i].operation->BeginForward(context_);
  };
  const auto run = [&](const Context& c, size_t g, size_t b) { ForwardGroup(c, schedule_.forward[g], b); };
  ForGroups(forward_shared_, Work{begin, run, [](size_t) {}});
  const Tensor4& last = slots_.back().value;
  float* logits = context_.arena->At(logits_);
  for (size_t b = 0; b < context_.Count(); ++b) Unpack(context_, last, b, logits + b * Count(last.shape));
  return logits;
}

void FastGraph::ForwardGroup(const Context& c, const Group& group, size_t picture) {
  for (size_t i = group.begin; i < group.end; ++i) {
    if (steps_[i].clears_border) ZeroBorder(c, slots_[Size(steps_[i].layer + 1)].value, picture);
    steps_[i].operation->Forward(c, picture);
    WriteMeans(c, steps_[i].layer, picture);
  }
  if (group.end < steps_.size()) steps_[group.end].operation->GatherForward(c, picture);
}

// Where a picture's outputs are wanted they are still there: many are gone when the next one comes.
void FastGraph::WriteMeans(const Context& c, int layer, size_t picture) const {
  const Pass& pass = c.pass;
  const auto channels = [&](int i) { return Size(slots_[Size(i + 1)].value.shape.channels); };
  size_t all = 0, before = 0;
  for (const int feature : pass.features) all += channels(feature);
  for (const int feature : pass.features) {
    if (feature == layer)
      MeanOfPixels(c, slots_[Size(layer + 1)].value, picture, pass.means + picture * all + before);
    before += channels(feature);
  }
}

void FastGraph::BackwardPicture(const Context& c, const Step& step, size_t picture,
                                std::atomic<size_t>& turn) {
  if (step.again) steps_[*step.again].operation->Forward(c, picture);
  // The picture before is in another lane and never far: what a sleep costs would be longer.
  while (turn.load(std::memory_order_acquire) != picture) std::this_thread::yield();
  step.operation->BackwardInTurn(c, picture);
  turn.store(picture + 1, std::memory_order_release);
  step.operation->Backward(c, picture);
  for (const int layer : step.shared) {
    const Slot& slot = slots_[Size(layer + 1)];
    Accumulate(c, *slot.shared, slot.gradient, picture);
  }
}

void FastGraph::Backward(const float* logit_gradient, const Update& update) {
  context_.update = update;
  if (!slots_.back().trains) return;
  const Tensor4& last = slots_.back().gradient;
  for (size_t b = 0; b < context_.Count(); ++b)
    Pack(context_, logit_gradient + b * Count(last.shape), last, b);
  for (const Slot& slot : slots_) {
    for (size_t b = 0; slot.shared && b < context_.Count(); ++b) ZeroPicture(context_, slot.gradient, b);
  }
  const auto for_trained = [&](const Group& group, const auto& run) {
    for (size_t i = group.begin; i < group.end; ++i) {
      const size_t place = steps_.size() - 1 - i;
      if (steps_[place].trains) run(steps_[place], place);
    }
  };
  Turns turns(steps_.size());
  const auto begin = [&](size_t g) {
    for_trained(schedule_.backward[g], [&](const Step& s, size_t) { s.operation->BeginBackward(context_); });
  };
  const auto run = [&](const Context& c, size_t g, size_t b) {
    const size_t end = schedule_.backward[g].end;
    for_trained(schedule_.backward[g],
                [&](const Step& s, size_t place) { BackwardPicture(c, s, b, turns[place]); });
    for_trained({end, std::min(end + 1, steps_.size())},
                [&](const Step& s, size_t) { s.operation->GatherBackward(c, b); });
  };
  const auto close = [&](size_t g) {
    for_trained(schedule_.backward[g], [&](const Step& s, size_t) { s.operation->EndBackward(context_); });
  };
  ForGroups(backward_shared_, Work{begin, run, close});
}

}  // namespace

std::unique_ptr<Graph> MakeFastGraph(const GraphSpec& spec, int max_batch, Arena& arena, Params& params) {
  if (IsUnusual(spec)) return MakeReferenceGraph(spec, max_batch, arena);
  const std::vector<Cut> cuts = Cutter(spec).Cuts();
  for (const Cut& cut : cuts) {
    if (cut.kind != Cut::Kind::kDense) continue;
    Param& kernel = *params.Find(cut.first, "kernel");
    kernel.layout = Layout::kBlocks;
    kernel.updated_in_backward = kernel.spec.Trained() && !params.NeedsAllGradients();
    kernel.channels = Size(spec.nodes[Size(cut.first)].in.channels);
    kernel.pixel = kernels::Padded(kernel.channels);
  }
  return std::make_unique<FastGraph>(spec, cuts, max_batch, arena);
}

}  // namespace handlens::nn
