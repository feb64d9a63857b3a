// Why a model answered: places of the picture are covered one after the other (Zeiler and Fergus 2014, 4.2).
// The numbers of `verify`, of the report and of the apps, which read them from app.json
// (docs/formats-app.md).
#pragma once

namespace handlens::package {

inline constexpr int kWhyCells = 7;            // a side of the grid; a place is two cells wide
inline constexpr double kWhyLeastDrop = 0.02;  // of the score; below it no place matters, none is coloured
inline constexpr double kWhyMostRed = 0.7;     // of the colour where covering takes most

}  // namespace handlens::package
