// Weights as a safetensors file: 8 bytes of header length (little-endian), a JSON header padded with blanks
// to a multiple of 8, then the data of each tensor (https://huggingface.co/docs/safetensors, format of
// version 0.4).
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "nn/nn.h"

namespace handlens::nn {
namespace {

static_assert(std::endian::native == std::endian::little, "the data section is copied as it lies in memory");

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit

// The nearest number of half precision, half to even; from 65520 on infinity. NaN stays NaN.
uint16_t ToHalf(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const float size = std::fabs(value);
  if (std::isnan(value)) return static_cast<uint16_t>(sign | 0x7e00u);
  if (size >= 65520.0f) return static_cast<uint16_t>(sign | 0x7c00u);
  // Below 2^-14 halves are whole multiples of 2^-24: adding a half brings those to a float's last places.
  if (size < 0x1p-14f) {
    return static_cast<uint16_t>(sign |
                                 (std::bit_cast<uint32_t>(size + 0.5f) - std::bit_cast<uint32_t>(0.5f)));
  }
  const uint32_t magnitude = bits & 0x7fffffffu;
  return static_cast<uint16_t>(sign | ((magnitude + 0xfffu + (magnitude >> 13 & 1u) - 0x38000000u) >> 13));
}

bool FitsHalf(float value) {
  return std::bit_cast<uint32_t>(FromHalf(ToHalf(value))) == std::bit_cast<uint32_t>(value);
}

// Bytes a number of a type that is read, 0 for others.
uint64_t BytesOf(std::string_view dtype) { return dtype == "F32" ? 4 : dtype == "F16" ? 2 : 0; }

Result<Tensor> ReadTensor(const std::string& name, const Json& json, std::span<const uint8_t> data) {
  const auto dtype = json.at("dtype").get<std::string>();
  const uint64_t each = BytesOf(dtype);
  if (each == 0) {
    return Fail(ErrorKind::kBadInput, "weights: tensor {} is of type {}; F32 and F16 are read here", name,
                dtype);
  }
  Tensor tensor{name, {}, {}};
  uint64_t count = 1;
  for (const Json& d : json.at("shape")) {
    const auto extent = d.get<int64_t>();
    if (extent < 0 || extent > int64_t{1} << 30)
      return Fail(ErrorKind::kBadInput, "weights: tensor {}: bad shape", name);
    tensor.shape.push_back(static_cast<int>(extent));
    count *= static_cast<uint64_t>(extent);
    if (count > data.size())
      return Fail(ErrorKind::kBadInput, "weights: tensor {} is larger than the file", name);
  }
  const auto offsets = json.at("data_offsets").get<std::vector<uint64_t>>();
  if (offsets.size() != 2 || offsets[0] > offsets[1] || offsets[1] > data.size() ||
      offsets[1] - offsets[0] != count * each) {
    return Fail(ErrorKind::kBadInput,
                "weights: tensor {}: its bytes do not fit the file; the file is truncated or damaged", name);
  }
  tensor.values.resize(count);
  if (each == 4 && count > 0) std::memcpy(tensor.values.data(), data.data() + offsets[0], count * 4);
  for (uint64_t i = 0; each == 2 && i < count; ++i) {
    uint16_t half = 0;
    std::memcpy(&half, data.data() + offsets[0] + i * 2, 2);
    tensor.values[i] = FromHalf(half);
  }
  return tensor;
}

void WriteTensor(const Tensor& tensor, uint64_t each, uint8_t* to) {
  if (each == 4 && !tensor.values.empty()) std::memcpy(to, tensor.values.data(), tensor.values.size() * 4);
  for (size_t i = 0; each == 2 && i < tensor.values.size(); ++i) {
    const uint16_t half = ToHalf(tensor.values[i]);
    std::memcpy(to + i * 2, &half, 2);
  }
}

// The types of the tensors are `bytes_of`(tensor): 4 or 2.
template <class BytesOfTensor>
Bytes Encode(const WeightsFile& file, const BytesOfTensor& bytes_of) {
  Json header = Json::object();
  if (!file.metadata.empty()) {
    Json& notes = header["__metadata__"] = Json::object();
    for (const auto& [key, text] : file.metadata) notes[key] = text;
  }
  uint64_t offset = 0;
  for (const Tensor& t : file.weights) {
    const uint64_t each = bytes_of(t), end = offset + t.values.size() * each;
    header[t.name] = {
        {"dtype", each == 4 ? "F32" : "F16"}, {"shape", t.shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  Bytes bytes(8 + text.size() + offset);
  const uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, 8);
  std::memcpy(bytes.data() + 8, text.data(), text.size());
  size_t at = 8 + text.size();
  for (const Tensor& t : file.weights) {
    const uint64_t each = bytes_of(t);
    WriteTensor(t, each, bytes.data() + at);
    at += t.values.size() * each;
  }
  return bytes;
}

}  // namespace

float FromHalf(uint16_t half) {
  const uint32_t exponent = half >> 10 & 31u, fraction = half & 1023u;
  const float size = exponent == 0    ? static_cast<float>(fraction) * 0x1p-24f
                     : exponent == 31 ? std::bit_cast<float>(0x7f800000u | fraction << 13)
                                      : std::bit_cast<float>((exponent + 112) << 23 | fraction << 13);
  return half & 0x8000u ? -size : size;
}

float RoundToHalf(float value) { return FromHalf(ToHalf(value)); }

Bytes EncodeWeights(const Weights& weights) {
  return Encode({weights, {}}, [](const Tensor&) { return uint64_t{4}; });
}

Bytes EncodeWeightsFile(const WeightsFile& file) {
  return Encode(file, [](const Tensor& t) {
    return std::all_of(t.values.begin(), t.values.end(), FitsHalf) ? uint64_t{2} : uint64_t{4};
  });
}

Result<WeightsFile> DecodeWeightsFile(std::span<const uint8_t> bytes) {
  uint64_t length = 0;
  if (bytes.size() >= 8) std::memcpy(&length, bytes.data(), 8);
  if (bytes.size() < 8 || length > bytes.size() - 8 || length > kMaxHeaderBytes) {
    return Fail(ErrorKind::kBadInput, "weights: not a safetensors file, or a truncated one");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + 8, length);
  HL_ASSIGN(const Json header, ParseJson(text, "weights"));
  if (!header.is_object()) return Fail(ErrorKind::kBadInput, "weights: the header is not an object");
  const auto read = [&](const Json& json) -> Result<WeightsFile> {
    WeightsFile file;
    for (const auto& [name, entry] : json.items()) {
      if (name == "__metadata__") {
        for (const auto& [key, note] : entry.items())
          file.metadata.emplace_back(key, note.get<std::string>());
        continue;
      }
      HL_ASSIGN(Tensor tensor, ReadTensor(name, entry, bytes.subspan(8 + length)));
      file.weights.push_back(std::move(tensor));
    }
    return file;
  };
  HL_ASSIGN(Result<WeightsFile> file, FromJson(header, "weights", read));
  return file;
}

Result<Weights> DecodeWeights(std::span<const uint8_t> bytes) {
  HL_ASSIGN(WeightsFile file, DecodeWeightsFile(bytes));
  return std::move(file.weights);
}

}  // namespace handlens::nn
