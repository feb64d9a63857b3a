// The doctor: takes any .tflite classifier and labelled pictures, and finds why it answers otherwise than it
// should: the pictures reach it in another form than it learnt (scale of the values, red and blue exchanged,
// EXIF orientation, fit, resizing), or its answers get wrong names. It tries each other form, alone and
// together, says which one repairs how much, by a paired test, and can write what a file's metadata can say
// into a corrected file. It never changes a weight. What does not live here: judging whether the model is
// good enough (verify).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "base/result.h"
#include "dataset/dataset.h"
#include "image/image.h"

namespace handlens::doctor {

// From bytes 0..255 to what the network computes with: (byte - mean) / std.
enum class Scale { kUnit, kSymmetric, kBytes, kImageNet, kCaffe, kOwn };
enum class Channels { kRgb, kBgr };
enum class Exif { kApplied, kIgnored };
enum class Resize {
  kAveraged,
  kBilinear,
  kNearest
};  // of the pixel contract; four neighbours only; one pixel
// What was done to the resized pixels before the model learnt them: nothing, or saved once as a JPEG of
// quality 75, as Pillow does unasked.
enum class Saved { kNot, kSmallJpeg };

// One way to bring a picture to the model.
struct Feed {
  Scale scale = Scale::kUnit;
  Channels channels = Channels::kRgb;
  Exif exif = Exif::kApplied;
  image::Fit fit = image::Fit::kCrop;
  Resize resize = Resize::kAveraged;
  Saved saved = Saved::kNot;
  bool operator==(const Feed&) const = default;
};
std::string Words(const Feed& feed);  // "values 0..1, red first, EXIF applied, crop, averaged"

// One thing that is wrong.
struct Finding {
  // scale, channels, exif, fit, resize, saved, label-order, labels, metadata, type
  std::string what;
  std::string text;    // a whole sentence with the numbers
  std::string advice;  // what to do, or what --fix did
  size_t n = 0, right_before = 0,
         right_after = 0;  // pictures; right without and with this one repair, all others made
  double p = 1;            // exact McNemar of that; 0 for what needs no pictures
  bool in_file = false;    // the file's metadata can say it, so --fix repairs it
};

// What another form of the pictures would do to the repaired model: which mistake of an app would harm most.
struct WhatIf {
  std::string change;  // "red and blue exchanged"
  size_t right = 0;    // of Diagnosis::pictures
};

struct Diagnosis {
  std::string model;
  size_t pictures = 0, left_out = 0;  // examined; in the folder besides
  size_t right_declared = 0, right_repaired = 0;
  Feed declared, repaired;
  std::vector<float> own_mean, own_std;              // of Scale::kOwn
  std::vector<std::string> declared_labels, labels;  // of the file; corrected, in the order of the outputs
  std::vector<Finding> findings;                     // most harm first; empty = healthy
  std::vector<WhatIf> what_if;                       // one change each, most harm first
  std::string runtime_version;
};

struct Request {
  std::span<const uint8_t> model;
  std::string name;                  // of the model, for messages
  const dataset::Dataset& pictures;  // as dataset::Inspect read them
  size_t most_screened = 160;        // that every form is tried with, as many of each class as can be
  size_t most_pictures = 600;        // that what is suspected is tested with
  int jobs = 1;
};

// Every form is tried with some pictures; where another than the file's answers them better, or another order
// of labels, that is tested with many more. A change is reported only when an exact McNemar test on the same
// pictures gives p < 0.01, divided by the number of changes that were tried, and it gains at least two
// pictures in a hundred. The order of labels is found on one half of the pictures and tested on the other.
// Kind kBadInput: not a usable classifier of one square RGB picture, no picture, no label of the pictures is
// one of the model's and the numbers of classes differ; kInterrupted; kInternal: no runtime library. The
// result does not depend on `jobs`.
Result<Diagnosis> Examine(const Request& request, Progress& progress);

// The model with metadata that says what was found: normalisation, labels and their order, fit. Kind
// kBadInput: nothing that a file can say was found, or the model's constants lie outside of its flatbuffer.
Result<Bytes> Fix(std::span<const uint8_t> model, const Diagnosis& diagnosis);

}  // namespace handlens::doctor
