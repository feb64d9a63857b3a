// From counts at the severities of a fault to what users should be told: smoothing, where the accuracy falls,
// the worst axis, advice. Pure. Not for other rooms.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "verify/verify.h"

namespace handlens::verify {

// Fills `smoothed` of each point: the accuracies that never rise with severity and are nearest to the counts
// (pool adjacent violators, weighted by n; Ayer et al. 1955). More of a fault does no good, so a rise is
// chance.
void Smooth(CameraCurve& curve);

// Smoothed accuracy at a severity between the points', by straight lines.
double AccuracyAt(const CameraCurve& curve, double severity);

// The lowest severity from which on the smoothed accuracy is below `accuracy`; nullopt when it never is.
std::optional<double> FallsBelow(const CameraCurve& curve, double accuracy);

// What is asked of every axis: ten points less than without the fault, rounded down to five.
double AccuracyAskedFor(const CameraCurve& curve);

// How likely chance alone makes so few right as at the strongest fault that was tried below `severity` + 1,
// beside those without the fault (Fisher's exact test, one-sided). One strength an axis: more of a fault does
// no good, so the strongest shows most, and no strength is picked after the fact.
double ChanceOfFall(const CameraCurve& curve, double severity);

// Names the worst axis, the one with the lowest accuracy at the severity of a hard photograph, and writes a
// sentence with numbers for every axis that makes the accuracy fall below what is asked for, the earliest
// first. Nothing is said of what even hard photographs do not have, nor where chance explains the fall: with
// Holm's correction for the number of axes, 5 %.
void Advise(CameraFindings& findings);

}  // namespace handlens::verify
