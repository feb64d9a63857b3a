// Thinner backbones: the same blocks with fewer channels inside each.
#pragma once

#include <string_view>

#include "backbone/backbone.h"

namespace handlens::backbone {

// The backbone that keeps `percent` (1..99) of the channels inside every block: those between a convolution
// and the next around a depthwise convolution, which nothing else reads. Kept are the channels of the largest
// score: the size of the depthwise batch norm's gamma (its kernel's norm where there is no batch norm) times
// the norm of the kernel that reads the channel (after Liu et al. 2017, Learning Efficient Convolutional
// Networks through Network Slimming); a multiple of 8 of them, at least 8. Blocks' own outputs, and so skips
// and cuts, stay as they are. No picture is looked at, so nothing leaks. Named "<name>-thin<percent>". Kind
// kUsage: a share that is none, or a backbone of which nothing can be taken out so.
Result<Backbone> Thin(const Backbone& backbone, int percent);

// "lite0-thin75" of "lite0": 75. 0 = no such name.
int ThinPercent(std::string_view name, std::string_view backbone);

}  // namespace handlens::backbone
