#include "backbone/pickle.h"

#include <bit>
#include <cstring>
#include <optional>
#include <unordered_map>

namespace handlens::backbone {
namespace {

using Kind = PickleValue::Kind;

// Python's pickletools names and explains the opcodes.
class Machine {
 public:
  explicit Machine(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  Result<Pickle> Run() {
    while (!stopped_) {
      const size_t at = at_;
      const std::optional<uint8_t> code = Number<uint8_t>();
      if (!code)
        return Fail(ErrorKind::kBadInput,
                    "pickle: it ends at byte {} without its end mark; the file is truncated", at);
      if (!Constant(*code) && !Structure(*code) && !Memory(*code)) {
        return Fail(ErrorKind::kBadInput, "pickle: opcode 0x{:02x} at byte {} is {}", *code, at,
                    known_ ? "used wrongly, or the file is truncated"
                           : "none that a table of weights needs; it was not run");
      }
    }
    return std::move(pickle_);
  }
  size_t Used() const { return at_; }

 private:
  template <class T>
  std::optional<T> Number() {
    if (bytes_.size() - at_ < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));  // little-endian, as this machine
    at_ += sizeof(T);
    return value;
  }
  std::optional<std::string> Text(size_t length) {
    if (bytes_.size() - at_ < length) return std::nullopt;
    std::string text(reinterpret_cast<const char*>(bytes_.data()) + at_, length);
    at_ += length;
    return text;
  }
  std::optional<std::string> Line() {
    const void* end =
        at_ < bytes_.size() ? std::memchr(bytes_.data() + at_, '\n', bytes_.size() - at_) : nullptr;
    if (end == nullptr) return std::nullopt;
    auto line = Text(static_cast<size_t>(static_cast<const uint8_t*>(end) - bytes_.data()) - at_);
    ++at_;
    return line;
  }

  bool Push(PickleValue value) {
    pickle_.values.push_back(std::move(value));
    stack_.push_back(static_cast<PickleRef>(pickle_.values.size() - 1));
    return true;
  }
  bool PushInt(std::optional<int64_t> number) {
    return number && Push({.kind = Kind::kInt, .number = *number});
  }
  // The newest `count` values, oldest first, taken from the stack.
  std::optional<std::vector<PickleRef>> Pop(size_t count) {
    if (stack_.size() < count) return std::nullopt;
    std::vector<PickleRef> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  std::optional<std::vector<PickleRef>> PopToMark() {
    for (size_t i = stack_.size(); i-- > 0;) {
      if (pickle_.values[stack_[i]].kind != Kind::kMark) continue;
      auto items = Pop(stack_.size() - i - 1);
      stack_.pop_back();
      return items;
    }
    return std::nullopt;
  }
  bool PushTuple(std::optional<std::vector<PickleRef>> items, Kind kind = Kind::kTuple) {
    return items && Push({.kind = kind, .items = std::move(*items)});
  }
  // Adds to the container on top of the stack. An ordered dictionary is a call to begin with.
  bool Extend(std::optional<std::vector<PickleRef>> items, Kind kind) {
    if (!items || stack_.empty() || (kind == Kind::kDict && items->size() % 2 != 0)) return false;
    PickleValue& to = pickle_.values[stack_.back()];
    if (to.kind != kind) return false;
    to.items.insert(to.items.end(), items->begin(), items->end());
    return true;
  }

  bool Constant(uint8_t code) {
    known_ = true;
    switch (code) {
      case 0x80: return Number<uint8_t>() == uint8_t{2};  // PROTO
      case 'N': return Push({});
      case 0x88: return Push({.kind = Kind::kBool, .number = 1});
      case 0x89: return Push({.kind = Kind::kBool, .number = 0});
      case 'K': return PushInt(Number<uint8_t>());
      case 'M': return PushInt(Number<uint16_t>());
      case 'J': return PushInt(Number<int32_t>());
      case 0x8a: {  // LONG1: a length, then that many bytes
        const auto length = Number<uint8_t>();
        const auto digits = length ? Text(*length) : std::nullopt;
        if (!digits) return false;
        int64_t number = 0;
        if (digits->size() <= 8) std::memcpy(&number, digits->data(), digits->size());
        return PushInt(digits->size() <= 7 ? number : 0);
      }
      case 'X': {  // BINUNICODE
        const auto length = Number<uint32_t>();
        auto text = length ? Text(*length) : std::nullopt;
        return text && Push({.kind = Kind::kText, .text = std::move(*text)});
      }
      case 'c': {  // GLOBAL: its name, and nothing else
        const auto module = Line(), name = Line();
        return module && name && Push({.kind = Kind::kGlobal, .text = *module + " " + *name});
      }
      default: known_ = false; return false;
    }
  }

  bool Structure(uint8_t code) {
    known_ = true;
    switch (code) {
      case '(': return Push({.kind = Kind::kMark});
      case '}': return PushTuple(Pop(0), Kind::kDict);
      case ']': return PushTuple(Pop(0), Kind::kList);
      case ')': return PushTuple(Pop(0));
      case 't': return PushTuple(PopToMark());
      case 0x85: return PushTuple(Pop(1));
      case 0x86: return PushTuple(Pop(2));
      case 0x87: return PushTuple(Pop(3));
      case 'a': return Extend(Pop(1), Kind::kList);
      case 'e': return Extend(PopToMark(), Kind::kList);
      case 's': return Extend(Pop(2), Kind::kDict);
      case 'u': return Extend(PopToMark(), Kind::kDict);
      case 'Q': return PushTuple(Pop(1), Kind::kPersistent);
      case 'R': return Call(Pop(2));
      case 'b': return Pop(1) && !stack_.empty();  // BUILD: attributes of the object below; not wanted
      case '.': return Stop();
      default: known_ = false; return false;
    }
  }

  // What would be called with what. An empty ordered dictionary is a dictionary, whose items follow.
  bool Call(std::optional<std::vector<PickleRef>> parts) {
    if (!parts || pickle_.At((*parts)[0]).kind != Kind::kGlobal) return false;
    const bool dictionary = pickle_.At((*parts)[0]).text == "collections OrderedDict";
    return dictionary ? Push({.kind = Kind::kDict}) : PushTuple(std::move(parts), Kind::kCall);
  }

  bool Memory(uint8_t code) {
    known_ = true;
    switch (code) {
      case 'q': return Put(Number<uint8_t>());
      case 'r': return Put(Number<uint32_t>());
      case 'h': return Get(Number<uint8_t>());
      case 'j': return Get(Number<uint32_t>());
      default: known_ = false; return false;
    }
  }
  bool Put(std::optional<uint32_t> key) {
    if (!key || stack_.empty() || pickle_.values[stack_.back()].kind == Kind::kMark) return false;
    memo_[*key] = stack_.back();
    return true;
  }
  bool Get(std::optional<uint32_t> key) {
    const auto found = key ? memo_.find(*key) : memo_.end();
    if (found == memo_.end()) return false;
    stack_.push_back(found->second);
    return true;
  }
  bool Stop() {
    if (stack_.size() != 1 || pickle_.values[stack_[0]].kind == Kind::kMark) return false;
    pickle_.root = stack_[0];
    stopped_ = true;
    return true;
  }

  std::span<const uint8_t> bytes_;
  size_t at_ = 0;
  bool known_ = false, stopped_ = false;
  Pickle pickle_;
  std::vector<PickleRef> stack_;
  std::unordered_map<uint32_t, PickleRef> memo_;
};

}  // namespace

Result<Pickle> ReadPickle(std::span<const uint8_t>& bytes) {
  Machine machine(bytes);
  HL_ASSIGN(Pickle pickle, machine.Run());
  bytes = bytes.subspan(machine.Used());
  return pickle;
}

}  // namespace handlens::backbone
