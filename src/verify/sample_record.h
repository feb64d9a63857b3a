// The parts of a phone's record that are the same in all samples. For tests and fuzzers; not for the program.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"

namespace handlens::verify::sample {

inline Json RecordFacts(const char* target, const std::string& installation, const std::string& model_sha256,
                        const std::vector<std::string>& labels) {
  return {{"format", "handlens-phone"},
          {"version", 1},
          {"made_at", "2026-11-23T10:00:00Z"},
          {"app",
           {{"name", "Colours"},
            {"target", target},
            {"id", "org.example.colours"},
            {"version_name", "1.0"},
            {"version_code", 1},
            {"installation", installation},
            {"model_file", "quantizedmodel.tflite"},
            {"model_sha256", model_sha256},
            {"input_type", "uint8"},
            {"runtime", "2.21.0"},
            {"path", "xnnpack"}}},
          {"phone",
           {{"manufacturer", "Maker"},
            {"model", "One"},
            {"android", "14"},
            {"sdk", 34},
            {"build", "B1"},
            {"abi", "arm64-v8a"},
            {"cores", 8}}},
          {"labels", labels}};
}

// `golden` of a self-check: the pictures whose answers the app knows.
inline Json GoldenFacts() {
  return {{"count", 208},
          {"equal", 200},
          {"within_bound", 8},
          {"differing_bytes", 0},
          {"largest_jpeg_difference", 2},
          {"failed", Json::array()}};
}

}  // namespace handlens::verify::sample
