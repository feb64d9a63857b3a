// The field test: shots of things whose label is known, under conditions that the user says. On the computer,
// `handlens verify RUN --import FILE` reads what is kept here.
#pragma once

#include <filesystem>
#include <optional>

#include "engine.h"
#include "package/zip.h"

namespace handlens::device {

struct Conditions {
  std::string label, distance = "fills", place = "centre", background = "usual";
};

// The photographs of a field test and its record in one zip file (docs/formats-app.md, "FIELD.zip").
class FieldZip {
 public:
  static constexpr size_t kMostBytes = 48'000'000;  // of its pictures; less than `verify --import` takes

  // What is in the file at `path`, if there is one. Kind kBadInput: it is no zip file.
  static Result<FieldZip> Open(const std::filesystem::path& path);

  // record.json; nullopt where there is none yet. Kind kBadInput.
  Result<std::optional<Json>> Record() const;
  // Takes a picture in both sizes, as the model saw it and whole. Its number; 0 = there is no room for more.
  int Keep(const Answer& answer, int side, const image::Image& whole);
  Result<void> Write(const Json& record);

 private:
  std::filesystem::path path_;
  std::vector<package::ZipEntry> entries_;
  int photographs_ = 0;
  size_t bytes_ = 0;
};

// The shots of a field test, in a record that grows: a JSON file, which has each shot before the next is
// taken, or a zip file with the photographs, which is written at the end of a series.
class FieldLog {
 public:
  // Goes on with the file at `path`, or begins one; *.zip keeps photographs. Kind kBadInput when it is
  // another model's, or none; kUsage when the conditions are none of those that the record knows, or the
  // label is none of the model's.
  static Result<FieldLog> Open(const std::filesystem::path& path, const Facts& facts,
                               const Conditions& conditions);

  // `picture`: the frame that was answered, of which the model saw (side, side) pixels.
  Result<void> Add(const Answer& answer, int side, const image::Image& picture);
  // What a zip file still lacks.
  Result<void> End();
  size_t taken() const { return taken_; }  // in this series, of them
  size_t right() const { return right_; }
  size_t without_photograph() const { return without_photograph_; }

 private:
  Result<void> GoOn(const Json& record);
  Json Record() const;

  std::filesystem::path path_;
  const Facts* facts_ = nullptr;
  Conditions conditions_;
  std::optional<FieldZip> zip_;
  Json shots_ = Json::array();
  int series_ = 1;
  size_t taken_ = 0, right_ = 0, without_photograph_ = 0;
};

}  // namespace handlens::device
