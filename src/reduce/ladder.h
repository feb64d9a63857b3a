// Parameter reduction of a model that begins with a backbone: fewer of its blocks, smaller pictures. One pass
// over the pictures gives the features behind every block, so all depths are probed for the price of one;
// only what promises to be small and good enough is trained.
#pragma once

#include "reduce/reduce.h"

namespace handlens::reduce {

// Cells carry the number of the backbone's cuts that they keep as `filters` and their size in pixels as
// `neurons`. Probes of every cut at every size, on all folds; then, of those that no smaller file beats, that
// are near enough and whose file is at most half of the one chosen so far, the ones that a search by halves
// asks for are tuned (shallow ones trained, at 96 px): where such a model is not worse than the best so far a
// smaller one is tried, else a larger; any number with the thorough preset, else one. With the thorough
// preset a shallow model that is chosen is then trained with fewer channels inside its blocks, while that is
// not worse. Where options.max_bytes rules out the model that would be chosen, those that fit are tuned, the
// largest first, and chosen is among those that fit. Chosen is the smallest that is not worse, as in any
// reduction. `base` has a start, whose backbone is among options.search.backbones (kind kBadInput when not).
Result<ReduceResult> ReduceLadder(const dataset::Dataset& dataset, const split::Split& split,
                                  const search::Candidate& base, const ReduceOptions& options,
                                  Progress& progress);

Result<Expected> ExpectLadder(const search::Candidate& base, const ReduceOptions& options,
                              size_t training_pictures, int folds, const Progress& progress);

// Sizes of the ladder, rising: the base's and the one of 96, 128, 176 and 224 px that is next to half of it;
// with the thorough preset all below it.
std::vector<int> LadderSizes(int base_px, std::string_view preset);

}  // namespace handlens::reduce
