// Backbones: pre-trained networks without their classifier, from which classifiers of other classes begin.
// This room owns their file, EfficientNet-Lite's architecture, and the readers of weights that others made.
// Nothing here trains.
//
// A classifier from a backbone is: its layers up to a cut, the mean over all pixels, one dense layer. Layers
// keep their indices, and so weights keep their names ("<layer>.<what>", nn/nn.h), whatever the cut, the size
// and the classes.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "nn/nn.h"

namespace handlens::backbone {

// The one that comes with the product, and that the presets begin with.
inline constexpr std::string_view kUsual = "lite0";

struct Backbone {
  std::string name;     // "lite0": letters, digits, '-', '_' and '.'
  std::string hash;     // 16 hex digits of the SHA-256 of spec, cuts and weights: part of trial ids
  nn::ModelSpec spec;   // input 0..1; ends with the last features; size_px its own one; classes 0
  nn::Weights weights;  // of the spec's layers, float32 in memory
  std::vector<int>
      cuts;  // layers whose output may be the last features, rising; the last is the spec's last layer
  std::string notice;  // licence and origin in plain words, for model card and documents
};

// A classifier, as a training or another program left it.
struct Model {
  nn::ModelSpec spec;
  nn::Weights weights;
};

// The network without its classifier: without the last dense layer (or convolution on one pixel), the mean
// over all pixels before it, and dropouts between. Batch norms keep their statistics. Cuts are the layers
// through which everything later must pass, but not inside a block (behind a depthwise convolution, or an
// expansion before one). Kind kUsage: the model does not end so, or its numbers do not fit it.
Result<Backbone> FromClassifier(std::string name, const Model& model, std::string notice);

// The file: safetensors with the rest in its metadata (docs/formats.md). Read checks that everything fits
// together and that the numbers are those that were written. Kind kBadInput: missing, truncated, damaged, of
// a newer version.
Result<Backbone> Read(const std::filesystem::path& path);
// Sets nothing: `hash` must be HashOf(backbone). Numbers are kept exactly; those that are exact in half
// precision take half the bytes. Errors as WriteFileAtomic; kind kUsage for a backbone that Read would
// refuse.
Result<void> Write(const std::filesystem::path& path, const Backbone& backbone);
std::string HashOf(const Backbone& backbone);

// A file that List found; its content may still be bad.
struct Entry {
  std::string name;
  std::filesystem::path path;
};
// All "<name>.safetensors" of the folders, by name; of two with one name the one in the earlier folder.
// Folders that do not exist hold nothing.
Result<std::vector<Entry>> List(std::span<const std::filesystem::path> folders);

// Whether a cut keeps the whole backbone.
bool IsLastCut(const Backbone& backbone, int cut);
// The layer whose mean over all pixels a cut's classifier reads. A block ends with few channels (24 to 192 of
// Lite0), too few for a linear classifier; the pointwise convolution that opens the next block widens them.
// Where one follows at once it is kept, with its batch norm and activation (probes behind block 4 at 128 px,
// five folds: flowers 69 -> 76 %, rubbish 60 -> 70 %). Else cuts[cut].
int FeatureLayer(const Backbone& backbone, int cut);
// Of every cut. Precondition of both: cuts and layers fit together (Read).
std::vector<int> FeatureLayers(const Backbone& backbone);
// The model that classifies with it: layers up to FeatureLayer, the mean over all pixels, a dense layer to
// `classes`. Its name is the backbone's at the last cut, else "<name>-cut<cut>". Kind kUsage: no such cut; a
// size at which a layer does not fit or that its weights do not fit.
Result<nn::ModelSpec> Classifier(const Backbone& backbone, int cut, int size_px, int classes);
// The weights of the layers that a cut keeps; the dense layer's are not among them.
nn::Weights WeightsOf(const Backbone& backbone, int cut);

}  // namespace handlens::backbone
