// The named generators and their records. What they do to a picture is in augment.cc.
#include <algorithm>
#include <charconv>
#include <string>
#include <utility>
#include <vector>

#include "base/suggest.h"
#include "image/augment.h"

namespace handlens::image {
namespace {

constexpr std::pair<Fill, const char*> kFills[] = {{Fill::kNearest, "nearest"},
                                                   {Fill::kConstant, "constant"},
                                                   {Fill::kReflect, "reflect"},
                                                   {Fill::kWrap, "wrap"}};

// Table 1 of the paper. shear_range = 0.2 means 0.2 degrees to Keras; we do what the paper's settings do.
GeneratorSpec PaperGenerator(int number) {
  GeneratorSpec spec;
  spec.name = "gen" + std::to_string(number);
  if (number >= 2) {
    spec.rotation_deg = 40;
    spec.brightness_low = 0.2f;
    spec.brightness_high = 1.0f;
    spec.flip_horizontal = spec.flip_vertical = true;
  }
  spec.featurewise = number >= 3;
  if (number >= 4) {
    spec.zoom = 0.2f;
    spec.shear_deg = 0.2f;
    spec.shift_x = spec.shift_y = 0.2f;
  }
  return spec;
}

// Nothing is mirrored: hand signs, letters and digits are other things in a mirror, and photos of plants or
// organs gained nothing measurable (docs/models.md).
GeneratorSpec Mild() {
  GeneratorSpec spec;
  spec.name = "mild";
  spec.rotation_deg = 12;
  spec.crop_area_low = 0.55f;
  spec.gain = 0.2f;
  spec.gamma = 0.2f;
  spec.white_balance = 0.06f;
  spec.contrast = 0.15f;
  return spec;
}

GeneratorSpec Camera() {
  GeneratorSpec spec = Mild();
  spec.name = "camera";
  spec.gain = 0.5f;
  spec.gamma = 0.25f;
  spec.white_balance = 0.25f;
  spec.contrast = 0.25f;
  spec.camera_share = 0.65f;
  spec.camera_fill_low = 0.55f;
  spec.camera_fill_high = 1.25f;
  spec.camera_tilt_deg = 15;
  spec.camera_shift = 0.12f;
  spec.blur_px = 0.8f;
  spec.noise = 0.03f;
  return spec;
}

struct FloatField {
  const char* name;
  float GeneratorSpec::*value;
  float low, high;
};

constexpr FloatField kFloats[] = {
    {"rotation_deg", &GeneratorSpec::rotation_deg, 0, 180},
    {"brightness_low", &GeneratorSpec::brightness_low, 0, 10},
    {"brightness_high", &GeneratorSpec::brightness_high, 0, 10},
    {"zoom", &GeneratorSpec::zoom, 0, 0.95f},
    {"shear_deg", &GeneratorSpec::shear_deg, 0, 80},
    {"shift_x", &GeneratorSpec::shift_x, 0, 1},
    {"shift_y", &GeneratorSpec::shift_y, 0, 1},
    {"crop_area_low", &GeneratorSpec::crop_area_low, 0.01f, 1},
    {"gain", &GeneratorSpec::gain, 0, 4},
    {"gamma", &GeneratorSpec::gamma, 0, 4},
    {"white_balance", &GeneratorSpec::white_balance, 0, 4},
    {"contrast", &GeneratorSpec::contrast, 0, 4},
    {"camera_share", &GeneratorSpec::camera_share, 0, 1},
    {"camera_fill_low", &GeneratorSpec::camera_fill_low, 0.1f, 4},
    {"camera_fill_high", &GeneratorSpec::camera_fill_high, 0.1f, 4},
    {"camera_tilt_deg", &GeneratorSpec::camera_tilt_deg, 0, 60},
    {"camera_shift", &GeneratorSpec::camera_shift, 0, 1},
    {"blur_px", &GeneratorSpec::blur_px, 0, 2.5f},
    {"noise", &GeneratorSpec::noise, 0, 1},
};

constexpr std::pair<const char*, bool GeneratorSpec::*> kFlags[] = {
    {"flip_horizontal", &GeneratorSpec::flip_horizontal},
    {"flip_vertical", &GeneratorSpec::flip_vertical},
    {"featurewise", &GeneratorSpec::featurewise},
};

// The double whose shortest decimal form is the float's: 0.2, not 0.20000000298.
double Shortest(float value) {
  char text[64];
  const auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  double result = 0;
  std::from_chars(text, end, result);
  return result;
}

std::string Nearest(std::string_view word, const std::vector<std::string>& known) {
  return *std::min_element(known.begin(), known.end(), [&](const std::string& a, const std::string& b) {
    return EditDistance(word, a) < EditDistance(word, b);
  });
}

std::vector<std::string> FieldNames() {
  std::vector<std::string> names = {"name", "fill"};
  for (const FloatField& field : kFloats) names.emplace_back(field.name);
  for (const auto& flag : kFlags) names.emplace_back(flag.first);
  return names;
}

Result<Fill> ParseFill(const std::string& name) {
  for (const auto& [fill, known] : kFills) {
    if (name == known) return fill;
  }
  return Fail(ErrorKind::kBadInput, "unknown fill '{}'; it is nearest, constant, reflect or wrap", name);
}

Result<void> CheckRanges(const GeneratorSpec& spec) {
  for (const FloatField& field : kFloats) {
    const float value = spec.*field.value;
    if (!(value >= field.low && value <= field.high)) {
      return Fail(ErrorKind::kBadInput, "generator '{}': {} = {} is outside {}..{}", spec.name, field.name,
                  value, field.low, field.high);
    }
  }
  if (spec.brightness_low > spec.brightness_high || spec.camera_fill_low > spec.camera_fill_high) {
    return Fail(ErrorKind::kBadInput, "generator '{}': a range has its low end above its high end",
                spec.name);
  }
  return {};
}

}  // namespace

std::vector<std::string> GeneratorNames() { return {"gen1", "gen2", "gen3", "gen4", "mild", "camera"}; }

Result<GeneratorSpec> NamedGenerator(std::string_view name) {
  for (int number = 1; number <= 4; ++number) {
    if (GeneratorSpec spec = PaperGenerator(number); spec.name == name) return spec;
  }
  if (name == "mild") return Mild();
  if (name == "camera") return Camera();
  return Fail(ErrorKind::kUsage, "unknown generator '{}'; did you mean '{}'?", name,
              Nearest(name, GeneratorNames()));
}

Json ToJson(const GeneratorSpec& spec) {
  Json json;
  json["name"] = spec.name;
  for (const FloatField& field : kFloats) json[field.name] = Shortest(spec.*field.value);
  for (const auto& [name, flag] : kFlags) json[name] = spec.*flag;
  for (const auto& [fill, name] : kFills) {
    if (fill == spec.fill) json["fill"] = name;
  }
  return json;
}

Result<GeneratorSpec> GeneratorFromJson(const Json& json) {
  if (!json.is_object()) return Fail(ErrorKind::kBadInput, "a generator is not an object");
  const std::vector<std::string> known = FieldNames();
  for (const auto& [key, value] : json.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return Fail(ErrorKind::kBadInput, "a generator has no '{}'; did you mean '{}'?", key,
                  Nearest(key, known));
    }
  }
  std::string fill_name = "nearest";
  HL_ASSIGN(GeneratorSpec spec, FromJson(json, "generator", [&](const Json& record) {
              GeneratorSpec read;
              read.name = record.value("name", read.name);
              fill_name = record.value("fill", fill_name);
              for (const FloatField& field : kFloats) {
                read.*field.value =
                    static_cast<float>(record.value(field.name, static_cast<double>(read.*field.value)));
              }
              for (const auto& [name, flag] : kFlags) read.*flag = record.value(name, read.*flag);
              return read;
            }));
  HL_ASSIGN(spec.fill, ParseFill(fill_name));
  HL_TRY(CheckRanges(spec));
  return spec;
}

}  // namespace handlens::image
