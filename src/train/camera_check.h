// How a finished trial does on its validation pictures as a phone's camera would show them
// (image::TypicalCameraInput), for choosing between candidates of an app that will look through a camera.
// Test pictures are never photographed here, and the photographs are neither those of the verdict (other
// seeds) nor those of the generator (another simulator).
#pragma once

#include <filesystem>

#include "train/train.h"

namespace handlens::train {

// Photographs of each validation picture. Two: one alone says more about its luck than about the model.
constexpr int kCameraShots = 2;

// A picture as the camera shows it before `backdrops` (null: the built-in ones), (size, size, 3) bytes: keyed
// by (seed, picture, shot) and nothing of a trial, so all candidates of one size see the same photographs.
std::vector<uint8_t> CameraShotOf(const dataset::PixelSet& pixels, size_t picture, int shot, uint64_t seed,
                                  const image::Backdrops* backdrops);

// Whether result.camera is there, before these backdrops.
bool HasCameraCheck(const TrialResult& result, const image::Backdrops* backdrops);

// Fills result.camera of a fold's trial in `folder` and writes folder/camera.json (docs/formats.md), the same
// bytes whoever makes it. A probe's come from features that all folds share. Kind kInterrupted when progress
// asks to stop: it then begins anew.
Result<void> AddCameraCheck(const TrialData& data, const std::filesystem::path& folder, TrialResult& result,
                            Progress& progress);

// What an earlier call left, into result.camera and its backdrops. Nothing where there is none, or where it
// is of another trial or damaged: it is made again.
void ReadCameraCheck(const std::filesystem::path& folder, TrialResult& result);

}  // namespace handlens::train
