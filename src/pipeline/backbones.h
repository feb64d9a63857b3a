// Which backbones a run may begin with: the product's own, those that the user added, and those that the run
// has kept.
#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/run_folder.h"

namespace handlens::pipeline {

// Folders with backbones: the user's, then the product's beside the program. They need not exist.
std::vector<std::filesystem::path> BackboneFolders(const Wanted& wanted, const Surroundings& around);
// The one that `handlens backbone add` writes to: --backbones, else in the user's data folder; empty where
// neither is known.
std::filesystem::path OwnBackbones(const Wanted& wanted, const Surroundings& around);

// Fills run.space.backbones, unless it is filled: the product's own first, then those that --models names,
// and of the run's own copies those whose name is nowhere else, so that the run derives the same candidates
// on a machine without them; none with --from-scratch. Kind kBadInput when a file of these is damaged; one
// that is not there is no error.
Result<void> LoadBackbones(Run& run);

// Sees to it that the backbone of `start` is among space.backbones; from the run's own copy when it is
// nowhere else.
Result<void> NeedBackbone(Workspace& space, const std::optional<train::Start>& start);

// The final model of a converted run as a backbone of this name, with the notice of what the run itself began
// with. Kind kBadInput when the run has no such model, kUsage when the model does not end as a classifier
// does, or is a probe, which changed none of the layers that it began with.
Result<backbone::Backbone> BackboneOfRun(const std::filesystem::path& run, const std::string& name);

std::vector<const backbone::Backbone*> Pointers(const Workspace& space);

}  // namespace handlens::pipeline
