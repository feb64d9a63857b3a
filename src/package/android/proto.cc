#include "package/android/proto.h"

#include <optional>
#include <set>

#include "package/little_endian.h"

namespace handlens::package {
namespace {

using Part = std::span<const uint8_t>;

enum Wire { kVarint = 0, kEight = 1, kLength = 2, kFour = 5 };

// A field as it stands in a message.
struct FieldOf {
  int number = 0;
  int wire = kVarint;
  uint64_t value = 0;  // of kVarint
  Part part;           // of kLength; of the others their bytes
};

void PutNumber(Bytes& to, uint64_t value) {
  for (; value >= 0x80; value >>= 7) to.push_back(static_cast<uint8_t>(value | 0x80));
  to.push_back(static_cast<uint8_t>(value));
}

std::optional<uint64_t> TakeNumber(Part& from) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64 && !from.empty(); shift += 7) {
    const uint8_t byte = from[0];
    from = from.subspan(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<FieldOf> TakeField(Part& from) {
  const auto tag = TakeNumber(from);
  if (!tag) return std::nullopt;
  FieldOf field{
      .number = static_cast<int>(*tag >> 3), .wire = static_cast<int>(*tag & 7), .value = 0, .part = {}};
  if (field.wire == kVarint) {
    const auto value = TakeNumber(from);
    if (!value) return std::nullopt;
    field.value = *value;
    return field;
  }
  const auto size = field.wire == kLength ? TakeNumber(from)
                                          : std::optional<uint64_t>(field.wire == kEight  ? 8
                                                                    : field.wire == kFour ? 4
                                                                                          : UINT64_MAX);
  if (!size || *size > from.size()) return std::nullopt;
  field.part = from.first(static_cast<size_t>(*size));
  from = from.subspan(static_cast<size_t>(*size));
  return field;
}

void PutField(Bytes& to, const FieldOf& field) {
  PutNumber(to, static_cast<uint64_t>(field.number) << 3 | static_cast<uint64_t>(field.wire));
  if (field.wire == kVarint) return PutNumber(to, field.value);
  if (field.wire == kLength) PutNumber(to, field.part.size());
  Append(to, field.part);
}

tl::unexpected<Error> BrokenProto() {
  return Fail(ErrorKind::kBadInput, "not a compiled manifest that can be read");
}

// The messages on the way to what is changed, and their fields (Resources.proto).
enum class Message { kNode, kElement, kAttribute, kItem, kPrimitive };
constexpr int kNodeElement = 1, kElementAttribute = 4, kElementChild = 5, kAttributeValue = 3,
              kAttributeId = 5, kAttributeItem = 6, kItemPrimitive = 7, kPrimitiveDecimal = 6;
constexpr int kMostNested = 100;

struct Editor {
  const ManifestEdit& edit;
  std::set<std::string> strings = {};
  std::set<uint32_t> integers = {};
  uint32_t id = 0;  // of the attribute that is being read

  // The message within a field of a message; none = it is left as it is.
  static std::optional<Message> Within(Message message, int field) {
    switch (message) {
      case Message::kNode: return field == kNodeElement ? std::optional(Message::kElement) : std::nullopt;
      case Message::kElement:
        return field == kElementAttribute ? std::optional(Message::kAttribute)
               : field == kElementChild   ? std::optional(Message::kNode)
                                          : std::nullopt;
      case Message::kAttribute: return field == kAttributeItem ? std::optional(Message::kItem) : std::nullopt;
      case Message::kItem: return field == kItemPrimitive ? std::optional(Message::kPrimitive) : std::nullopt;
      case Message::kPrimitive: break;
    }
    return std::nullopt;
  }

  // An attribute's value: equal to a key, or a key and a dot and more.
  std::string Replaced(std::string_view text) {
    for (const auto& [from, to] : edit.strings) {
      if (text != from && !text.starts_with(from + ".")) continue;
      strings.insert(from);
      return to + std::string(text.substr(from.size()));
    }
    return std::string(text);
  }

  Result<Bytes> Edited(Message message, Part bytes, int depth) {
    if (depth > kMostNested) return BrokenProto();
    Bytes out;
    while (!bytes.empty()) {
      auto field = TakeField(bytes);
      if (!field) return BrokenProto();
      const auto within = Within(message, field->number);
      if (message == Message::kAttribute && field->number == kAttributeId)
        id = static_cast<uint32_t>(field->value);
      if (within && field->wire == kLength) {
        if (*within == Message::kAttribute) id = 0;
        HL_ASSIGN(const Bytes inner, Edited(*within, field->part, depth + 1));
        PutPart(out, field->number, inner);
        continue;
      }
      if (message == Message::kAttribute && field->number == kAttributeValue && field->wire == kLength) {
        PutPart(out, field->number,
                Replaced({reinterpret_cast<const char*>(field->part.data()), field->part.size()}));
        continue;
      }
      const auto number = message == Message::kPrimitive && field->number == kPrimitiveDecimal
                              ? edit.integers.find(id)
                              : edit.integers.end();
      if (number != edit.integers.end()) {
        field->value = number->second;
        integers.insert(id);
      }
      PutField(out, *field);
    }
    return out;
  }
};

}  // namespace

void PutVarint(Bytes& message, int field, uint64_t value) {
  PutField(message, {.number = field, .wire = kVarint, .value = value, .part = {}});
}
void PutPart(Bytes& message, int field, Part part) {
  PutField(message, {.number = field, .wire = kLength, .value = 0, .part = part});
}
void PutPart(Bytes& message, int field, std::string_view text) {
  PutPart(message, field, Part(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

Result<Bytes> EditProtoXml(Part xml, const ManifestEdit& edit) {
  Editor editor{edit};
  HL_ASSIGN(Bytes out, editor.Edited(Message::kNode, xml, 0));
  for (const auto& [from, to] : edit.strings) {
    if (!editor.strings.contains(from))
      return Fail(ErrorKind::kInternal, "the manifest does not mention {}", from);
  }
  for (const auto& [id, value] : edit.integers) {
    if (!editor.integers.contains(id))
      return Fail(ErrorKind::kInternal, "the manifest has no integer {:#010x}", id);
  }
  return out;
}

}  // namespace handlens::package
