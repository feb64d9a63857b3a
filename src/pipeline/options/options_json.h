// The options of a step as JSON, whose hash says whether its files are fresh. Every field of the struct is in
// it, by its place: a field that has no name in kNames does not compile, so none can be forgotten.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string_view>
#include <tuple>
#include <vector>

#include "base/json.h"
#include "convert/convert.h"
#include "image/augment.h"
#include "nn/nn.h"
#include "search/search.h"
#include "split/split.h"
#include "train/start.h"
#include "train/train.h"
#include "verify/verify.h"

namespace handlens::pipeline {

inline Json FieldJson(const std::string& value) { return value; }
inline Json FieldJson(const std::filesystem::path& value) { return value.string(); }
template <class Number>
requires std::is_arithmetic_v<Number> Json FieldJson(Number value) { return value; }
inline Json FieldJson(image::Fit value) { return image::FitName(value); }
inline Json FieldJson(split::Order value) { return value == split::Order::kPaper ? "paper" : "honest"; }
inline Json FieldJson(convert::Io value) { return convert::IoName(value); }
inline Json FieldJson(convert::Method value) { return convert::MethodName(value); }
inline Json FieldJson(convert::Strangers value) { return convert::StrangersName(value); }
inline Json FieldJson(verify::Purpose value) { return verify::PurposeName(value); }
inline Json FieldJson(search::Yardstick value) { return search::YardstickName(value); }
inline Json FieldJson(const train::TrialSpec& value) { return train::ToJson(value); }
inline Json FieldJson(const search::Candidate& value) {
  Json json = {{"model", value.model},
               {"size", value.size_px},
               {"generator", image::ToJson(value.generator)},
               {"recipe", train::ToJson(value.recipe)},
               {"architecture", nn::ToJson(value.architecture)}};
  if (value.start) json["start"] = train::ToJson(*value.start);
  return json;
}
template <class Item>
Json FieldJson(const std::vector<Item>& items) {
  Json json = Json::array();
  for (const Item& item : items) json.push_back(FieldJson(item));
  return json;
}

// Converts to whatever a field is, to count an aggregate's fields by trying.
struct AnyField {
  template <class Field>
  operator Field() const;  // declared only: nothing is ever made
};
template <class Options, class... Tried>
constexpr size_t FieldCount() {
  if constexpr (requires { Options{Tried{}..., AnyField{}}; })
    return FieldCount<Options, Tried..., AnyField>();
  else return sizeof...(Tried);
}

// All fields, in their order.
template <class Options>
auto Tie(const Options& o) {
  constexpr size_t kCount = FieldCount<Options>();
  static_assert(kCount <= 12, "write one line more below");
  if constexpr (kCount == 0) return std::tuple<>();
  else if constexpr (kCount == 1) {
    const auto& [a] = o;
    return std::tie(a);
  } else if constexpr (kCount == 2) {
    const auto& [a, b] = o;
    return std::tie(a, b);
  } else if constexpr (kCount == 3) {
    const auto& [a, b, c] = o;
    return std::tie(a, b, c);
  } else if constexpr (kCount == 4) {
    const auto& [a, b, c, d] = o;
    return std::tie(a, b, c, d);
  } else if constexpr (kCount == 5) {
    const auto& [a, b, c, d, e] = o;
    return std::tie(a, b, c, d, e);
  } else if constexpr (kCount == 6) {
    const auto& [a, b, c, d, e, f] = o;
    return std::tie(a, b, c, d, e, f);
  } else if constexpr (kCount == 7) {
    const auto& [a, b, c, d, e, f, g] = o;
    return std::tie(a, b, c, d, e, f, g);
  } else if constexpr (kCount == 8) {
    const auto& [a, b, c, d, e, f, g, h] = o;
    return std::tie(a, b, c, d, e, f, g, h);
  } else if constexpr (kCount == 9) {
    const auto& [a, b, c, d, e, f, g, h, i] = o;
    return std::tie(a, b, c, d, e, f, g, h, i);
  } else if constexpr (kCount == 10) {
    const auto& [a, b, c, d, e, f, g, h, i, j] = o;
    return std::tie(a, b, c, d, e, f, g, h, i, j);
  } else if constexpr (kCount == 11) {
    const auto& [a, b, c, d, e, f, g, h, i, j, k] = o;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k);
  } else {
    const auto& [a, b, c, d, e, f, g, h, i, j, k, l] = o;
    return std::tie(a, b, c, d, e, f, g, h, i, j, k, l);
  }
}

// A field that came to a step later is std::optional and empty for what the step did before: then it is left
// out, and runs from before stay fresh.
template <class Field>
void AddField(Json& json, std::string_view name, const Field& field) {
  json[name] = FieldJson(field);
}
template <class Field>
void AddField(Json& json, std::string_view name, const std::optional<Field>& field) {
  if (field) json[name] = FieldJson(*field);
}

template <class Options>
Json OptionsJson(const Options& options) {
  static_assert(FieldCount<Options>() == std::size(Options::kNames), "every field has its name in kNames");
  Json json = Json::object();
  size_t next = 0;
  std::apply([&](const auto&... field) { (AddField(json, Options::kNames[next++], field), ...); },
             Tie(options));
  return json;
}

}  // namespace handlens::pipeline
