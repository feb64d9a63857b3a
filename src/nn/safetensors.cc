// Weights as a safetensors file: 8 bytes of header length (little-endian), a JSON header padded with blanks to a multiple
// of 8, then the float32 data of each tensor (https://huggingface.co/docs/safetensors, format of version 0.4).
#include <bit>
#include <cstring>

#include "nn/nn.h"

namespace handlens::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "the data section is copied as it lies in memory");

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit

Result<Tensor> ReadTensor(const std::string& name, const Json& json, std::span<const uint8_t> data) {
  if (json.at("dtype").get<std::string>() != "F32") {
    return Fail(ErrorKind::kBadInput, "weights: tensor {} is not float32; this program writes float32 only", name);
  }
  Tensor tensor{name, {}, {}};
  uint64_t count = 1;
  for (const Json& d : json.at("shape")) {
    const auto extent = d.get<int64_t>();
    if (extent < 0 || extent > int64_t{1} << 30) return Fail(ErrorKind::kBadInput, "weights: tensor {}: bad shape", name);
    tensor.shape.push_back(static_cast<int>(extent));
    count *= static_cast<uint64_t>(extent);
    if (count > data.size()) return Fail(ErrorKind::kBadInput, "weights: tensor {} is larger than the file", name);
  }
  const auto offsets = json.at("data_offsets").get<std::vector<uint64_t>>();
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size() || offsets[1] - offsets[0] != count * 4) {
    return Fail(ErrorKind::kBadInput, "weights: tensor {}: its bytes do not fit the file; the file is truncated or damaged", name);
  }
  tensor.values.resize(count);
  if (count > 0) std::memcpy(tensor.values.data(), data.data() + offsets[0], count * 4);
  return tensor;
}

}  // namespace

Bytes EncodeWeights(const Weights& weights) {
  Json header = Json::object();
  uint64_t offset = 0;
  for (const Tensor& t : weights) {
    const uint64_t end = offset + t.values.size() * 4;
    header[t.name] = {{"dtype", "F32"}, {"shape", t.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  Bytes bytes(8 + text.size() + offset);
  const uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, text.data(), text.size());
  size_t at = 8 + text.size();
  for (const Tensor& t : weights) {
    if (!t.values.empty()) std::memcpy(bytes.data() + at, t.values.data(), t.values.size() * 4);
    at += t.values.size() * 4;
  }
  return bytes;
}

Result<Weights> DecodeWeights(std::span<const uint8_t> bytes) {
  uint64_t length = 0;
  if (bytes.size() >= 8) std::memcpy(&length, bytes.data(), 8);
  if (bytes.size() < 8 || length > bytes.size() - 8 || length > kMaxHeaderBytes) {
    return Fail(ErrorKind::kBadInput, "weights: not a safetensors file, or a truncated one");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  HL_ASSIGN(const Json header, ParseJson(text, "weights"));
  if (!header.is_object()) return Fail(ErrorKind::kBadInput, "weights: the header is not an object");
  const auto read = [&](const Json& json) -> Result<Weights> {
    Weights weights;
    for (const auto& [name, entry] : json.items()) {
      if (name == "__metadata__") continue;
      HL_ASSIGN(Tensor tensor, ReadTensor(name, entry, bytes.subspan(8 + length)));
      weights.push_back(std::move(tensor));
    }
    return weights;
  };
  HL_ASSIGN(Result<Weights> weights, FromJson(header, "weights", read));
  return weights;
}

}  // namespace handlens::nn
