// From an option's checked text to a typed field of Wanted. The texts passed CheckValue, so that nothing can
// fail here but a choice whose words in the option table are not those of its type; a test reads every choice
// of the table.
#pragma once

#include <charconv>
#include <concepts>

#include "base/result.h"
#include "pipeline/options/options.h"
#include "pipeline/wanted.h"

namespace handlens::pipeline {

template <class Number>
requires std::integral<Number> || std::floating_point<Number>
void ReadValue(std::string_view text, Number& value) {
  HL_CHECK(std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc());
}
inline void ReadValue(std::string_view text, bool& value) { value = text == "true"; }
inline void ReadValue(std::string_view text, std::string& value) { value = text; }
inline void ReadValue(std::string_view text, std::filesystem::path& value) { value = text; }

// The place of the word among the choices, which are in the order of the enumeration.
template <class Enum>
void ReadWord(std::string_view text, std::initializer_list<std::string_view> words, Enum& value) {
  int place = 0;
  for (const std::string_view word : words) {
    if (word == text) {
      value = static_cast<Enum>(place);
      return;
    }
    ++place;
  }
  HL_CHECK(text.empty());
}
inline void ReadValue(std::string_view text, Reduction& value) {
  ReadWord(text, {"auto", "always", "never"}, value);
}
inline void ReadValue(std::string_view text, package::Target& value) {
  const package::TargetFacts* const facts = package::FindTarget(text);
  HL_CHECK(facts != nullptr);
  value = facts->target;
}
inline void ReadValue(std::string_view text, dataset::Subfolders& value) {
  ReadWord(text, {"group", "ignore"}, value);
}
inline void ReadValue(std::string_view text, package::Carry& value) {
  ReadWord(text, {"pixels", "originals"}, value);
}
inline void ReadValue(std::string_view text, Shell& value) { ReadWord(text, {"bash", "zsh", "fish"}, value); }
inline void ReadValue(std::string_view text, split::Order& value) {
  ReadWord(text, {"honest", "paper"}, value);
}
template <class Value>
void ReadParsed(const Result<Value>& parsed, Value& value) {
  HL_CHECK(parsed.has_value());
  value = *parsed;
}
inline void ReadValue(std::string_view text, image::Fit& value) { ReadParsed(image::ParseFit(text), value); }
inline void ReadValue(std::string_view text, convert::Io& value) {
  ReadParsed(convert::ParseIo(text), value);
}
inline void ReadValue(std::string_view text, verify::Purpose& value) {
  ReadParsed(verify::ParsePurpose(text), value);
}
inline void ReadValue(std::string_view text, convert::Strangers& value) {
  ReadParsed(convert::ParseStrangers(text), value);
}
inline void ReadValue(std::string_view text, convert::Method& value) {
  ReadParsed(convert::ParseMethod(text), value);
}

// Paths are joined by line feeds, other lists by commas.
template <class Item>
void ReadValue(std::string_view text, std::vector<Item>& values) {
  values.clear();
  const char separator = std::same_as<Item, std::filesystem::path> ? '\n' : ',';
  for (const std::string& item : SplitList(text, separator)) ReadValue(item, values.emplace_back());
}
template <class Value>
void ReadValue(std::string_view text, std::optional<Value>& value) {
  ReadValue(text, value.emplace());
}

// Into<&Wanted::folds, &Wanted::Folds::validation_share> writes that field.
template <auto group, auto field>
void Into(Wanted& wanted, std::string_view text) {
  ReadValue(text, wanted.*group.*field);
}
template <auto field>
void Into(Wanted& wanted, std::string_view text) {
  ReadValue(text, wanted.*field);
}

}  // namespace handlens::pipeline
