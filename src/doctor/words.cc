#include "doctor/words.h"

#include <algorithm>
#include <cctype>

namespace handlens::doctor {
namespace {

std::string_view ScaleWords(Scale scale) {
  switch (scale) {
    case Scale::kUnit: return "values 0..1";
    case Scale::kSymmetric: return "values -1..1";
    case Scale::kBytes: return "values 0..255";
    case Scale::kImageNet: return "ImageNet's mean and deviation";
    case Scale::kCaffe: return "ImageNet's mean subtracted from 0..255";
    case Scale::kOwn: return "the file's own mean and deviation";
  }
  return "unknown";
}

std::string_view ChannelWords(Channels channels) {
  return channels == Channels::kRgb ? "red first" : "blue first";
}
std::string_view ExifWords(Exif exif) {
  return exif == Exif::kApplied ? "EXIF orientation applied" : "EXIF orientation ignored";
}
std::string_view ResizeWords(Resize resize) {
  return resize == Resize::kAveraged   ? "averaged over all pixels"
         : resize == Resize::kBilinear ? "from four neighbours"
                                       : "from the nearest pixel";
}

std::string_view SavedWords(Saved saved) {
  return saved == Saved::kNot ? "as resizing left them" : "saved once more as small JPEGs";
}

std::string WordsOf(std::string_view what, const Feed& feed) {
  if (what == "scale") return std::string(ScaleWords(feed.scale));
  if (what == "channels") return std::string(ChannelWords(feed.channels));
  if (what == "exif") return std::string(ExifWords(feed.exif));
  if (what == "fit") return std::string("fit ") + image::FitName(feed.fit);
  if (what == "saved") return std::string(SavedWords(feed.saved));
  return std::string("resized ") + std::string(ResizeWords(feed.resize));
}

}  // namespace

std::string Words(const Feed& feed) {
  return fmt::format("{}, {}, {}, {}, {}{}", WordsOf("scale", feed), WordsOf("channels", feed),
                     WordsOf("exif", feed), WordsOf("fit", feed), WordsOf("resize", feed),
                     feed.saved == Saved::kNot ? "" : ", " + WordsOf("saved", feed));
}

Feed Change::Undone(const Feed& feed, const Feed& as) const {
  Feed undone = feed;
  if (what == "scale") undone.scale = as.scale;
  else if (what == "channels") undone.channels = as.channels;
  else if (what == "exif") undone.exif = as.exif;
  else if (what == "fit") undone.fit = as.fit;
  else if (what == "saved") undone.saved = as.saved;
  else undone.resize = as.resize;
  return undone;
}

std::vector<Change> Changes(const Feed& from, const Feed& to) {
  std::vector<Change> changes;
  if (from.scale != to.scale) changes.push_back({"scale"});
  if (from.channels != to.channels) changes.push_back({"channels"});
  if (from.exif != to.exif) changes.push_back({"exif"});
  if (from.fit != to.fit) changes.push_back({"fit"});
  if (from.resize != to.resize) changes.push_back({"resize"});
  if (from.saved != to.saved) changes.push_back({"saved"});
  return changes;
}

std::vector<Feed> Neighbours(const Feed& feed) {
  std::vector<Feed> others;
  const auto add = [&](auto member, auto values) {
    for (const auto value : values) {
      if (feed.*member == value) continue;
      others.push_back(feed);
      others.back().*member = value;
    }
  };
  add(&Feed::scale, std::vector{Scale::kUnit, Scale::kSymmetric, Scale::kBytes, Scale::kImageNet});
  add(&Feed::channels, std::vector{Channels::kRgb, Channels::kBgr});
  add(&Feed::exif, std::vector{Exif::kApplied, Exif::kIgnored});
  add(&Feed::fit, std::vector{image::Fit::kCrop, image::Fit::kStretch, image::Fit::kLetterbox});
  add(&Feed::resize, std::vector{Resize::kAveraged, Resize::kBilinear, Resize::kNearest});
  add(&Feed::saved, std::vector{Saved::kNot, Saved::kSmallJpeg});
  return others;
}

std::string Sentence(std::string_view what, const Feed& declared, const Feed& repaired,
                     const Finding& finding) {
  return fmt::format("the model learnt pictures {}{}, not {}: {} of {} right instead of {} (p={:.2g})",
                     what == "saved" ? "" : "with ", WordsOf(what, repaired), WordsOf(what, declared),
                     finding.right_after, finding.n, finding.right_before, finding.p);
}

std::string Advice(std::string_view what, bool in_file) {
  if (in_file) return "--fix writes it into the metadata";
  if (what == "scale") return "feed it so in the app; this file's metadata cannot say it";
  if (what == "channels")
    return "exchange red and blue in the app before the model, or train again with red first; metadata "
           "cannot say it";
  if (what == "exif")
    return "leave pictures in the app as their files store them, or, better, train again on upright ones; "
           "metadata cannot say it";
  if (what == "fit") return "fit pictures so in the app; the metadata that TFLite tools read cannot say it";
  if (what == "saved")
    return "train again on pictures that are not saved as JPEG after resizing; or save them so in the app, "
           "at "
           "quality 75";
  return "resize so in the app, or, better, train again with averaging; metadata cannot say it";
}

std::string ChangeWords(std::string_view what, const Feed& feed) { return WordsOf(what, feed); }

std::string Folded(std::string_view label) {
  std::string folded;
  for (const char c : label) folded += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  while (!folded.empty() && std::isspace(static_cast<unsigned char>(folded.back()))) folded.pop_back();
  folded.erase(folded.begin(),
               std::find_if(folded.begin(), folded.end(), [](unsigned char c) { return !std::isspace(c); }));
  return folded;
}

bool SaysFit(const Feed& feed, const Patient& patient) {
  // Its word for values is 0..1 for floats and the bytes themselves for the others.
  const bool plain = patient.info.input_type == tflite::Type::kFloat32 ? feed.scale == Scale::kUnit
                                                                       : feed.scale == patient.declared;
  return plain && feed.channels == Channels::kRgb && feed.exif == Exif::kApplied &&
         feed.resize == Resize::kAveraged && feed.saved == Saved::kNot;
}

}  // namespace handlens::doctor
