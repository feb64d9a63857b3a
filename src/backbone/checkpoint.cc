#include "backbone/checkpoint.h"

#include <cstring>
#include <map>

#include "backbone/pickle.h"

namespace handlens::backbone {
namespace {

using Kind = PickleValue::Kind;

struct View {  // a tensor as the table says it: numbers of a storage, `strides` apart
  std::string name;
  std::string storage;
  int64_t offset = 0, count = 1;
  int64_t end = 1;  // behind its last number
  std::vector<int> shape = {};
  std::vector<int64_t> strides = {};
  bool is_float = false;  // else integers of 8 bytes
  int64_t NumberBytes() const { return is_float ? 4 : 8; }
};

tl::unexpected<Error> Odd(std::string_view name, std::string_view why) {
  return Fail(ErrorKind::kBadInput, "PyTorch weights: \"{}\" {}", name, why);
}

bool IsText(const PickleValue& v, std::string_view text) { return v.kind == Kind::kText && v.text == text; }

// ("storage", class, key, device, count) -> class and key.
Result<std::pair<std::string, std::string>> ReadStorage(const Pickle& pickle, PickleRef ref,
                                                        std::string_view name) {
  const PickleValue& persistent = pickle.At(ref);
  if (persistent.kind != Kind::kPersistent) return Odd(name, "has no storage");
  const PickleValue& tuple = pickle.At(persistent.items[0]);
  if (tuple.kind != Kind::kTuple || tuple.items.size() < 5) return Odd(name, "has no storage");
  const PickleValue& type = pickle.At(tuple.items[1]);
  const PickleValue& key = pickle.At(tuple.items[2]);
  if (!IsText(pickle.At(tuple.items[0]), "storage") || type.kind != Kind::kGlobal ||
      key.kind != Kind::kText) {
    return Odd(name, "has no storage");
  }
  return std::pair(type.text, key.text);
}

bool IsCount(const PickleValue& v, int64_t most) {
  return v.kind == Kind::kInt && v.number >= 0 && v.number <= most;
}

// Shape and strides, each a tuple of whole numbers, into the view.
Result<void> ReadShape(const Pickle& pickle, const PickleValue& shape, const PickleValue& strides,
                       View& view) {
  constexpr int64_t kMost = 1 << 24;
  const bool tuples = shape.kind == Kind::kTuple && strides.kind == Kind::kTuple;
  if (!tuples || shape.items.size() != strides.items.size() || shape.items.size() > 8)
    return Odd(view.name, "has no sound shape");
  for (size_t i = 0; i < shape.items.size(); ++i) {
    const PickleValue& extent = pickle.At(shape.items[i]);
    const PickleValue& stride = pickle.At(strides.items[i]);
    if (!IsCount(extent, kMost) || !IsCount(stride, kMost) || extent.number == 0)
      return Odd(view.name, "has no sound shape");
    view.shape.push_back(static_cast<int>(extent.number));
    view.strides.push_back(stride.number);
    view.count *= extent.number;
    view.end += (extent.number - 1) * stride.number;
    if (view.count > int64_t{1} << 32) return Odd(view.name, "is too large");
  }
  return {};
}

// torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, ...).
Result<View> ReadView(const Pickle& pickle, const std::string& name, const PickleValue& call) {
  const bool known =
      call.kind == Kind::kCall && pickle.At(call.items[0]).text == "torch._utils _rebuild_tensor_v2";
  if (!known) return Odd(name, "is no tensor");
  const PickleValue& arguments = pickle.At(call.items[1]);
  if (arguments.kind != Kind::kTuple || arguments.items.size() < 4) return Odd(name, "is no tensor");
  HL_ASSIGN(const auto storage, ReadStorage(pickle, arguments.items[0], name));
  const bool is_float = storage.first == "torch FloatStorage";
  if (!is_float && storage.first != "torch LongStorage")
    return Odd(name, "is of " + storage.first + "; float32 is read here");
  const PickleValue& offset = pickle.At(arguments.items[1]);
  if (!IsCount(offset, int64_t{1} << 40)) return Odd(name, "has no sound offset");
  View view{.name = name,
            .storage = storage.second,
            .offset = offset.number,
            .end = offset.number + 1,
            .is_float = is_float};
  HL_TRY(ReadShape(pickle, pickle.At(arguments.items[2]), pickle.At(arguments.items[3]), view));
  return view;
}

using Storages = std::map<std::string, std::span<const uint8_t>, std::less<>>;

// Behind the list of keys: for each a count of 8 bytes, then the numbers, 4 or 8 bytes each as their class
// says.
Result<Storages> ReadStorages(const Pickle& keys, const std::map<std::string, int64_t>& sizes,
                              std::span<const uint8_t> bytes) {
  Storages storages;
  if (keys.Root().kind != Kind::kList)
    return Fail(ErrorKind::kBadInput, "PyTorch weights: no list of storages");
  for (const PickleRef ref : keys.Root().items) {
    const PickleValue& key = keys.At(ref);
    const auto size = key.kind == Kind::kText ? sizes.find(key.text) : sizes.end();
    if (size == sizes.end())
      return Fail(ErrorKind::kBadInput, "PyTorch weights: a storage that no tensor uses");
    uint64_t count = 0;
    if (bytes.size() >= 8) std::memcpy(&count, bytes.data(), 8);
    const auto each = static_cast<uint64_t>(size->second);
    if (bytes.size() < 8 || count > (bytes.size() - 8) / each) {
      return Fail(ErrorKind::kBadInput,
                  "PyTorch weights: storage {} ends behind the file; the file is truncated", key.text);
    }
    storages[key.text] = bytes.subspan(8, count * each);
    bytes = bytes.subspan(8 + count * each);
  }
  return storages;
}

Result<std::span<const uint8_t>> StorageOf(const View& view, const Storages& storages) {
  const auto found = storages.find(view.storage);
  if (found == storages.end()) return Odd(view.name, "is not in the file");
  if (static_cast<uint64_t>(view.end) > found->second.size() / 4)
    return Odd(view.name, "is larger than its storage");
  return found->second;
}

nn::Tensor TensorOf(const View& view, std::span<const uint8_t> storage) {
  nn::Tensor tensor{view.name, view.shape, std::vector<float>(static_cast<size_t>(view.count))};
  std::vector<int> index(view.shape.size());
  int64_t at = view.offset;
  for (float& value : tensor.values) {
    std::memcpy(&value, storage.data() + at * 4, 4);
    // The next place in row order: the last index counts up, and carries.
    for (size_t d = index.size(); d-- > 0;) {
      at += view.strides[d];
      if (++index[d] < view.shape[d]) break;
      at -= view.strides[d] * view.shape[d];
      index[d] = 0;
    }
  }
  return tensor;
}

// The magic number, of 80 bits, is kept as zero; the protocol is what tells this format from others.
Result<void> ReadHeader(std::span<const uint8_t>& bytes) {
  HL_TRY(ReadPickle(bytes));
  HL_ASSIGN(const Pickle protocol, ReadPickle(bytes));
  if (protocol.Root().kind != Kind::kInt || protocol.Root().number != 1001) {
    return Fail(ErrorKind::kBadInput, "PyTorch weights: not the format of torch.save before 1.6");
  }
  HL_TRY(ReadPickle(bytes));  // byte order and sizes of the machine that wrote it
  return {};
}

}  // namespace

Result<nn::Weights> ReadTorchCheckpoint(std::span<const uint8_t> bytes) {
  HL_TRY(ReadHeader(bytes));
  HL_ASSIGN(const Pickle table, ReadPickle(bytes));
  HL_ASSIGN(const Pickle keys, ReadPickle(bytes));
  if (table.Root().kind != Kind::kDict)
    return Fail(ErrorKind::kBadInput, "PyTorch weights: no table of tensors");
  std::vector<View> views;
  std::map<std::string, int64_t> sizes;
  const std::vector<PickleRef>& items = table.Root().items;
  for (size_t i = 0; i < items.size(); i += 2) {
    const PickleValue& name = table.At(items[i]);
    if (name.kind != Kind::kText) return Fail(ErrorKind::kBadInput, "PyTorch weights: a name is no text");
    HL_ASSIGN(View view, ReadView(table, name.text, table.At(items[i + 1])));
    if (sizes.emplace(view.storage, view.NumberBytes()).first->second != view.NumberBytes()) {
      return Odd(view.name, "has a storage of two types");
    }
    if (view.is_float) views.push_back(std::move(view));
  }
  HL_ASSIGN(const Storages storages, ReadStorages(keys, sizes, bytes));
  nn::Weights weights;
  uint64_t floats = 0;
  for (const View& view : views) {
    HL_ASSIGN(const auto storage, StorageOf(view, storages));
    floats += static_cast<uint64_t>(view.count);
    if (floats > bytes.size() / 4)
      return Odd(view.name, "has more numbers than the file");  // a stride of zero repeats one
    weights.push_back(TensorOf(view, storage));
  }
  return weights;
}

}  // namespace handlens::backbone
