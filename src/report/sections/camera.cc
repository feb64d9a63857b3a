// The simulated camera, fault by fault: where the accuracy falls, what to tell users, and what the faults
// look like.
#include <fmt/format.h>

#include <algorithm>

#include "image/camera/camera.h"
#include "report/sections/sections.h"

namespace handlens::report {
namespace {

namespace fs = std::filesystem;

constexpr int kThumbPx = 88;
constexpr int kThumbQuality = 75;
constexpr size_t kLines = 6;     // of the chart; more would cross each other
constexpr int kPhotographs = 8;  // photographs of each care in the sheet
constexpr uint64_t kSeed = 2;    // not the verdict's

std::string UnitOf(const Json& axis) {
  return fmt::format("{} ({})", TextAt(axis, "what"), TextAt(axis, "unit"));
}

void AddTable(const Json& camera, Section& section) {
  Table table{.id = "camera-axes",
              .caption = fmt::format("The simulated camera, one fault at a time: accuracy of {} test "
                                     "pictures at strengths 0 (none) to 5",
                                     Printed(At(camera, "pictures"))),
              .columns = {{"Fault"}},
              .fold = Fold::kClosed};
  for (int severity = 0; severity <= 5; ++severity)
    table.columns.push_back({fmt::format("{}", severity), Align::kNumber});
  for (const Json& axis : At(camera, "axes")) {
    std::vector<Cell> row = {Text(TextAt(axis, "axis"))};
    row[0].hint = UnitOf(axis);
    for (const Json& point : At(axis, "points")) {
      const double n = NumberAt(point, "n").value_or(0), correct = NumberAt(point, "correct").value_or(0);
      Cell cell = n > 0 ? Percent(correct / n) : Missing();
      cell.hint = fmt::format("at {:.3g}: {} of {}", NumberAt(point, "value").value_or(0), correct, n);
      row.push_back(std::move(cell));
    }
    row.resize(table.columns.size(), Missing());
    table.rows.push_back(std::move(row));
  }
  section.blocks.emplace_back(std::move(table));
}

double LastAccuracy(const Json& axis) {
  const Json& points = At(axis, "points");
  return points.is_array() && !points.empty() ? NumberAt(points.back(), "smoothed").value_or(1) : 1;
}

void AddChart(const Json& camera, Section& section) {
  std::vector<const Json*> worst;
  for (const Json& axis : At(camera, "axes")) worst.push_back(&axis);
  std::stable_sort(worst.begin(), worst.end(),
                   [](const Json* a, const Json* b) { return LastAccuracy(*a) < LastAccuracy(*b); });
  worst.resize(std::min(worst.size(), kLines));
  Json series = Json::array();
  for (const Json* axis : worst) {
    Json line = Json::array();
    for (const Json& point : At(*axis, "points"))
      line.push_back(
          {NumberAt(point, "severity").value_or(0), 100 * NumberAt(point, "smoothed").value_or(0)});
    const size_t colour = series.size();
    series.push_back({{"name", TextAt(*axis, "axis")},
                      {"style", colour % 2 == 0 ? "solid" : "dashed"},
                      {"colour", colour / 2},
                      {"points", std::move(line)}});
  }
  section.blocks.emplace_back(Chart{.id = "camera-curves",
                                    .kind = "lines",
                                    .caption = "The six faults that cost most accuracy, at strengths 0 to 5. "
                                               "The lines are smoothed: more of a fault never helps.",
                                    .height_px = 340,
                                    .data = {{"x_name", "strength"},
                                             {"y_name", "accuracy in %"},
                                             {"unit", "%"},
                                             {"x_min", 0},
                                             {"series", series}}});
}

// What the sheet's photographs are taken before, and its words. The user's own are those that the verdict
// had.
struct Scenery {
  image::Backdrops own;
  std::string words = "built-in backgrounds";
  const image::Backdrops& backdrops() const { return own.own() ? own : image::Backdrops::BuiltIn(); }
};

Scenery SceneryOf(const Records& records) {
  Scenery scenery;
  if (records.backgrounds.empty()) return scenery;
  auto own = image::Backdrops::FromFolder(records.backgrounds);
  if (own) {
    scenery.own = *std::move(own);
    scenery.words = "your own backgrounds";
  } else {
    scenery.words += ", since your own are not where they were when the model was judged";
  }
  return scenery;
}

// The middle square of a frame, small.
std::string Thumb(image::Subject& subject, const image::Backdrops& backdrops, const image::CameraShot& shot,
                  uint64_t id) {
  const image::Image frame =
      image::TakePicture(subject, shot, image::Fit::kCrop, backdrops, Rng(kSeed, "sheet-frame", {id}));
  const std::vector<uint8_t> small =
      image::ModelInput(image::Receive(image::Deliver(frame)), kThumbPx, image::Fit::kCrop);
  return JpegUri(image::EncodeJpeg(small, kThumbPx, kThumbPx, kThumbQuality));
}

// One picture under every fault and with every care, so that people see what the numbers are about.
void AddSheet(const Records& records, Section& section) {
  if (!records.split || records.split->holdout.empty()) return;
  const auto index = static_cast<size_t>(records.split->holdout[0]);
  if (index >= records.dataset.pictures.size()) return;
  const dataset::Picture& picture = records.dataset.pictures[index];
  const auto decoded = image::DecodeFile(fs::path(records.dataset.root) / picture.path);
  if (!decoded) {
    section.blocks.emplace_back(
        Paragraph{"There is no contact sheet of the simulated camera: " + decoded.error().message});
    return;
  }
  image::Subject subject(decoded->image, image::Fit::kCrop);
  const Scenery scenery = SceneryOf(records);
  for (const auto& [title, care] :
       {std::pair{"Usual care", image::Care::kTypical}, std::pair{"Little care", image::Care::kHard}}) {
    Gallery gallery{.title = title,
                    .note = fmt::format("A held-out picture photographed by the simulated camera, before {}.",
                                        scenery.words),
                    .pictures = {},
                    .fold = Fold::kClosed};
    for (int i = 0; i < kPhotographs; ++i) {
      const auto id = static_cast<uint64_t>(i);
      gallery.pictures.push_back(
          {Thumb(subject, scenery.backdrops(), image::DrawShot(care, Rng(kSeed, "sheet-draw", {id})), id),
           title,
           {}});
    }
    section.blocks.emplace_back(std::move(gallery));
  }
  Gallery faults{.title = "Every fault by itself",
                 .note = "At strengths 2 and 5.",
                 .pictures = {},
                 .fold = Fold::kClosed};
  for (size_t axis = 0; axis < image::CameraAxes().size(); ++axis) {
    for (const int severity : {2, 5}) {
      const image::CameraAxis& facts = image::CameraAxes()[axis];
      faults.pictures.push_back(
          {Thumb(subject, scenery.backdrops(),
                 image::ShotOnAxis(axis, severity, Rng(kSeed, "sheet-axis", {axis})), axis),
           std::string(facts.what),
           {std::string(facts.name), fmt::format("{:.3g}", image::AxisValue(facts, severity))}});
    }
  }
  section.blocks.emplace_back(std::move(faults));
}

}  // namespace

void AddCamera(const Records& records, Section& section) {
  const Json& camera = At(records.verdict, "camera");
  const Json& axes = At(camera, "axes");
  if (!axes.is_array() || axes.empty()) return;
  Note note{Tone::kPlain, "What to tell the people who will use it", {}};
  for (const Json& sentence : At(camera, "advice")) note.lines.push_back(Printed(sentence));
  if (note.lines.empty())
    note.lines.emplace_back(
        "No single fault of the camera is seen to take ten points of accuracy, even with little care.");
  section.blocks.emplace_back(std::move(note));
  AddChart(camera, section);
  AddTable(camera, section);
  section.blocks.emplace_back(Paragraph{fmt::format(
      "Backgrounds: {}. The simulation knows no depth, no rolling shutter and no sharpening by the phone; "
      "a field test with a real phone says more.",
      TextAt(camera, "backgrounds"))});
  AddSheet(records, section);
}

}  // namespace handlens::report
