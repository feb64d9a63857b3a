#include "report/document.h"

#include <fmt/format.h>

#include <cmath>

#include "base/text.h"

namespace handlens::report {

std::string_view ToneName(Tone tone) {
  switch (tone) {
    case Tone::kPlain: return "plain";
    case Tone::kGood: return "good";
    case Tone::kBad: return "bad";
    case Tone::kWarning: return "warning";
  }
  return "plain";
}

namespace {

Json CellJson(const Cell& cell) { return cell.value.is_null() ? Json(cell.text) : cell.value; }

Json BlockJson(const Paragraph& block) { return {{"kind", "paragraph"}, {"text", block.text}}; }

Json BlockJson(const Note& block) {
  return {{"kind", "note"}, {"tone", ToneName(block.tone)}, {"title", block.title}, {"lines", block.lines}};
}

Json BlockJson(const Facts& block) {
  Json facts = Json::array();
  for (const Fact& fact : block.facts) {
    facts.push_back({{"name", fact.name}, {"value", fact.value}, {"detail", fact.detail}});
  }
  return {{"kind", "facts"}, {"facts", facts}};
}

Json BlockJson(const Table& block) {
  Json columns = Json::array();
  for (const Column& column : block.columns) columns.push_back(column.name);
  Json rows = Json::array();
  for (const auto& row : block.rows) {
    Json cells = Json::array();
    for (const Cell& cell : row) cells.push_back(CellJson(cell));
    rows.push_back(std::move(cells));
  }
  return {{"kind", "table"}, {"id", block.id}, {"caption", block.caption}, {"columns", columns}, {"rows", rows}};
}

Json BlockJson(const Chart& block) {
  return {{"kind", "chart"}, {"id", block.id}, {"chart", block.kind}, {"caption", block.caption}, {"data", block.data}};
}

Json BlockJson(const Gallery& block) {
  Json pictures = Json::array();
  for (const GalleryPicture& picture : block.pictures) {
    pictures.push_back({{"name", picture.name}, {"lines", picture.lines}});
  }
  return {{"kind", "gallery"}, {"title", block.title}, {"note", block.note}, {"pictures", pictures}};
}

Json BlockJson(const Code& block) { return {{"kind", "code"}, {"title", block.title}, {"text", block.text}}; }

}  // namespace

Json ToJson(const Document& document) {
  Json sections = Json::array();
  for (const Section& section : document.sections) {
    Json blocks = Json::array();
    for (const Block& block : section.blocks) {
      blocks.push_back(std::visit([](const auto& b) { return BlockJson(b); }, block));
    }
    sections.push_back({{"id", section.id}, {"title", section.title}, {"lead", section.lead}, {"blocks", blocks}});
  }
  return {{"title", document.title}, {"subtitle", document.subtitle}, {"sections", sections}};
}

Json Charts(const Document& document) {
  Json charts = Json::object();
  for (const Section& section : document.sections) {
    for (const Block& block : section.blocks) {
      if (const Chart* chart = std::get_if<Chart>(&block)) charts[chart->id] = {{"kind", chart->kind}, {"data", chart->data}};
    }
  }
  return charts;
}

Cell Text(std::string text) { return {.text = std::move(text), .value = {}, .hint = {}, .mark = {}}; }
Cell Missing() { return {.text = "–", .value = "", .hint = {}, .mark = {}}; }
Cell Count(int64_t n) { return {.text = Thousands(n), .value = n, .hint = {}, .mark = {}}; }

Cell Percent(double share) {
  if (!std::isfinite(share)) return Missing();
  return {.text = PercentText(share), .value = share, .hint = {}, .mark = {}};
}

Cell Number(double value, int decimals) {
  if (!std::isfinite(value)) return Missing();
  return {.text = fmt::format("{:.{}f}", value, decimals), .value = value, .hint = {}, .mark = {}};
}

Cell PercentStd(const MeanStd& share) {
  return {.text = fmt::format("{:.1f} ± {:.1f}", 100 * share.mean, 100 * share.std),
          .value = fmt::format("{:.2f} ± {:.2f}", 100 * share.mean, 100 * share.std), .hint = {}, .mark = {}};
}

Cell Range(const Interval& share) { return Text(RangeText(share)); }

std::string PercentText(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string RangeText(const Interval& share) {
  return fmt::format("{:.1f} – {:.1f} %", 100 * share.low, 100 * share.high);
}

std::string KilobytesText(int64_t bytes) {
  if (bytes < 1024) return fmt::format("{} bytes", bytes);
  const double kilobytes = static_cast<double>(bytes) / 1024;
  if (kilobytes < 10) return fmt::format("{:.1f} KB", kilobytes);
  return Thousands(std::llround(kilobytes)) + " KB";
}

std::string DurationText(double seconds) {
  if (seconds < 1) return fmt::format("{:.2f} s", seconds);
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  if (whole < 48 * 3600) return fmt::format("{} h {} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{:.1f} days", seconds / 86400);
}

}  // namespace handlens::report
