// A field test with its photographs, as the apps share it: FIELD.zip (docs/formats-app.md). It comes from a
// stranger's phone by mail or cable, so nothing of it is believed before it was looked at.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/disk.h"
#include "dataset/added.h"
#include "image/image.h"
#include "verify/phone.h"

namespace handlens::verify {

// The apps keep no more bytes of photographs than this, and no more of them than package::kMostPhotographs.
inline constexpr size_t kMostFieldFileBytes = size_t{64} << 20;

struct Photograph {
  Bytes seen;   // PNG: the n x n pixels that the model got
  Bytes whole;  // JPEG: the camera's frame
};

struct FieldFile {
  Bytes record;                           // record.json
  std::map<int, Photograph> photographs;  // by PhoneShot::picture
};

// Unpacks the file in memory. Kind kBadInput, with the path in front, for what no app writes: no archive, a
// password, a name other than record.json, seen/NNN.png and whole/NNN.jpg, a name twice, too many or too
// large members, more bytes than a member says, a photograph of which one half is missing.
Result<FieldFile> ReadFieldFile(const std::filesystem::path& path);

// The n x n pixels of a photograph (n, n, 3). Kind kBadInput, with `where` in front: not a PNG of `size_px` x
// `size_px` pixels; 0 = of any square.
Result<image::Image> SeenPixels(const Photograph& photograph, int size_px, const std::string& where);

// Whether the file and its record belong together, and every photograph is one: each shot's picture is there,
// each picture has its shot, PNG and JPEG decode, all squares have one size. Same errors.
Result<void> CheckPhotographs(const FieldFile& file, const PhoneRecord& record, const std::string& where);

// Which shots of one session resemble each other: those of one series, and those of one label within ten
// minutes of the one before. A number a shot, from 0 by time; shots in any order. Pure.
std::vector<int> ShotSeries(std::span<const PhoneShot> shots);

// Takes the whole photographs of a field test into `folder`/NAME, NAME being the file's name and a part of
// its hash: record.json and whole/NNN.jpg. Returns NAME; a folder of that name is left as it is. Kind
// kBadInput: see above, or no shot has a photograph.
Result<std::string> KeepFieldTest(const std::filesystem::path& zip, const std::filesystem::path& folder);

// What KeepFieldTest left in `folder`/NAME as labelled pictures: a group a series. Kind kBadInput.
Result<dataset::AddedPictures> ReadKeptFieldTest(const std::filesystem::path& folder,
                                                 const std::string& name);

}  // namespace handlens::verify
