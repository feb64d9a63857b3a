#include "pipeline/options/options.h"

#include <algorithm>

#include "pipeline/options/read_value.h"
#include "pipeline/steps.h"

namespace handlens::pipeline {
namespace {

constexpr std::string_view kCommon = "Common options";
constexpr std::string_view kPlace = "Run folder";
constexpr std::string_view kData = "Pictures";
constexpr std::string_view kFolds = "Folds";
constexpr std::string_view kSearch = "Search";
constexpr std::string_view kModel = "Model files";
constexpr std::string_view kAbout = "About the model";
constexpr std::string_view kGates = "Gates";
constexpr std::string_view kApp = "App";
constexpr std::string_view kThis = "This command";

// A table, a few fields a line.
// clang-format off
constexpr Option kOptions[] = {
    {.name = "out", .into = Into<&Wanted::call, &Wanted::Call::out>, .letter = 'o', .kind = Kind::kPath,
     .value = "RUN",
     .fallback_words = "NAME-run in the current folder, NAME being the name of the pictures' folder",
     .group = kPlace, .commands = "inspect run demo", .scope = Scope::kCommandLine,
     .help = "The run folder to make or to continue."},
    {.name = "pictures", .into = Into<&Wanted::call, &Wanted::Call::pictures>, .kind = Kind::kPath,
     .value = "DIR", .fallback_words = "where they were when they were inspected", .group = kPlace,
     .commands = "prepare split search reduce convert describe verify app report check",
     .scope = Scope::kCommandLine,
     .help = "Where the run's pictures are now, if they moved; each is compared, and the run remembers the "
        "place."},
    {.name = "dry-run", .into = Into<&Wanted::call, &Wanted::Call::dry_run>, .letter = 'n',
     .kind = Kind::kFlag, .group = kPlace, .commands = "run demo", .scope = Scope::kCommandLine,
     .help = "Check everything that `run` checks, print the plan (steps, trials, time, memory, disk) and "
        "stop; writes nothing."},
    {.name = "yes", .into = Into<&Wanted::call, &Wanted::Call::yes>, .letter = 'y', .kind = Kind::kFlag,
     .group = kPlace, .commands = "convert describe verify app merge run demo", .scope = Scope::kCommandLine,
     .help = "Go on where handlens would stop and ask: train what is missing, begin although the budget is "
        "too short."},

    {.name = "max-pixels", .into = Into<&Wanted::pictures, &Wanted::Pictures::max_pixels>,
     .kind = Kind::kInteger, .value = "N", .fallback = "200000000", .low = 1, .high = 4e9, .group = kData,
     .commands = "inspect run demo", .help = "Refuse pictures of more pixels than this."},
    {.name = "skip-broken", .into = Into<&Wanted::pictures, &Wanted::Pictures::skip_broken>,
     .kind = Kind::kFlag, .group = kData, .since = kPrepareStep,
     .help = "Go on even when more than a tenth of the files are unreadable; the report lists them."},
    {.name = "subfolders", .into = Into<&Wanted::pictures, &Wanted::Pictures::subfolders>,
     .kind = Kind::kChoice, .value = "WHAT", .fallback = "group", .choices = "group|ignore", .group = kData,
     .commands = "inspect run demo",
     .help = "What folders inside a class's folder mean: groups (a patient, a plant, an object), which no "
        "fold divides; or nothing."},
    {.name = "group-pattern", .into = Into<&Wanted::pictures, &Wanted::Pictures::group_pattern>,
     .kind = Kind::kText, .value = "REGEX", .fallback_words = "none", .group = kData,
     .commands = "inspect run demo",
     .help = "Take groups from names: what the first parentheses of this regular expression match in the "
        "path below the class's folder, or the whole match."},
    {.name = "merge-splits", .into = Into<&Wanted::pictures, &Wanted::Pictures::merge_splits>,
     .kind = Kind::kFlag, .group = kData, .commands = "inspect run demo",
     .help = "Take the pictures of folders called train, val, test together, each with one folder per class, "
        "and make new folds of all. Without it the folder test is held out and the others make the folds."},
    {.name = "add", .into = Into<&Wanted::call, &Wanted::Call::add_files>, .kind = Kind::kPaths,
     .value = "FIELD.zip", .fallback_words = "none", .group = kData, .commands = "inspect run",
     .scope = Scope::kCommandLine,
     .help = "Add the photographs of a field test, as the app shared them, with the labels that were given "
        "there; each series of shots is one group. May be repeated; the run keeps them."},
    {.name = "fit", .into = Into<&Wanted::pictures, &Wanted::Pictures::fit>, .kind = Kind::kChoice,
     .value = "FIT", .fallback_words = "chosen from the pictures", .choices = "crop|stretch|letterbox",
     .group = kData, .since = kPrepareStep, .help = "How a picture that is not square becomes one."},
    {.name = "sizes", .into = Into<&Wanted::pictures, &Wanted::Pictures::sizes_px>, .kind = Kind::kIntegers,
     .value = "PX,PX,...", .fallback_words = "chosen from the pictures, within what the preset tries",
     .low = 30, .high = 500, .group = kData, .since = kPrepareStep,
     .help = "Sides of the sub-datasets in pixels."},

    {.name = "folds", .into = Into<&Wanted::folds, &Wanted::Folds::folds>, .kind = Kind::kInteger,
     .value = "K", .fallback = "5", .low = 2, .high = 20, .group = kFolds, .since = kSplitStep,
     .help = "Folds of the cross-validation."},
    {.name = "holdout", .into = Into<&Wanted::folds, &Wanted::Folds::holdout>, .kind = Kind::kInteger,
     .value = "N", .fallback_words = "4, or none with --order paper", .low = 0, .high = 1000, .group = kFolds,
     .since = kSplitStep, .help = "Pictures a class that no training ever sees, kept for the phone."},
    {.name = "validation", .into = Into<&Wanted::folds, &Wanted::Folds::validation_share>,
     .kind = Kind::kNumber, .value = "SHARE", .fallback = "0.125", .low = 0.05, .high = 0.5, .group = kFolds,
     .since = kSplitStep,
     .help = "Share of each fold's training pictures used for validation (0.125 gives 70/10/20)."},
    {.name = "order", .into = Into<&Wanted::folds, &Wanted::Folds::order>, .kind = Kind::kChoice,
     .value = "ORDER", .fallback = "honest", .choices = "honest|paper", .group = kFolds, .since = kSplitStep,
     .help = "honest: shuffled, groups and near-duplicates together; paper: unshuffled blocks of names, for "
        "comparison only."},
    {.name = "export-tree", .into = Into<&Wanted::call, &Wanted::Call::export_tree>, .kind = Kind::kPath,
     .value = "DIR", .fallback_words = "none", .group = kFolds, .commands = kSplitStep,
     .scope = Scope::kCommandLine,
     .help = "Also write the folds as folders of pictures (the paper's Fig. 3) to DIR; with several --sizes, "
        "to DIR/SIZE."},

    {.name = "preset", .into = Into<&Wanted::search, &Wanted::Search::preset>, .letter = 'p',
     .kind = Kind::kChoice, .value = "NAME", .fallback = "standard", .fallback_words = "quick for `demo`",
     .choices = "quick|standard|thorough|paper", .group = kSearch, .since = kPrepareStep,
     .help = "What the search tries: quick takes minutes, thorough hours, paper repeats the paper's grid."},
    {.name = "models", .into = Into<&Wanted::search, &Wanted::Search::models>, .kind = Kind::kWords,
     .value = "NAME,...", .fallback_words = "the preset's", .group = kSearch, .since = kSearchStep,
     .help = "Architectures to try: names of the zoo, of a backbone (lite0, lite0-probe, lite0-cut4-tune), "
        "or [[model]] entries of handlens.toml."},
    {.name = "generators", .into = Into<&Wanted::search, &Wanted::Search::generators>, .kind = Kind::kWords,
     .value = "NAME,...", .fallback_words = "the preset's", .group = kSearch, .since = kSearchStep,
     .help = "Augmentations to try: gen1 to gen4, mild, camera, or [[generator]] entries of handlens.toml."},
    {.name = "from-scratch", .into = Into<&Wanted::search, &Wanted::Search::from_scratch>,
     .kind = Kind::kFlag, .group = kSearch, .since = kPrepareStep,
     .help = "Train from nothing: no model begins with a backbone, a network that has seen a million other "
        "pictures."},
    {.name = "backbones", .into = Into<&Wanted::search, &Wanted::Search::backbones>, .kind = Kind::kPath,
     .value = "DIR", .fallback_words = "handlens/backbones in your data folder", .group = kSearch,
     .commands = "backbone", .since = kPrepareStep, .help = "Where your own backbones lie."},
    {.name = "epochs", .into = Into<&Wanted::search, &Wanted::Search::epochs>, .kind = Kind::kInteger,
     .value = "N", .fallback_words = "the recipe's", .low = 1, .high = 10000, .group = kSearch,
     .since = kSearchStep, .help = "Epochs of every trial."},
    {.name = "exhaustive", .into = Into<&Wanted::search, &Wanted::Search::exhaustive>, .kind = Kind::kFlag,
     .group = kSearch, .since = kSearchStep,
     .help = "Run every trial of the grid instead of stopping candidates that cannot win."},
    {.name = "budget", .into = Into<&Wanted::search, &Wanted::Search::budget_s>, .letter = 'b',
     .kind = Kind::kDuration, .value = "TIME", .fallback_words = "none", .low = 1, .high = 8640000,
     .group = kSearch, .since = kSearchStep, .life = Life::kCall,
     .help = "Time for the whole of this call, such as 90s, 30m or 2h; the best found by then is taken."},
    {.name = "repeats", .into = Into<&Wanted::search, &Wanted::Search::repeats>, .kind = Kind::kInteger,
     .value = "R", .fallback = "1", .low = 1, .high = 20, .group = kSearch, .since = kCrossvalidationStep,
     .help = "Cross-validate the chosen model R times, with the pictures dealt to folds anew each time, and "
        "say how much that changes."},
    {.name = "nested", .into = Into<&Wanted::search, &Wanted::Search::nested>, .kind = Kind::kFlag,
     .group = kSearch, .since = kCrossvalidationStep,
     .help = "Nested cross-validation: repeat the whole search without each fold, and say by how much the "
        "choice flatters. Takes about --folds times as long as the search."},
    {.name = "reduce", .into = Into<&Wanted::search, &Wanted::Search::reduce>, .kind = Kind::kChoice,
     .value = "WHEN", .fallback = "auto", .choices = "auto|always|never", .group = kSearch,
     .since = kReduceStep,
     .help = "Whether `run` looks for a smaller model; auto: with every preset but quick."},
    {.name = "filters", .into = Into<&Wanted::search, &Wanted::Search::filters>, .kind = Kind::kIntegers,
     .value = "N,N,...", .fallback_words = "chosen from the model", .low = 1, .high = 1024, .group = kSearch,
     .since = kReduceStep, .help = "Numbers of filters that the reduction tries."},
    {.name = "neurons", .into = Into<&Wanted::search, &Wanted::Search::neurons>, .kind = Kind::kIntegers,
     .value = "N,N,...", .fallback_words = "chosen from the model", .low = 1, .high = 4096, .group = kSearch,
     .since = kReduceStep, .help = "Numbers of neurons that the reduction tries."},

    {.name = "io", .into = Into<&Wanted::model, &Wanted::Model::io>, .kind = Kind::kChoice, .value = "TYPE",
     .fallback = "uint8", .choices = "uint8|int8|float32", .group = kModel, .since = kConvertStep,
     .help = "Type of the quantized model's input and output."},
    {.name = "quantization", .into = Into<&Wanted::model, &Wanted::Model::quantization>,
     .kind = Kind::kChoice, .value = "METHOD", .fallback = "auto", .choices = "auto|post-training|aware",
     .group = kModel, .since = kConvertStep,
     .help = "How int8 files come about: post-training rounds the trained model; aware trains it to "
        "answer the same with everything rounded as the file will round it; auto: the second where the first "
        "loses more than 0.7 of 100 right answers on validation pictures and the second loses less and "
        "answers as the trained model at least as often."},

    {.name = "strangers", .into = Into<&Wanted::model, &Wanted::Model::strangers>, .kind = Kind::kChoice,
     .value = "WHAT", .fallback = "not-sure", .choices = "not-sure|answer", .group = kModel,
     .since = kConvertStep,
     .help = "What becomes of pictures that are unlike the training pictures: not-sure lowers their scores "
        "inside the files of models from a backbone, answer leaves them; others leave them in any case."},
    {.name = "max-wrong", .into = Into<&Wanted::model, &Wanted::Model::max_wrong>, .kind = Kind::kNumber,
     .value = "SHARE", .fallback = "0.05", .low = 0.001, .high = 0.5, .group = kModel, .since = kDescribeStep,
     .help = "How many of the app's answers may be wrong: the threshold of \"not sure\" is set so that this "
        "can be promised with 95 % confidence, where it can."},

    {.name = "sensitivity", .into = Into<&Wanted::model, &Wanted::Model::sensitivity>, .kind = Kind::kText,
     .value = "CLASS=SHARE", .fallback_words = "none", .group = kModel, .since = kDescribeStep,
     .help = "A class that must not be missed: apps say \"refer\" from a score of it on that finds this "
        "share of its pictures (0.95 where only CLASS is named)."},

    {.name = "name", .into = Into<&Wanted::about, &Wanted::About::name>, .kind = Kind::kText, .value = "TEXT",
     .fallback_words = "the name of the pictures' folder", .group = kAbout, .since = kDescribeStep,
     .help = "Name of the model in its metadata and in apps."},
    {.name = "model-version", .into = Into<&Wanted::about, &Wanted::About::version>, .kind = Kind::kText,
     .value = "TEXT", .fallback = "1", .group = kAbout, .since = kDescribeStep,
     .help = "Version of the model in its metadata."},
    {.name = "anonymous", .into = Into<&Wanted::about, &Wanted::About::anonymous>, .kind = Kind::kFlag,
     .group = kAbout, .since = kInspectStep,
     .help = "Hash the names of files and groups in the report, to give it to strangers; the model is "
        "not named after the pictures' folder."},
    {.name = "author", .into = Into<&Wanted::about, &Wanted::About::author>, .kind = Kind::kText,
     .value = "TEXT", .fallback_words = "none", .group = kAbout, .since = kDescribeStep,
     .help = "Author in the metadata."},
    {.name = "license", .into = Into<&Wanted::about, &Wanted::About::license>, .kind = Kind::kText,
     .value = "TEXT", .fallback_words = "none", .group = kAbout, .since = kDescribeStep,
     .help = "Licence in the metadata."},
    {.name = "notice", .into = Into<&Wanted::about, &Wanted::About::notice>, .kind = Kind::kText,
     .value = "TEXT", .fallback_words = "none", .group = kAbout, .since = kDescribeStep,
     .help = "A sentence that every user of the model should see, such as that it gives no diagnosis."},
    {.name = "notes", .into = Into<&Wanted::call, &Wanted::Call::notes>, .kind = Kind::kPath, .value = "FILE",
     .fallback_words = "those given before (RUN/notes.txt)", .group = kAbout,
     .commands = "describe verify run demo", .scope = Scope::kCommandLine,
     .help = "Your caveats about pictures or model, a text file: they stand in the report and the model "
        "card. An empty file takes them away."},

    {.name = "min-accuracy", .into = Into<&Wanted::gates, &Wanted::Gates::min_accuracy>,
     .kind = Kind::kNumber, .value = "SHARE", .fallback = "0.7", .low = 0, .high = 1, .group = kGates,
     .since = kVerifyStep, .life = Life::kCall,
     .help = "A check fails (exit code 4) when the accuracy on test pictures is not shown to be higher: the "
        "lower end of its 95 % interval counts."},
    {.name = "min-agreement", .into = Into<&Wanted::gates, &Wanted::Gates::min_agreement>,
     .kind = Kind::kNumber, .value = "SHARE", .fallback = "0.95", .low = 0, .high = 1, .group = kGates,
     .since = kVerifyStep, .life = Life::kCall,
     .help = "Likewise when the quantized model agrees less often with the float model."},
    {.name = "max-bytes", .into = Into<&Wanted::gates, &Wanted::Gates::max_bytes>, .kind = Kind::kBytes,
     .value = "SIZE", .fallback_words = "none", .low = 1, .high = 1e12, .group = kGates,
     .since = kSearchStep, .life = Life::kCall,
     .help = "Likewise when quantizedmodel.tflite is larger than this, such as 64K or 2M. A reduction, or a "
        "search without one, takes a model that fits."},
    {.name = "max-memory", .into = Into<&Wanted::gates, &Wanted::Gates::max_memory>, .kind = Kind::kBytes,
     .value = "SIZE", .fallback_words = "none", .low = 1, .high = 1e12, .group = kGates, .since = kVerifyStep,
     .life = Life::kCall,
     .help = "Likewise when one answer of the packed file takes more memory than this by the runtime, such "
        "as 64M."},

    {.name = "for", .into = Into<&Wanted::gates, &Wanted::Gates::purpose>, .kind = Kind::kChoice,
     .value = "USE", .fallback = "both", .choices = "both|camera|gallery", .group = kGates,
     .since = kSearchStep,
     .help = "Where the app's pictures will come from. Candidates are compared by what a simulated camera "
        "shows of validation pictures (camera), by that and the pictures themselves (both), or by the "
        "pictures alone; with gallery the camera decides nothing."},
    {.name = "max-camera-loss", .into = Into<&Wanted::gates, &Wanted::Gates::max_camera_loss>,
     .kind = Kind::kNumber, .value = "SHARE", .fallback = "0.15", .low = 0, .high = 1, .group = kGates,
     .since = kVerifyStep, .life = Life::kCall,
     .help = "Likewise when the simulated camera takes more of the accuracy than this."},
    {.name = "backgrounds", .into = Into<&Wanted::gates, &Wanted::Gates::backgrounds>, .kind = Kind::kPath,
     .value = "DIR", .fallback_words = "built in", .group = kGates, .since = kSearchStep,
     .help = "Photographs to put behind the subjects of the simulated camera, where candidates are compared "
        "and in the verdict: places where the app will be used, without the subject."},

    {.name = "target", .into = Into<&Wanted::app, &Wanted::App::target>, .letter = 't', .kind = Kind::kChoice,
     .value = "TARGET", .fallback = "android", .choices = package::kTargetChoices, .group = kApp,
     .commands = kAppCommand, .scope = Scope::kCommandLine, .help = "What to make the app for."},
    {.name = "model", .into = Into<&Wanted::app, &Wanted::App::model>, .kind = Kind::kChoice,
     .value = "WHICH", .fallback = "quantized", .choices = "float|quantized", .group = kApp,
     .commands = "app predict", .scope = Scope::kCommandLine,
     .help = "Which model file of a run the app carries, or predicts."},
    {.name = "application-id", .into = Into<&Wanted::app, &Wanted::App::application_id>, .kind = Kind::kText,
     .value = "ID", .fallback_words = "app.handlens.NAME", .group = kApp, .commands = kAppCommand,
     .scope = Scope::kCommandLine,
     .help = "The app's name among all apps, such as org.example.leaves; updates need the same one."},
    {.name = "id", .into = Into<&Wanted::app, &Wanted::App::application_id>, .kind = Kind::kText,
     .value = "ID", .fallback_words = "see --application-id", .group = kApp, .commands = kAppCommand,
     .scope = Scope::kCommandLine, .help = "A short name for --application-id."},
    {.name = "version-name", .into = Into<&Wanted::app, &Wanted::App::version_name>, .kind = Kind::kText,
     .value = "TEXT", .fallback = "1.0", .group = kApp, .commands = kAppCommand, .scope = Scope::kCommandLine,
     .help = "Version of the app for people."},
    {.name = "version-code", .into = Into<&Wanted::app, &Wanted::App::version_code>, .kind = Kind::kInteger,
     .value = "N", .fallback = "1", .low = 1, .high = 2100000000, .group = kApp, .commands = kAppCommand,
     .scope = Scope::kCommandLine,
     .help = "Version of the app for stores and phones: an update needs a higher one."},
    {.name = "icon", .into = Into<&Wanted::app, &Wanted::App::icon>, .kind = Kind::kPath, .value = "FILE",
     .fallback_words = "drawn from the pictures", .group = kApp, .commands = kAppCommand,
     .scope = Scope::kCommandLine, .help = "A picture for the app's icon; its middle square is taken."},
    {.name = "abi", .into = Into<&Wanted::app, &Wanted::App::abi>, .kind = Kind::kChoice, .value = "CPU",
     .fallback = "arm64", .choices = "arm64|armv7|x86_64|all", .group = kApp, .commands = kAppCommand,
     .scope = Scope::kCommandLine,
     .help = "The phones' processor: arm64 for nearly all, armv7 for old ones, x86_64 for emulators and "
        "Chromebooks."},
    {.name = "key", .into = Into<&Wanted::app, &Wanted::App::key>, .kind = Kind::kPath, .value = "FILE",
     .fallback_words = "~/.config/handlens/signing-key.pem, made at the first use", .group = kApp,
     .commands = kAppCommand, .scope = Scope::kCommandLine,
     .help = "The signing key: a PEM file with an RSA key and its certificate."},
    {.name = "check-pictures", .into = Into<&Wanted::app, &Wanted::App::check_pictures>,
     .kind = Kind::kChoice, .value = "WHAT", .fallback = "pixels", .choices = "pixels|originals",
     .group = kApp, .commands = kAppCommand, .scope = Scope::kCommandLine,
     .help = "What of the held-out pictures goes along: the pixels that the model sees, without metadata; or "
        "the original files with all that stands in them."},
    {.name = "examples", .into = Into<&Wanted::app, &Wanted::App::examples>, .kind = Kind::kFlag,
     .group = kApp, .commands = kAppCommand, .scope = Scope::kCommandLine,
     .help = "Show the app's users one held-out picture of each class, as the pixels that the model sees, "
        "without metadata (android, web). Everybody who has the app sees them: give it only if you may."},
    {.name = "project", .into = Into<&Wanted::app, &Wanted::App::project>, .kind = Kind::kFlag, .group = kApp,
     .commands = kAppCommand, .scope = Scope::kCommandLine,
     .help = "Also write the app as a project for Android Studio."},
    {.name = "aab", .into = Into<&Wanted::app, &Wanted::App::aab>, .kind = Kind::kFlag, .group = kApp,
     .commands = kAppCommand, .scope = Scope::kCommandLine,
     .help = "Also write the app as an App Bundle, which stores want, signed with the same key as the upload "
        "key."},

    {.name = "import", .into = Into<&Wanted::call, &Wanted::Call::import_files>, .kind = Kind::kPaths,
     .value = "FILE", .fallback_words = "none", .group = kThis, .commands = kVerifyStep,
     .scope = Scope::kCommandLine,
     .help = "Take in what a phone's self-check or field test shared (a .json or .zip file, or a folder of "
        "them; may be repeated): into RUN/phones, the verdict and the report."},
    {.name = "lan", .into = Into<&Wanted::call, &Wanted::Call::lan>, .kind = Kind::kFlag, .group = kThis,
     .commands = "serve", .scope = Scope::kCommandLine,
     .help = "Serve to everyone in the network, over TLS; says what is exposed."},
    {.name = "loopback", .into = Into<&Wanted::call, &Wanted::Call::loopback>, .kind = Kind::kFlag,
     .group = kThis, .commands = "serve", .scope = Scope::kCommandLine,
     .help = "Serve to this computer only (the default)."},
    {.name = "port", .into = Into<&Wanted::call, &Wanted::Call::port>, .kind = Kind::kInteger, .value = "N",
     .fallback = "8443", .low = 0, .high = 65535, .group = kThis, .commands = "serve",
     .scope = Scope::kCommandLine, .help = "Port to listen on; 0 takes any free one."},
    {.name = "fix", .into = Into<&Wanted::call, &Wanted::Call::fix>, .kind = Kind::kPath, .value = "FILE",
     .fallback_words = "none", .group = kThis, .commands = "doctor", .scope = Scope::kCommandLine,
     .help = "Write the model with metadata that says what the doctor found."},
    {.name = "save-input", .into = Into<&Wanted::call, &Wanted::Call::save_input>, .kind = Kind::kPath,
     .value = "DIR", .fallback_words = "none", .group = kThis, .commands = "predict",
     .scope = Scope::kCommandLine, .help = "Write the exact picture that the model saw, as PNG, to DIR."},
    {.name = "as", .into = Into<&Wanted::call, &Wanted::Call::as>, .kind = Kind::kText, .value = "NAME",
     .fallback_words = "the file's or folder's name", .group = kThis, .commands = "backbone",
     .scope = Scope::kCommandLine,
     .help = "Name of the backbone that is added: letters, digits, '-', '_' and '.'."},
    {.name = "scaling", .into = Into<&Wanted::call, &Wanted::Call::scaling>, .kind = Kind::kText,
     .value = "MEAN,STD", .fallback_words = "what the file's metadata says", .group = kThis,
     .commands = "backbone", .scope = Scope::kCommandLine,
     .help = "What the added file's input is made of levels 0..255: (level - MEAN) / STD. 0,255 when it was "
        "trained on 0..1, 127.5,127.5 on -1..1."},
    {.name = "all", .into = Into<&Wanted::call, &Wanted::Call::all>, .kind = Kind::kFlag, .group = kThis,
     .commands = "help", .scope = Scope::kCommandLine,
     .help = "Show every option that counts for the command, not only its own."},
    {.name = "man", .into = Into<&Wanted::call, &Wanted::Call::man>, .kind = Kind::kFlag, .group = kThis,
     .commands = "help", .scope = Scope::kCommandLine, .help = "Print the manual page (troff)."},
    {.name = "markdown", .into = Into<&Wanted::call, &Wanted::Call::markdown>, .kind = Kind::kFlag,
     .group = kThis, .commands = "help", .scope = Scope::kCommandLine, .help = "Print docs/options.md."},
    {.name = "completion", .into = Into<&Wanted::call, &Wanted::Call::completion>, .kind = Kind::kChoice,
     .value = "SHELL", .choices = "bash|zsh|fish", .group = kThis, .commands = "help",
     .scope = Scope::kCommandLine, .help = "Print a completion script for a shell."},

    {.name = "shard", .into = Into<&Wanted::call, &Wanted::Call::shard>, .kind = Kind::kText, .value = "K/N",
     .fallback_words = "all of the work", .group = kThis, .commands = "search reduce",
     .scope = Scope::kCommandLine,
     .help = "Work as the K-th of N processes on the run folder, on any machines, until all trials are done; "
        "`handlens merge` ends it. auto takes both numbers from Slurm or MPI, auto/N the first one from "
        "Kubernetes."},
    {.name = "local-cache", .into = Into<&Wanted::call, &Wanted::Call::local_cache>, .kind = Kind::kPath,
     .value = "DIR", .fallback_words = "none", .group = kThis, .commands = "search reduce",
     .scope = Scope::kCommandLine,
     .help = "Copy the prepared pictures to DIR, on a disk of this machine, and read them there."},
    {.name = "slurm", .into = Into<&Wanted::cluster, &Wanted::Cluster::slurm>, .kind = Kind::kFlag,
     .group = kThis, .commands = "cluster", .scope = Scope::kCommandLine,
     .help = "Write scripts for Slurm: arrays of tasks, each followed by a merge."},
    {.name = "kubernetes", .into = Into<&Wanted::cluster, &Wanted::Cluster::kubernetes>, .kind = Kind::kFlag,
     .group = kThis, .commands = "cluster", .scope = Scope::kCommandLine,
     .help = "Write jobs for Kubernetes (Indexed Jobs, 1.31 or later)."},
    {.name = "parallel", .into = Into<&Wanted::cluster, &Wanted::Cluster::parallel>, .kind = Kind::kFlag,
     .group = kThis, .commands = "cluster", .scope = Scope::kCommandLine,
     .help = "Write a script for GNU parallel, on this machine or over ssh."},
    {.name = "mpi", .into = Into<&Wanted::cluster, &Wanted::Cluster::mpi>, .kind = Kind::kFlag,
     .group = kThis, .commands = "cluster", .scope = Scope::kCommandLine,
     .help = "Write a script for mpirun."},
    {.name = "tasks", .into = Into<&Wanted::cluster, &Wanted::Cluster::tasks>, .kind = Kind::kInteger,
     .value = "N", .fallback = "8", .low = 1, .high = 1000, .group = kThis, .commands = "cluster",
     .scope = Scope::kCommandLine, .help = "Processes that share the work."},
    {.name = "threads", .into = Into<&Wanted::cluster, &Wanted::Cluster::threads>, .kind = Kind::kInteger,
     .value = "T", .fallback = "2", .low = 1, .high = 1024, .group = kThis, .commands = "cluster",
     .scope = Scope::kCommandLine, .help = "Threads of each of them."},
    {.name = "time", .into = Into<&Wanted::cluster, &Wanted::Cluster::time_s>, .kind = Kind::kDuration,
     .value = "TIME", .fallback = "2h", .low = 60, .high = 8640000, .group = kThis, .commands = "cluster",
     .scope = Scope::kCommandLine,
     .help = "How long one task may take before the engine stops it; it saves, and goes on when it is "
        "started again."},
    {.name = "partition", .into = Into<&Wanted::cluster, &Wanted::Cluster::partition>, .kind = Kind::kText,
     .value = "P", .fallback_words = "Slurm's own", .group = kThis, .commands = "cluster",
     .scope = Scope::kCommandLine, .help = "Slurm's partition."},
    {.name = "image", .into = Into<&Wanted::cluster, &Wanted::Cluster::image>, .kind = Kind::kText,
     .value = "IMAGE", .fallback = "handlens:latest", .group = kThis, .commands = "cluster",
     .scope = Scope::kCommandLine, .help = "Kubernetes' image, with handlens in it."},
    {.name = "volume", .into = Into<&Wanted::cluster, &Wanted::Cluster::volume>, .kind = Kind::kText,
     .value = "CLAIM", .fallback = "handlens", .group = kThis, .commands = "cluster",
     .scope = Scope::kCommandLine,
     .help = "Kubernetes' claim of a volume that all its nodes may write (ReadWriteMany), in whose first "
        "folder the run folder lies."},

    {.name = "jobs", .into = Into<&Wanted::manner, &Wanted::Manner::jobs>, .letter = 'j',
     .kind = Kind::kInteger, .value = "N", .fallback_words = "as many as this process may run at once",
     .low = 1, .high = 1024, .group = kCommon, .commands = "*",
     .help = "Threads to work with; the results are the same for any number."},
    {.name = "seed", .into = Into<&Wanted::seed>, .kind = Kind::kInteger, .value = "N", .fallback = "1",
     .low = 0, .high = 9e15, .group = kCommon, .commands = "*",
     .help = "Seed of every random number; the same seed gives the same bits."},
    {.name = "json", .into = Into<&Wanted::manner, &Wanted::Manner::json>, .kind = Kind::kFlag,
     .group = kCommon, .commands = "*",
     .help = "Print one machine-readable result on stdout, and nothing else there."},
    {.name = "quiet", .into = Into<&Wanted::manner, &Wanted::Manner::quiet>, .letter = 'q',
     .kind = Kind::kFlag, .group = kCommon, .commands = "*",
     .help = "No progress; only warnings, errors and the result."},
    {.name = "verbose", .into = Into<&Wanted::manner, &Wanted::Manner::verbose>, .letter = 'v',
     .kind = Kind::kFlag, .group = kCommon, .commands = "*", .help = "Also say what is skipped and why."},
    {.name = "no-input", .into = Into<&Wanted::manner, &Wanted::Manner::no_input>, .kind = Kind::kFlag,
     .group = kCommon, .commands = "*", .help = "Never ask a question."},
    {.name = "config", .into = Into<&Wanted::call, &Wanted::Call::config>, .letter = 'c', .kind = Kind::kPath,
     .value = "FILE",
     .fallback_words = "none; handlens.toml of the run folder, else of the current folder, is read in any "
        "case", .group = kCommon, .commands = "*", .scope = Scope::kCommandLine,
     .help = "Read settings from FILE; they have precedence over those that the run folder keeps."},
    {.name = "help", .into = Into<&Wanted::call, &Wanted::Call::help>, .letter = 'h', .kind = Kind::kFlag,
     .group = kCommon, .commands = "*", .scope = Scope::kCommandLine, .help = "Explain the command."},
};
// clang-format on

}  // namespace

std::span<const Option> Options() { return kOptions; }

const Option* FindOption(std::string_view name) {
  for (const Option& option : kOptions) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::vector<std::string> CommandsOf(const Option& option) {
  if (option.since.empty()) return SplitList(option.commands, ' ');
  std::vector<std::string> names;
  bool begun = false, shared = false;
  for (const Step& step : Steps()) {
    begun |= step.facts.name == option.since;
    shared |= begun && step.facts.shared;
    const std::string command(step.facts.command);
    if (begun && !command.empty() && std::find(names.begin(), names.end(), command) == names.end())
      names.push_back(command);
  }
  // What scripts of `cluster` search and reduce is said where they are written.
  names.insert(names.end(), {"run", "demo"});
  if (shared) names.emplace_back("cluster");
  for (std::string& name : SplitList(option.commands, ' ')) names.push_back(std::move(name));
  return names;
}

bool AppliesTo(const Option& option, std::string_view command) {
  if (option.commands == "*") return true;
  const std::vector<std::string> names = CommandsOf(option);
  return std::find(names.begin(), names.end(), command) != names.end();
}

std::string EnvironmentName(const Option& option) {
  if (option.scope == Scope::kCommandLine) return "";
  std::string name = "HANDLENS_";
  for (char c : option.name) name += c == '-' ? '_' : static_cast<char>(c - 'a' + 'A');
  return name;
}

std::string TomlKey(const Option& option) {
  if (option.scope == Scope::kCommandLine) return "";
  std::string key(option.name);
  std::replace(key.begin(), key.end(), '-', '_');
  return key;
}

}  // namespace handlens::pipeline
