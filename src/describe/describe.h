// Describing a model: metadata, labels, preprocess.json, the proof that the label order is the model's, the
// model card and wrapper code for six languages (kept as template files in src/describe/templates). Deciding
// whether the model is good enough is not here but in `verify`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "base/json.h"
#include "base/progress.h"
#include "base/result.h"
#include "describe/answering.h"
#include "describe/referral.h"

namespace handlens::describe {

// The pixel contract (docs/pixels.md) that preprocess.json speaks of.
inline constexpr int kPixelContract = 1;

// All fields of the paper's Table 2 and what an app needs to feed the model.
struct Description {
  std::string name = "handlens model", version = "1", author, license,
              notice;  // notice: e.g. not a diagnosis
  int size_px = 0;
  std::string fit = "crop";
  std::vector<std::string> labels;
  float image_min = 0, image_max = 1;
  std::vector<float> mean,
      std;  // of the float file, as TFLite tools apply them: (byte - mean) / std; empty = 0, 255
  double not_sure_below = 0;  // top scores below this are shown as "not sure"; 0..1
  std::optional<Answering>
      answering;  // how that threshold came about and what it promises; empty in older files
  std::optional<Referral> referral;  // a class that must not be missed; empty where the user named none
  std::string golden_sha256;  // of the golden vectors that the apps prove their pixels with; empty = none
};

// From which score on a class is possible (LabelSets); 0 where the description does not say.
double PossibleFrom(const Description& description);

// preprocess.json, the machine-readable form (docs/formats.md): the same bytes for the same description.
std::string PreprocessJson(const Description& description);
// Kind kBadInput, naming `where`: not the format, a newer version, another pixel contract, no labels, a size
// out of 1..4096, an unknown fit.
Result<Description> DescriptionFromJson(std::string_view text, std::string_view where);

// One picture with the scores that a model gave it while it was no training picture of that model.
struct ScoredPicture {
  std::vector<float> scores;  // a class
  int truth = 0;
};
struct NotSureChoice {
  double threshold = 0;     // a multiple of 0.01 in 0..0.9
  double accuracy = 0;      // of the pictures answered at that threshold
  double answered = 1;      // their share, 0..1
  std::string explanation;  // one sentence with the figures
};
// The smallest threshold at which the accuracy on answered pictures reaches `target`, among thresholds that
// leave at least half of the pictures answered; where none reaches it, the one with the highest accuracy (the
// smallest of equals). No pictures: 0. Pure.
NotSureChoice ChooseNotSureBelow(std::span<const ScoredPicture> pictures, double target = 0.9);

// A training picture as the model sees it: (size, size, 3) bytes by the pixel contract.
struct ProofPicture {
  std::string id, path;
  int label = 0;
  std::vector<uint8_t> pixels;
};

// Facts about the data for the model card, given by the caller; empty or zero ones are left out of the card.
struct DataFacts {
  std::vector<int> pictures_per_class;  // in label order
  int rejected = 0;
  int folds = 0, holdout = 0;
  std::string intended_use;  // the user's words
  std::string groups;        // what is known of which pictures belong together
  std::string notes;         // the user's caveats, as given; lines and empty lines are kept
};

struct DescribeRequest {
  std::filesystem::path
      model_folder;         // RUN/model as `convert` left it (conversion.json, *.tflite, labels.txt)
  Description description;  // size_px 0 and empty labels are taken from conversion.json
  // Training pictures for the proof, as many of every class as there are up to some dozens: they are only all
  // asked about where few do not decide it.
  std::vector<ProofPicture> pictures;
  DataFacts data;
  // What the quantized fold models said of pictures that they had not seen. Where there are any, they set the
  // description's threshold.
  std::vector<JudgedPicture> answers = {};
  double max_wrong = 0.05;                      // share of the answers that a promise should be about
  std::optional<Sensitivity> sensitivity = {};  // sets the description's referral by the same answers
  Json verdict = {};                            // of an earlier `verify`, for the model card; null = none
};

// One line of the proof: what a finished file, in the official runtime, says of the training pictures of one
// class.
struct ProofRow {
  std::string file, label;
  size_t pictures = 0, right = 0;  // asked about; given their own label
  std::string most_taken_for;      // of the other labels; empty when none was given
  size_t taken = 0;                // pictures given that label
};
// The order of labels that comes nearest to the file's own: these would each take the place of the next.
struct ProofRival {
  std::string file;
  std::vector<std::string> labels;
  size_t pictures = 0, right = 0,
         right_if_moved = 0;  // of these labels: pictures, right as it is, right in that order
  double chance = 1;          // of the file's order doing so much better by luck: one-sided sign test
};
struct DescribedFile {
  std::string file, sha256;  // after the metadata was written
  int64_t bytes = 0;
};
struct DescribeResult {
  Description description;
  std::vector<DescribedFile> files;
  std::vector<ProofRow> proof;        // a line a file and class
  std::vector<ProofRival> rivals;     // one a file; none where there is one label
  std::vector<std::string> unproven;  // whole sentences; empty = the label order is proven
  bool contradicted = false;          // by chance's measure, another order is the right one
  std::string runtime_version;
  std::string quantization;  // how the int8 file came about, in words; empty when not recorded
};

// Writes metadata into the finished .tflite files of the folder, then labels.txt, preprocess.json,
// description.json
// ("handlens-description" version 1), modelcard.md and wrappers/, and proves the label order with the
// official runtime. Running it again gives the same bytes. Kind kBadInput: no conversion.json, the labels of
// labels.txt, of conversion.json, of the request and the number of outputs are not the same, or `sensitivity`
// names no class; kInternal: no runtime library. A proof that fails is not an error but `unproven`.
Result<DescribeResult> DescribeRun(const DescribeRequest& request, Progress& progress);

// Writes modelcard.md from description.json and, if it judged these very files, the verdict (verdict.json;
// null: there is none): call it again after `verify`. Only what the records say; no dates, no people but the
// author that was named.
Result<void> WriteModelCard(const std::filesystem::path& model_folder, const Json& verdict);

// What metadata says of a file's input, in TFLite's meaning (value - mean) / std on bytes 0..255: float32
// gets byte / 255 (mean 0, std 255), uint8 the byte itself (0, 1), int8 byte - 128 (128, 1). min and max are
// of the value fed.
struct Normalization {
  float mean = 0, std = 1, min = 0, max = 255;
};
Result<Normalization> NormalizationOf(
    std::string_view input_type);  // "float32", "uint8", "int8"; else kBadInput

// Wrapper code for a description: a file a language, complete, given that platform's TFLite library and
// `pixels`; a program a language that tries it on the sample of DescribeRun; README.md.
struct Wrapper {
  std::string file_name;  // "HandlensClassifier.java"
  std::string text;
};
std::vector<Wrapper> Wrappers(const Description& description);

}  // namespace handlens::describe
