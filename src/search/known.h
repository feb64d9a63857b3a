// What has a name in a search, for people who choose: models, generators, presets, each in one line.
#pragma once

#include <string>
#include <vector>

namespace handlens::search {

struct Known {
  std::string name;
  std::string description;  // without a full stop
};

// The zoo's models, in its order; backbones are not among them (backbone::List).
std::vector<Known> KnownModels();
// How training pictures may be varied: the paper's generators and ours.
std::vector<Known> KnownGenerators();
// The presets, with what each tries where there is no backbone; for a data set of more than two classes.
std::vector<Known> KnownPresets();

}  // namespace handlens::search
