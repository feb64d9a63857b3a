// Metadata for models of operators that this room does not know: the model's own bytes stay as they are, and
// a new beginning is put before them. A flatbuffer's references count from where they stand to something
// behind them, so what is copied whole keeps all of its own, and a new root before it may refer into it.
#include <cstring>

#include "tflite/model_bytes.h"
#include "tflite/wrap.h"

namespace handlens::tflite {
namespace {

constexpr size_t kFields = 8;      // of the table Model: version ... signature_defs
constexpr size_t kAlignment = 16;  // of constant data

// Bytes of the new beginning, little-endian. References into the old bytes are filled in when its length is
// known.
class Front {
 public:
  size_t size() const { return bytes_.size(); }
  void Put16(size_t value) {
    bytes_.push_back(static_cast<uint8_t>(value & 255));
    bytes_.push_back(static_cast<uint8_t>(value >> 8 & 255));
  }
  void Put32(size_t value) {
    Put16(value & 65535);
    Put16(value >> 16 & 65535);
  }
  void PutText(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void Pad(size_t multiple, size_t rest = 0) {
    while (bytes_.size() % multiple != rest) bytes_.push_back(0);
  }
  // A reference to come: to a place in the front, or in the old bytes.
  size_t PutReference() {
    Put32(0);
    return bytes_.size() - 4;
  }
  void Refer(size_t from, size_t to) { Set32(from, to - from); }
  void PutOld(const void* thing) {
    olds_.emplace_back(bytes_.size(), static_cast<const uint8_t*>(thing));
    Put32(0);
  }
  // The front, then all of `old`.
  Bytes Finish(std::span<const uint8_t> old) {
    Pad(kAlignment);
    for (const auto& [from, thing] : olds_)
      Refer(from, bytes_.size() + static_cast<size_t>(thing - old.data()));
    bytes_.insert(bytes_.end(), old.begin(), old.end());
    return std::move(bytes_);
  }

 private:
  void Set32(size_t at, size_t value) {
    for (size_t i = 0; i < 4; ++i) bytes_[at + i] = static_cast<uint8_t>(value >> (8 * i) & 255);
  }
  Bytes bytes_;
  std::vector<std::pair<size_t, const uint8_t*>> olds_;
};

// The table Model with all of the old one's fields; `buffers` and `metadata` are left for later.
struct Root {
  size_t buffers = 0, metadata = 0;  // places of the two references
};
Root PutRoot(const fb::Model& model, Front& front) {
  const size_t root = front.PutReference();
  front.PutText("TFL3");
  const size_t vtable = front.size();
  const void* const fields[kFields] = {
      nullptr, model.operator_codes(),  model.subgraphs(), model.description(),
      nullptr, model.metadata_buffer(), nullptr,           model.signature_defs()};
  front.Put16(4 + 2 * kFields);
  front.Put16(4 + 4 * kFields);
  for (size_t i = 0; i < kFields; ++i) {
    const bool there = i == 0 || i == 4 || i == 6 || fields[i] != nullptr;
    front.Put16(there ? 4 + 4 * i : 0);
  }
  front.Pad(4);
  front.Refer(root, front.size());
  front.Put32(front.size() - vtable);  // back to the vtable
  Root places;
  front.Put32(model.version());
  for (size_t i = 1; i < kFields; ++i) {
    if (i == 4) places.buffers = front.PutReference();
    else if (i == 6) places.metadata = front.PutReference();
    else if (fields[i] != nullptr) front.PutOld(fields[i]);
    else front.Put32(0);
  }
  return places;
}

}  // namespace

Result<Bytes> WrapWithMetadata(std::span<const uint8_t> bytes, const fb::Model& model, std::string_view name,
                               std::string_view content) {
  for (const fb::Buffer* buffer : *model.buffers()) {
    if (buffer->offset() > 1)
      return Fail(ErrorKind::kBadInput,
                  "metadata cannot be added to this model: its constants lie outside of its flatbuffer");
  }
  Front front;
  const Root root = PutRoot(model, front);
  front.Refer(root.buffers, front.size());
  const size_t buffers = model.buffers()->size();
  front.Put32(buffers + 1);
  for (const fb::Buffer* buffer : *model.buffers()) front.PutOld(buffer);
  const size_t new_buffer = front.PutReference();

  std::vector<const fb::Metadata*> kept;  // all but an older entry of this name
  if (model.metadata() != nullptr) {
    for (const fb::Metadata* entry : *model.metadata()) {
      if (entry->name() == nullptr || entry->name()->str() != name) kept.push_back(entry);
    }
  }
  front.Refer(root.metadata, front.size());
  front.Put32(kept.size() + 1);
  for (const fb::Metadata* entry : kept) front.PutOld(entry);
  const size_t new_entry = front.PutReference();

  const size_t entry_vtable = front.size();
  for (const unsigned value : {8u, 12u, 4u, 8u}) front.Put16(value);
  front.Refer(new_entry, front.size());
  front.Put32(front.size() - entry_vtable);
  const size_t entry_name = front.PutReference();
  front.Put32(buffers);  // the new buffer's number
  front.Refer(entry_name, front.size());
  front.Put32(name.size());
  front.PutText(name);
  front.Put16(0);  // ends the text
  front.Pad(4);

  const size_t buffer_vtable = front.size();
  for (const unsigned value : {6u, 8u, 4u, 0u})
    front.Put16(value);  // and two bytes to the next multiple of four
  front.Refer(new_buffer, front.size());
  front.Put32(front.size() - buffer_vtable);
  const size_t data = front.PutReference();
  front.Pad(kAlignment, kAlignment - 4);  // the length, then the content at a multiple of 16
  front.Refer(data, front.size());
  front.Put32(content.size());
  front.PutText(content);
  return front.Finish(bytes);
}

}  // namespace handlens::tflite
