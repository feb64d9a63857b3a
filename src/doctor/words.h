// The ways of a feed, one by one, and how they are said. Not for other rooms.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "describe/describe.h"
#include "doctor/feeding.h"

namespace handlens::doctor {

// A way in which two feeds differ.
struct Change {
  std::string_view what;                                // scale, channels, exif, fit, resize
  Feed Undone(const Feed& feed, const Feed& as) const;  // `feed` with this way as in `as`
};
std::vector<Change> Changes(const Feed& from, const Feed& to);
// All feeds that differ from `feed` in one way.
std::vector<Feed> Neighbours(const Feed& feed);

std::string Sentence(std::string_view what, const Feed& declared, const Feed& repaired,
                     const Finding& finding);
std::string Advice(std::string_view what, bool in_file);
std::string ChangeWords(std::string_view what,
                        const Feed& feed);   // "stretched instead", "red and blue exchanged"
std::string Folded(std::string_view label);  // lower case, outer blanks removed

// Whether preprocess.json can describe this feed of this model: all but the fit as the pixel contract has it.
bool SaysFit(const Feed& feed, const Patient& patient);

}  // namespace handlens::doctor
