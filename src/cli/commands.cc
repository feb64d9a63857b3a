// The command table itself (declared in command.h): what help says and which function runs.
#include "cli/commands/command.h"

namespace handlens::cli {
using namespace pipeline;
namespace {

constexpr Command kCommands[] = {
    {.name = "run",
     .arguments = "PICTURES",
     .summary = "from labelled pictures to a verified model: all steps, in order",
     .details =
         "PICTURES is a folder with one folder per class, a .zip of it, or a labels.csv with the "
         "columns path,label[,group]; pictures of one group (a patient, a plant, an object) never straddle "
         "folds, and folders inside a class's folder are groups. Prints a plan first. The same "
         "command again continues where it stopped, after Ctrl-C, a power cut or a full disk. It "
         "never overwrites another run.",
     .examples = "handlens run leaves  # writes leaves-run in the current folder\n"
                 "handlens run leaves -o RUN --preset quick --budget 30m\n"
                 "handlens run leaves --dry-run  # the plan only\n"
                 "handlens run labels.csv -o RUN --models nano24,m1 --sizes 64,100",
     .group = "Everything at once",
     .min_arguments = 1,
     .max_arguments = 1,
     .trains = true,
     .function = CommandRun},
    {.name = "demo",
     .arguments = "",
     .summary = "the whole of `run` on a small built-in set of real pictures, in minutes",
     .details = "Runs on photographs of hand signs that come with the program. Takes the options of `run`; "
                "the preset is quick.",
     .examples = "handlens demo  # writes demo-run in the current folder\nhandlens demo --dry-run",
     .group = "Everything at once",
     .min_arguments = 0,
     .max_arguments = 0,
     .trains = true,
     .function = CommandDemo},

    {.name = kInspectStep,
     .arguments = "PICTURES",
     .summary = "look at the pictures and start a run folder",
     .details = "Counts, sizes, formats, unreadable files with their reasons, exact and near duplicates, "
                "class imbalance, pictures unlike their class, and properties that a model could learn "
                "instead of the subject. Writes dataset.json and a report with a contact sheet.",
     .examples = "handlens inspect leaves -o RUN\nhandlens inspect labels.csv -o RUN --json",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandInspect},
    {.name = kPrepareStep,
     .arguments = "RUN",
     .summary = "make the sub-datasets, one for each picture size",
     .details = "Decodes every picture once and keeps it at each size, exactly as the model will see it on "
                "the phone.",
     .examples = "handlens prepare RUN\nhandlens prepare RUN --sizes 30,50,100",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandPrepare},
    {.name = kSplitStep,
     .arguments = "RUN",
     .summary = "divide the pictures into folds, and hold some out for the phone",
     .details = "Stratified folds of training, validation and test pictures; groups and near-duplicates stay "
                "together.",
     .examples = "handlens split RUN --folds 5 --holdout 4\nhandlens split RUN --export-tree tree  # the "
                 "paper's Fig. 3",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandSplit},
    {.name = kReviewStep,
     .arguments = "RUN",
     .summary = "find pictures that may be mislabelled, and what more pictures would bring",
     .details = "Looks at the pictures with a pre-trained network, before anything is trained: classifiers "
                "that never saw a picture say which class it looks like. Writes review.csv, the most suspect "
                "picture first, and shows them in the report, with a learning curve and a map of all "
                "pictures. It changes no label: look, and correct what is wrong by your own eyes.",
     .examples = "handlens inspect leaves -o RUN && handlens review RUN",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandReview},
    {.name = kSearchStep,
     .arguments = "RUN",
     .summary = "train models x sizes x augmentations x folds and choose one",
     .details =
         "Chooses on validation pictures by a stated rule; reports accuracies on test pictures, with "
         "intervals. Finished trials are kept and never repeated. With --shard several processes, on any "
         "machines, share the work.",
     .examples = "handlens search RUN --preset thorough\nhandlens search RUN --models nano24 --generators "
                 "mild,camera --epochs 60",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandSearch},
    {.name = kReduceStep,
     .arguments = "RUN",
     .summary = "find the smallest model that is not statistically worse",
     .details = "Sweeps filters and neurons around the search's choice.",
     .examples = "handlens reduce RUN\nhandlens reduce RUN --filters 1,2,4,8 --neurons 4,8,16",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandReduce},
    {.name = kConvertStep,
     .arguments = "RUN",
     .summary = "train the final model and write the .tflite files",
     .details =
         "Trains the chosen model once more on every picture but the hold-out, and writes model.tflite, "
         "quantizedmodel.tflite, model_fp16.tflite and model_dynamic.tflite.",
     .examples =
         "handlens convert RUN\nhandlens convert RUN --io int8\nhandlens convert RUN --quantization aware",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandConvert},
    {.name = kDescribeStep,
     .arguments = "RUN",
     .summary = "add metadata and labels, prove their order, write wrapper code",
     .details =
         "Writes the metadata that TFLite tools read into the model files, labels.txt, "
         "preprocess.json, the model card, and code for Java, Kotlin, Dart, Swift, TypeScript and C++.",
     .examples = "handlens describe RUN --name 'Leaf guide' --author 'A. Botanist' --license CC-BY-4.0",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandDescribe},
    {.name = kVerifyStep,
     .arguments = "RUN",
     .summary = "judge the shipped files on held-out pictures by four routes",
     .details = "On the computer (the baseline), quantized, by the app's way from the gallery, before a "
                "simulated camera that has eighteen faults. Ends with a "
                "verdict: can be deployed, or cannot, because of what, and what to try (exit code 4). What "
                "the app shared from a real phone comes in by --import.",
     .examples =
         "handlens verify RUN\nhandlens verify RUN --min-accuracy 0.9 --min-agreement 0.98 --max-bytes 64K\n"
         "handlens verify RUN --for camera --backgrounds garden\n"
         "handlens verify RUN --import handlens-self-check.json",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandVerify},
    {.name = kAppCommand,
     .arguments = "RUN",
     .summary = "make an app of the model, for the target that --target names",
     .details = "Takes seconds, without Android Studio and without a network. The app classifies from the "
                "camera and the gallery, proves at its first start that the phone sees and scores as this "
                "computer did, and walks through a field test (plain C does not). Android's signing key is "
                "made at the first "
                "use and kept; with another key, phones refuse updates. The targets stand below.",
     .examples = "handlens app RUN\nhandlens app RUN --name 'Leaf guide' --application-id org.example.leaves "
                 "--abi all\n"
                 "handlens app RUN --target web --examples  # users see a picture of each class\n"
                 "handlens app RUN --version-name 1.1 --version-code 2  # an update\n"
                 "handlens app RUN --project  # also a project for Android Studio\n"
                 "handlens app RUN --target web && handlens serve RUN",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandApp},
    {.name = kReportStep,
     .arguments = "RUN",
     .summary = "write report.html, one page with everything a run found",
     .details = "Self-contained: no network, no other file. Also as JSON and CSV. Shows steps that were not "
                "run as such.",
     .examples = "handlens report RUN",
     .group = "Steps",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandReport},

    {.name = "cluster",
     .arguments = "RUN",
     .summary = "write the scripts that search on many machines: Slurm, Kubernetes, MPI, GNU parallel",
     .details = "Prepares the pictures and writes RUN/cluster: shares of the trials, then their merge, the "
                "reduction likewise where the settings want one. Prints what to type and starts nothing "
                "itself. The run folder has to be reachable from all machines under the same path.",
     .examples =
         "handlens inspect leaves -o RUN && handlens cluster RUN --slurm --tasks 20 --threads 4 --time 2h "
         "--partition cpu\n"
         "handlens cluster RUN --kubernetes --tasks 20 --image registry.example/handlens:1 --volume runs\n"
         "handlens cluster RUN --parallel --tasks 4 --threads 1",
     .group = "Many machines",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandCluster},
    {.name = "merge",
     .arguments = "RUN",
     .summary = "end a search or reduction that several processes shared",
     .details = "Several `handlens search RUN --shard K/N` may work on one run folder at once, on one "
                "machine or many. When all have ended, this reads their trials, chooses, and writes what one "
                "process would have written, byte for byte. Trains nothing, unless --yes says so.",
     .examples = "seq 4 | parallel handlens search RUN --shard {}/4 --jobs 1 && handlens merge RUN",
     .group = "Many machines",
     .min_arguments = 1,
     .max_arguments = 1,
     .trains = true,
     .function = CommandMerge},

    {.name = "predict",
     .arguments = "MODEL PICTURE...",
     .summary = "scores of pictures with any .tflite classifier that has metadata",
     .details = "MODEL is a .tflite file, or a run folder, which means the file that apps carry, its "
                "model/quantizedmodel.tflite (--model float: "
                "model/model.tflite). A PICTURE may be a file, a folder, a .zip, a run folder (its held-out "
                "pictures), or - for a list on standard input. Of a folder of class folders, or a "
                "labels.csv, it is counted how many are right.",
     .examples = "handlens predict RUN leaf.jpg\nhandlens predict RUN more-leaves  # one folder per class: "
                 "how many are right\n"
                 "find photos -name '*.jpg' | handlens predict RUN - --json\n"
                 "handlens predict model.tflite leaf.jpg --save-input seen  # what the model saw, as PNG",
     .group = "Use and prove",
     .min_arguments = 2,
     .max_arguments = -1,
     .function = CommandPredict},
    {.name = "doctor",
     .arguments = "MODEL PICTURES",
     .summary =
         "find why any .tflite classifier answers wrongly: how it wants its pictures, which name is whose",
     .details =
         "PICTURES is a folder with one folder a class, or a labels.csv. Tries other scales of the values "
         "(0..1, -1..1, 0..255, ImageNet's), red and "
         "blue exchanged, EXIF orientation ignored, other fits and ways of resizing, and other orders of the "
         "labels, alone and together; says which repairs how much, by a paired test, and what would harm "
         "most. Exit code 4 when something is wrong.",
     .examples =
         "handlens doctor model.tflite photos\nhandlens doctor model.tflite photos --fix corrected.tflite",
     .group = "Use and prove",
     .min_arguments = 2,
     .max_arguments = 2,
     .function = CommandDoctor},
    {.name = "backbone",
     .arguments = "add|list|remove [FILE|RUN|NAME] [PICTURE...]",
     .summary = "pre-trained networks that trainings may begin with: add, list, remove",
     .details = "add FILE.tflite takes a float classifier of another program, when the engine computes the "
                "same as the official runtime: on the PICTUREs (files or folders) where there are any, else "
                "on made ones. add RUN takes the final model of a run. list shows what is there, whose it "
                "is, and where it lies. remove NAME removes one of yours.",
     .examples =
         "handlens backbone list\nhandlens backbone add mobilenet_v2.tflite photos --scaling 127.5,127.5\n"
         "handlens backbone add RUN --as leaves  # then: handlens run OTHERS --models leaves",
     .group = "Use and prove",
     .min_arguments = 1,
     .max_arguments = -1,
     .function = CommandBackbone},
    {.name = "serve",
     .arguments = "RUN",
     .summary = "serve a run's web app to this computer's browsers, or to phones nearby",
     .details =
         "RUN is a run folder, whose web app is packed now when it is not there yet, or the app's "
         "folder itself. Serves exactly its files, on this computer only unless --lan says otherwise; then "
         "over TLS with this computer's own certificate, and with a QR code to scan. Opens nothing by "
         "itself; Ctrl-C ends it.",
     .examples = "handlens serve RUN\nhandlens serve RUN --lan  # everyone in the network can open it",
     .group = "Use and prove",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandServe},
    {.name = "check",
     .arguments = "RUN",
     .summary = "prove the chain from the pictures to the model files by hashes",
     .details = "Names every file that is missing or changed since its step wrote it, and every picture that "
                "changed.",
     .examples = "handlens check RUN",
     .group = "Use and prove",
     .min_arguments = 1,
     .max_arguments = 1,
     .function = CommandCheck},

    {.name = "list",
     .arguments = "[WHAT]",
     .summary = "what options take by name: models, generators, presets, backbones, targets, formats",
     .details = "WHAT is one of these words; without it, all are listed.",
     .examples = "handlens list\nhandlens list models\nhandlens list presets --json",
     .group = "Help",
     .min_arguments = 0,
     .max_arguments = 1,
     .function = CommandList},
    {.name = "help",
     .arguments = "[COMMAND]",
     .summary = "explain a command; the manual page; shell completion",
     .details = "Without a command, the overview. The page of a command shows its own options first; --all "
                "shows every option that counts for it.",
     .examples = "handlens help run\nhandlens help run --all\nhandlens help --man > handlens.1\n"
                 "handlens help --completion bash > ~/.local/share/bash-completion/completions/handlens",
     .group = "Help",
     .min_arguments = 0,
     .max_arguments = 1,
     .function = CommandHelp},
    {.name = "version",
     .arguments = "",
     .summary = "print the version",
     .details = "",
     .examples = "handlens version",
     .group = "Help",
     .min_arguments = 0,
     .max_arguments = 0,
     .function = CommandVersion},
};

}  // namespace

std::span<const Command> Commands() { return kCommands; }

const Command* FindCommand(std::string_view name) {
  for (const Command& command : kCommands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::vector<std::string> CommandNames() {
  std::vector<std::string> names;
  for (const Command& command : kCommands) names.emplace_back(command.name);
  return names;
}

}  // namespace handlens::cli
