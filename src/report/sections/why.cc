// Why it answered: heat maps of the most confident mistakes and of one right answer a class, drawn over the
// run's thumbnails.
#include <fmt/format.h>

#include <algorithm>

#include "base/disk.h"
#include "image/image.h"
#include "package/why.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

constexpr int kSide = 96, kQuality = 80;

// `values` (cells, cells) between the middles of its cells, as a picture is enlarged; x and y in 0..1.
double Between(const std::vector<double>& values, int cells, double x, double y) {
  const auto split = [&](double at, int& low, double& rest) {
    const double place = std::clamp(at * cells - 0.5, 0.0, static_cast<double>(cells - 1));
    low = std::min(static_cast<int>(place), cells - 2);
    rest = place - low;
  };
  int column = 0, row = 0;
  double right = 0, down = 0;
  split(x, column, right);
  split(y, row, down);
  const auto at = [&](int r, int c) { return values[static_cast<size_t>(r * cells + c)]; };
  return (1 - down) * ((1 - right) * at(row, column) + right * at(row, column + 1)) +
         down * ((1 - right) * at(row + 1, column) + right * at(row + 1, column + 1));
}

// The picture as the model's square shows it, redder where covering it takes more of the score. Empty when
// there is no thumbnail.
std::string Heat(const Records& records, const dataset::Picture& picture, const std::vector<double>& drops,
                 int cells) {
  const auto decoded = image::DecodeFile(records.run / "thumbnails" / (picture.id + ".jpg"));
  if (!decoded) return {};
  const auto fit = image::ParseFit(TextAt(At(records.description, "model"), "fit"));
  std::vector<uint8_t> pixels = image::ModelInput(decoded->image, kSide, fit ? *fit : image::Fit::kCrop);
  const double most = *std::max_element(drops.begin(), drops.end());
  for (int y = 0; most >= package::kWhyLeastDrop && y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const double red =
          package::kWhyMostRed *
          std::clamp(Between(drops, cells, (x + 0.5) / kSide, (y + 0.5) / kSide) / most, 0.0, 1.0);
      uint8_t* const pixel = &pixels[static_cast<size_t>(3 * (y * kSide + x))];
      for (int c = 0; c < 3; ++c)
        pixel[c] = static_cast<uint8_t>((1 - red) * pixel[c] + red * (c == 0 ? 255 : 0) + 0.5);
    }
  }
  return JpegUri(image::EncodeJpeg(pixels, kSide, kSide, kQuality));
}

}  // namespace

void AddWhy(const Records& records, Section& section) {
  const Json& why = At(records.verdict, "why");
  if (!why.is_array() || why.empty()) return;
  Gallery mistakes{.title = "Why it was wrong",
                   .note =
                       "Redder: covering this place takes more of the score that the wrong answer got. A red "
                       "border or background says what it learnt instead of "
                       "the subject.",
                   .pictures = {}};
  Gallery right{
      .title = "Why it was right",
      .note = "The most confident right answer of each class. Redder: the answer rests on this place.",
      .pictures = {},
      .fold = Fold::kClosed};
  for (const Json& one : why) {
    const std::string id = TextAt(one, "picture");
    const auto picture = std::find_if(records.dataset.pictures.begin(), records.dataset.pictures.end(),
                                      [&](const auto& p) { return p.id == id; });
    std::vector<double> drops;
    for (const Json& drop : At(one, "drops")) drops.push_back(drop.is_number() ? drop.get<double>() : 0);
    const auto cells = static_cast<int>(NumberAt(one, "cells").value_or(0));
    if (picture == records.dataset.pictures.end() || cells < 2 ||
        drops.size() != static_cast<size_t>(cells * cells))
      continue;
    const std::string called = TextAt(one, "called"), truth = TextAt(one, "label");
    const double most = *std::max_element(drops.begin(), drops.end());
    const bool wrong = called != truth;
    Gallery& gallery = wrong ? mistakes : right;
    GalleryPicture shown{Heat(records, *picture, drops, cells),
                         picture->path,
                         {},
                         static_cast<int>(picture - records.dataset.pictures.begin())};
    shown.lines.push_back(wrong ? fmt::format("called {}", called) : called);
    if (wrong) shown.lines.push_back("is " + truth);
    shown.lines.push_back(fmt::format("score {:.0f} %", 100 * NumberAt(one, "score").value_or(0)));
    shown.lines.push_back(most >= package::kWhyLeastDrop
                              ? fmt::format("the reddest place takes {:.0f} points", 100 * most)
                              : "no single place matters");
    gallery.pictures.push_back(std::move(shown));
  }
  for (Gallery* gallery : {&mistakes, &right}) {
    if (!gallery->pictures.empty()) section.blocks.emplace_back(std::move(*gallery));
  }
}

}  // namespace handlens::report
