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
  return {
      {"kind", "table"}, {"id", block.id}, {"caption", block.caption}, {"columns", columns}, {"rows", rows}};
}

Json BlockJson(const Chart& block) {
  return {{"kind", "chart"},
          {"id", block.id},
          {"chart", block.kind},
          {"caption", block.caption},
          {"data", block.data}};
}

Json BlockJson(const Gallery& block) {
  Json pictures = Json::array();
  for (const GalleryPicture& picture : block.pictures) {
    pictures.push_back({{"name", picture.name}, {"lines", picture.lines}});
  }
  return {{"kind", "gallery"}, {"title", block.title}, {"note", block.note}, {"pictures", pictures}};
}

Json BlockJson(const Code& block) { return {{"kind", "code"}, {"title", block.title}, {"text", block.text}}; }

Json BlockJson(const Summary& block) {
  Json next = Json::array(), files = Json::array();
  for (const Summary::Next& step : block.next)
    next.push_back({{"text", step.text}, {"command", step.command}});
  for (const Summary::File& file : block.files)
    files.push_back({{"path", file.path}, {"what", file.what}, {"size", file.size}});
  return {{"kind", "summary"},
          {"tone", ToneName(block.tone)},
          {"headline", block.headline},
          {"number",
           {{"name", block.number.name}, {"value", block.number.value}, {"detail", block.number.detail}}},
          {"reasons", block.reasons},
          {"caveats", block.caveats},
          {"weakest", block.weakest},
          {"mistakes", BlockJson(block.mistakes).at("pictures")},
          {"next", next},
          {"files", files}};
}

Json BlockJson(const Pictures& block) {
  Json rows = Json::array();
  for (const Pictures::Row& row : block.rows) rows.push_back({row.path, row.truth, row.called, row.score});
  return {{"kind", "pictures"}, {"labels", block.labels}, {"rows", rows}};
}

}  // namespace

Json SquareData(Square square) {
  square.series.push_back(
      {{"name", square.diagonal}, {"style", "guide"}, {"colour", 0}, {"points", {{0, 0}, {100, 100}}}});
  return {{"x_name", square.x_name},
          {"y_name", square.y_name},
          {"unit", "%"},
          {"x_min", 0},
          {"x_max", 100},
          {"y_min", 0},
          {"y_max", 100},
          {"series", square.series}};
}

Json ToJson(const Document& document) {
  Json sections = Json::array();
  for (const Section& section : document.sections) {
    Json blocks = Json::array();
    for (const Block& block : section.blocks) {
      blocks.push_back(std::visit([](const auto& b) { return BlockJson(b); }, block));
    }
    sections.push_back(
        {{"id", section.id}, {"title", section.title}, {"lead", section.lead}, {"blocks", blocks}});
  }
  return {{"title", document.title},
          {"subtitle", document.subtitle},
          {"date", document.date},
          {"sections", sections}};
}

Json Charts(const Document& document) {
  Json charts = Json::object();
  for (const Section& section : document.sections) {
    for (const Block& block : section.blocks) {
      if (const Chart* chart = std::get_if<Chart>(&block))
        charts[chart->id] = {{"kind", chart->kind}, {"data", chart->data}};
    }
  }
  return charts;
}

Json PicturesOfPage(const Document& document) {
  for (const Section& section : document.sections) {
    for (const Block& block : section.blocks) {
      const Pictures* pictures = std::get_if<Pictures>(&block);
      if (pictures == nullptr) continue;
      Json rows = Json::array();
      for (const Pictures::Row& row : pictures->rows) {
        rows.push_back(
            {row.picture, row.truth, row.called, std::round(1000 * row.score) / 1000, row.path, row.source});
      }
      return {{"labels", pictures->labels}, {"pictures", rows}};
    }
  }
  return {};
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
          .value = fmt::format("{:.2f} ± {:.2f}", 100 * share.mean, 100 * share.std),
          .hint = {},
          .mark = {}};
}

Cell Range(const Interval& share) { return Text(RangeText(share)); }

std::string PercentText(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string RangeText(const Interval& share) {
  return fmt::format("{:.1f} – {:.1f} %", 100 * share.low, 100 * share.high);
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
