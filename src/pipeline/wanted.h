// What the user wants, read once from the option table into typed fields: a misspelt option does not compile.
// Steps do not see this: each takes from it, in its Read, the options that its files depend on (step.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "convert/convert.h"
#include "dataset/dataset.h"
#include "image/image.h"
#include "package/package.h"
#include "package/targets.h"
#include "search/presets.h"
#include "split/split.h"
#include "verify/verify.h"

namespace handlens::pipeline {

enum class Reduction { kAuto, kAlways, kNever };  // kAuto: with every preset but quick
enum class Shell { kBash, kZsh, kFish };

// Fields are named as the options, with the unit where there is one. std::optional: there is no default, or
// it depends on the pictures. Ranges stand in the option table (options.cc).
struct Wanted {
  struct Pictures {
    int64_t max_pixels = 0;
    dataset::Subfolders subfolders = dataset::Subfolders::kGroup;
    std::string group_pattern;  // empty: none
    bool merge_splits = false;  // folders called train, val, test are used together
    bool skip_broken = false;
    std::optional<image::Fit> fit;
    std::vector<int> sizes_px;  // empty: chosen from the pictures
  } pictures;
  struct Folds {
    int folds = 0;
    std::optional<int> holdout;
    double validation_share = 0;
    split::Order order = split::Order::kHonest;
  } folds;
  struct Search {
    std::string preset;
    std::vector<std::string> models, generators;  // empty: the preset's
    bool from_scratch = false;                    // no model begins with a backbone
    std::filesystem::path backbones;              // the user's own; empty: the user's data folder
    int epochs = 0;                               // 0: the recipe's
    bool exhaustive = false;
    double budget_s = 0;  // 0: none
    Reduction reduce = Reduction::kAuto;
    std::vector<int> filters, neurons;  // empty: chosen from the model
  } search;
  struct Model {
    convert::Io io = convert::Io::kUint8;
    convert::Method quantization = convert::Method::kPostTraining;
    convert::Strangers strangers = convert::Strangers::kAnswer;
    double max_wrong = 0;
    std::optional<std::string> sensitivity;  // "CLASS=SHARE"; empty: no class is referred
  } model;
  struct About {
    std::optional<std::string> name;
    std::string version, author, license, notice;
    bool anonymous = false;
  } about;
  struct Gates {
    double min_accuracy = 0, min_agreement = 0;
    int64_t max_bytes = 0;   // 0: none
    int64_t max_memory = 0;  // bytes; 0: none
    verify::Purpose purpose = verify::Purpose::kBoth;
    double max_camera_loss = 0;
    std::filesystem::path backgrounds;  // empty: the built-in ones
  } gates;
  struct App {
    package::Target target = package::Target::kAndroid;
    std::string model;  // "float" or "quantized"
    std::optional<std::string> application_id;
    std::string version_name;
    int version_code = 0;
    std::filesystem::path icon, key;  // empty: drawn; the default key
    std::string abi;                  // "arm64", "armv7", "x86_64" or "all"
    bool project = false, aab = false;
    package::Carry check_pictures = package::Carry::kPixels;
  } app;
  // Of one call: never kept, and nothing that a file depends on.
  struct Call {
    std::filesystem::path out, config;
    std::filesystem::path pictures;  // where the run's pictures are now; empty: where they were
    bool dry_run = false, yes = false, help = false;
    std::filesystem::path export_tree;
    std::vector<std::filesystem::path> import_files;
    std::filesystem::path save_input, fix;
    std::string as, scaling;      // of `backbone add`
    std::filesystem::path notes;  // empty: those that the run keeps
    bool lan = false, loopback = false;
    int port = 0;
    bool man = false, markdown = false, all = false;
    std::optional<Shell> completion;
    std::string shard;                  // "2/8", "auto" or "auto/8"; empty: all of the work
    std::filesystem::path local_cache;  // empty: RUN/cache
  } call;
  struct Cluster {
    bool slurm = false, kubernetes = false, parallel = false, mpi = false;
    int tasks = 0, threads = 0;
    double time_s = 0;          // of one task
    std::string partition;      // empty: the engine's own
    std::string image, volume;  // of Kubernetes
  } cluster;
  struct Manner {
    std::optional<int> jobs;
    bool json = false, quiet = false, verbose = false, no_input = false;
  } manner;
  uint64_t seed = 0;
};

}  // namespace handlens::pipeline
