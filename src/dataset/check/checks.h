// Judgements over a whole Dataset that no single picture shows: shortcuts, odd ones out, sizes to train at,
// warnings.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dataset/dataset.h"
#include "dataset/look.h"

namespace handlens::dataset {

// Properties that tell the label far better than chance; strongest first. looks[i] belongs to pictures[i].
std::vector<Shortcut> FindShortcuts(const Dataset& dataset, std::span<const Look> looks);

// Paths of pictures far from the rest of their class in brightness, contrast, colour and detail.
std::vector<std::string> FindOddOnesOut(const Dataset& dataset, std::span<const Look> looks);

// 3 to 5 sizes within 30..500 px, rising, and the fit that loses least.
std::vector<int> RecommendSizes(const Dataset& dataset);
image::Fit RecommendFit(const Dataset& dataset);

// What the test folder shares with the others, and what is done about it; empty where that is nothing.
std::string LeakSentence(const TestFolder& folder);

// Whole sentences about imbalance, small classes, small pictures, contradictions and duplicates.
std::vector<std::string> Advise(const Dataset& dataset);
// The first names: "a, b and 4 more".
std::string NameSome(const std::vector<std::string>& names, size_t most);

}  // namespace handlens::dataset
