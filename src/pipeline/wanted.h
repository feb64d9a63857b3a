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
enum class Shell { kBash, kZsh, kFish };          // that a completion is for

// Fields are named as the options, with the unit where there is one. std::optional: there is no default, or
// it depends on the pictures. Ranges stand in the option table (options/options.cc), and every value here is
// within its range. Shares are 0..1. A zero or an empty text means what its comment says.
struct Wanted {
  // How a folder or a table of pictures is read (dataset::LayoutRules), and the size that models see.
  struct Pictures {
    int64_t max_pixels = 0;  // width x height; larger pictures are refused
    dataset::Subfolders subfolders = dataset::Subfolders::kGroup;  // what folders within a class's mean
    std::string group_pattern;  // a regular expression: what it matches in a path is the group; empty: none
    bool merge_splits = false;  // folders called train, val, test are used together
    bool skip_broken = false;   // go on even when more than a tenth is unreadable
    std::optional<image::Fit> fit;  // empty: as the data check recommends
    std::vector<int> sizes_px;      // empty: chosen from the pictures
  } pictures;
  // How the pictures are dealt (split::SplitOptions).
  struct Folds {
    int folds = 0;
    std::optional<int> holdout;   // pictures a class that never train; empty: 4, none with kPaper
    double validation_share = 0;  // of a fold's training pictures
    split::Order order = split::Order::kHonest;  // kPaper: unshuffled blocks of names, to compare with
  } folds;
  // What is tried, and for how long (search::GridChoice).
  struct Search {
    std::string preset;
    std::vector<std::string> models, generators;  // empty: the preset's
    bool from_scratch = false;                    // no model begins with a backbone
    std::filesystem::path backbones;              // the user's own; empty: the user's data folder
    int epochs = 0;                               // 0: the recipe's
    bool exhaustive = false;                      // every candidate in every fold: no race
    double budget_s = 0;                          // 0: none
    int repeats = 1;      // of the chosen candidate's cross-validation, the first counted
    bool nested = false;  // the search is repeated without each fold
    Reduction reduce = Reduction::kAuto;
    std::vector<int> filters, neurons;  // of the reduction's grid; empty: chosen from the model
  } search;
  // How the network becomes a .tflite file (convert::ConvertOptions).
  struct Model {
    convert::Io io = convert::Io::kUint8;
    convert::Method quantization = convert::Method::kAuto;
    convert::Strangers strangers = convert::Strangers::kNotSure;
    double max_wrong = 0;  // share of answers that may be wrong: sets the threshold of "not sure"
    std::optional<std::string> sensitivity;  // "CLASS=SHARE"; empty: no class is referred
  } model;
  // What the file, the model card and the report say of the model, as the user wrote it.
  struct About {
    std::optional<std::string> name;  // empty: what the folder of pictures is called
    std::string version, author, license, notice;
    bool anonymous = false;  // names of files and groups are hashed in the report
  } about;
  // What the verdict asks for (verify::Rules).
  struct Gates {
    double min_accuracy = 0, min_agreement = 0;
    int64_t max_bytes = 0;   // of the shipped file; 0: none
    int64_t max_memory = 0;  // bytes; 0: none
    verify::Purpose purpose = verify::Purpose::kBoth;
    double max_camera_loss = 0;         // what the simulated camera may take of the accuracy
    std::filesystem::path backgrounds;  // photographs to put behind the subjects; empty: the built-in ones
  } gates;
  // The app that `app` packs (package/targets.h).
  struct App {
    package::Target target = package::Target::kAndroid;
    std::string model;                          // "float" or "quantized"
    std::optional<std::string> application_id;  // empty: app.handlens.NAME
    std::string version_name;
    int version_code = 0;
    std::filesystem::path icon, key;    // empty: drawn; the default key
    std::string abi;                    // "arm64", "armv7", "x86_64" or "all"
    bool project = false, aab = false;  // also the sources; also the bundle for stores
    package::Carry check_pictures = package::Carry::kPixels;
    bool examples = false;  // users see a picture of each class
  } app;
  // Of one call: never kept, and nothing that a file depends on.
  struct Call {
    std::filesystem::path out, config;  // empty: NAME-run; none
    std::filesystem::path pictures;     // where the run's pictures are now; empty: where they were
    bool dry_run = false, yes = false, help = false;
    std::filesystem::path export_tree;                // folder of folds for other programs; empty: none
    std::vector<std::filesystem::path> import_files;  // phones' records for `verify`
    std::vector<std::filesystem::path> add_files;     // field tests for `inspect`
    std::filesystem::path save_input, fix;            // folder of `predict`; corrected model of `doctor`
    std::string as, scaling;                          // of `backbone add`
    std::filesystem::path notes;                      // empty: those that the run keeps
    bool lan = false, loopback = false;               // who may reach `serve`
    int port = 0;                                     // 0: any that is free
    bool man = false, markdown = false, all = false;  // kinds of help
    std::optional<Shell> completion;                  // empty: none is printed
    std::string shard;                                // "2/8", "auto" or "auto/8"; empty: all of the work
    std::filesystem::path local_cache;                // empty: RUN/cache
  } call;
  // The scripts that `cluster` writes: one engine, and what a task is given.
  struct Cluster {
    bool slurm = false, kubernetes = false, parallel = false, mpi = false;
    int tasks = 0, threads = 0;  // processes that share the work; threads of each
    double time_s = 0;           // of one task
    std::string partition;       // empty: the engine's own
    std::string image, volume;   // of Kubernetes
  } cluster;
  // How a call works and talks; results are the same for any of it.
  struct Manner {
    std::optional<int> jobs;  // threads; empty: those that the process may use
    bool json = false, quiet = false, verbose = false, no_input = false;
  } manner;
  uint64_t seed = 0;  // of dealing, training and varying: equal seeds give equal bytes
};

}  // namespace handlens::pipeline
