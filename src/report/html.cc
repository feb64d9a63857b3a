#include "report/html.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "report/assets.h"

namespace handlens::report {
namespace {

// A number and its % stay on one line.
std::string Prose(std::string_view text) {
  std::string out = EscapeHtml(text);
  for (size_t at = out.find(" %"); at != std::string::npos; at = out.find(" %", at))
    out.replace(at, 1, "&#160;");
  return out;
}

void Render(const Paragraph& block, std::string& out) { out += "<p>" + Prose(block.text) + "</p>\n"; }

void Render(const Note& block, std::string& out) {
  out += fmt::format("<div class=\"note {}\">", ToneName(block.tone));
  if (!block.title.empty()) out += "<p class=\"note-title\">" + Prose(block.title) + "</p>";
  if (block.lines.size() == 1) out += "<p>" + Prose(block.lines[0]) + "</p>";
  if (block.lines.size() > 1) {
    out += "<ul>";
    for (const std::string& line : block.lines) out += "<li>" + Prose(line) + "</li>";
    out += "</ul>";
  }
  out += "</div>\n";
}

void Render(const Facts& block, std::string& out) {
  out += "<dl class=\"facts\">";
  for (const Fact& fact : block.facts) {
    out += fmt::format("<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>", Prose(fact.name),
                       Prose(fact.value), Prose(fact.detail));
  }
  out += "</dl>\n";
}

// Of a share within 0..1, for a style.
std::string PercentAt(double share) { return fmt::format("{:.2f}%", 100 * std::clamp(share, 0.0, 1.0)); }

std::string RenderBar(const Bar& bar) {
  return fmt::format(
      "<span class=\"bar\" aria-hidden=\"true\"><i style=\"left:{};width:{}\"></i><b "
      "style=\"left:{}\"></b></span>",
      PercentAt(bar.ci.low), PercentAt(std::max(0.0, bar.ci.high - bar.ci.low)), PercentAt(bar.value));
}

std::string Classes(const Cell& cell, const Column& column) {
  std::string classes;
  const auto add = [&](bool holds, std::string_view name) {
    if (holds) classes += (classes.empty() ? "" : " ") + std::string(name);
  };
  add(column.align == Align::kNumber, "number");
  add(column.minor, "minor");
  add(!cell.mark.empty(), "marked");
  add(cell.shade.has_value(), cell.mark_wrong ? "wrong" : "right");
  add(cell.shade.value_or(0) > 0.55, "deep");
  add(cell.value == "skipped", "skipped");
  return classes.empty() ? "" : fmt::format(" class=\"{}\"", classes);
}

void RenderCell(const Cell& cell, const Column& column, std::string_view tag, bool prose, std::string& out) {
  out += fmt::format("<{}", tag);
  if (prose && tag == "td") out += fmt::format(" data-column=\"{}\"", EscapeHtml(column.name));
  if (tag == "th") out += " scope=\"row\"";
  out += Classes(cell, column);
  if (cell.shade) out += fmt::format(" style=\"--shade:{:.0f}%\"", std::max(8.0, 100 * *cell.shade));
  if (!cell.hint.empty()) out += fmt::format(" title=\"{}\"", EscapeHtml(cell.hint));
  out += ">";
  if (!cell.pick.empty())
    out += fmt::format("<button type=\"button\" class=\"pick\" data-pick=\"{}\">", EscapeHtml(cell.pick));
  if (cell.bar) out += RenderBar(*cell.bar);
  if (!cell.text.empty()) out += "<span>" + EscapeHtml(cell.text) + "</span>";
  if (!cell.mark.empty()) out += " <em>" + EscapeHtml(cell.mark) + "</em>";
  if (!cell.pick.empty()) out += "</button>";
  if (!cell.note.empty()) out += "<small>" + EscapeHtml(cell.note) + "</small>";
  out += fmt::format("</{}>", tag);
}

// Sentences in it: on a phone each of its rows becomes a paragraph, whose cells need their columns' names.
bool HoldsProse(const Table& block) {
  constexpr size_t kSentence = 60;  // characters
  return std::any_of(block.rows.begin(), block.rows.end(), [](const std::vector<Cell>& row) {
    return std::any_of(row.begin(), row.end(), [](const Cell& cell) { return cell.text.size() > kSentence; });
  });
}

std::string LookName(const Table& block, bool prose) {
  switch (block.look) {
    case Look::kMatrix:
      return fmt::format(" class=\"matrix\" style=\"--classes:{}\"",
                         std::max<size_t>(block.columns.size(), 2) - 1);
    case Look::kSteps: return " class=\"steps\"";
    case Look::kRows: break;
  }
  return prose ? " class=\"prose\"" : "";
}

void RenderHead(const Table& block, std::string& out) {
  out += "<thead><tr>";
  for (const Column& column : block.columns) {
    out += fmt::format("<th scope=\"col\" class=\"{}{}\"{}><span>{}</span>",
                       column.align == Align::kNumber ? "number" : "text", column.minor ? " minor" : "",
                       column.note.empty() ? "" : fmt::format(" title=\"{}\"", EscapeHtml(column.note)),
                       EscapeHtml(column.name));
    out += "</th>";
  }
  out += "</tr></thead>";
}

void RenderTableBody(const Table& block, std::string& out) {
  const bool prose = HoldsProse(block);
  out += fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table "
      "id=\"table-{}\"{}><caption><span>{}</span></caption>",
      EscapeHtml(block.caption), block.id, LookName(block, prose), EscapeHtml(block.caption));
  RenderHead(block, out);
  out += "<tbody>";
  const size_t shown = std::min(block.rows.size(), block.shown_rows);
  for (size_t r = 0; r < shown; ++r) {
    out += "<tr>";
    for (size_t c = 0; c < block.rows[r].size() && c < block.columns.size(); ++c) {
      RenderCell(block.rows[r][c], block.columns[c], c == 0 && block.row_headers ? "th" : "td", prose, out);
    }
    out += "</tr>";
  }
  out += "</tbody></table></div>\n";
  if (shown < block.rows.size()) {
    out += fmt::format("<p class=\"more\">{} of {} rows are shown; all are in report/{}.csv.</p>\n",
                       Thousands(static_cast<int64_t>(shown)),
                       Thousands(static_cast<int64_t>(block.rows.size())), block.id);
  }
}

void Open(Fold fold, std::string_view title, std::string_view detail, std::string& out) {
  if (fold == Fold::kClosed)
    out += fmt::format("<details class=\"more-of-it\"><summary>{} <span>{}</span></summary>",
                       EscapeHtml(title), EscapeHtml(detail));
}

void Close(Fold fold, std::string& out) {
  if (fold == Fold::kClosed) out += "</details>\n";
}

void Render(const Table& block, std::string& out) {
  Open(block.fold, block.caption, Plural(block.rows.size(), "row", "rows"), out);
  RenderTableBody(block, out);
  Close(block.fold, out);
}

void Render(const Chart& block, std::string& out) {
  const std::string title = block.caption.substr(0, block.caption.find_first_of(":.?"));
  Open(block.fold, title, "figure", out);
  out += fmt::format(
      "<figure><div class=\"plot\" id=\"chart-{}\" role=\"img\" aria-label=\"{}\" "
      "style=\"height:{}px\"></div>"
      "<figcaption>{}</figcaption></figure>\n",
      block.id, EscapeHtml(block.caption), block.height_px, Prose(block.caption));
  Close(block.fold, out);
}

void RenderPictures(const std::vector<GalleryPicture>& pictures, std::string& out) {
  out += "<ul>";
  for (const GalleryPicture& picture : pictures) {
    out += "<li><figure>";
    if (picture.source.empty()) {
      out += "<span class=\"no-picture\">no thumbnail</span>";
    } else {
      out += fmt::format("<img loading=\"lazy\" src=\"{}\" alt=\"{}\"{}>", EscapeHtml(picture.source),
                         EscapeHtml(picture.name),
                         picture.picture >= 0 ? fmt::format(" data-picture=\"{}\"", picture.picture) : "");
    }
    if (!picture.lines.empty()) {
      out += "<figcaption>";
      for (const std::string& line : picture.lines) out += "<span>" + EscapeHtml(line) + "</span>";
      out += "</figcaption>";
    }
    out += "</figure></li>";
  }
  out += "</ul>";
}

void Render(const Gallery& block, std::string& out) {
  Open(block.fold, block.title, block.note, out);
  out += "<section class=\"gallery\">";
  if (block.fold == Fold::kOpen && !block.title.empty()) out += "<h3>" + EscapeHtml(block.title) + "</h3>";
  if (block.fold == Fold::kOpen && !block.note.empty())
    out += "<p class=\"more\">" + EscapeHtml(block.note) + "</p>";
  RenderPictures(block.pictures, out);
  out += "</section>\n";
  Close(block.fold, out);
}

// The page's script fills the viewer from #pictures.
void Render(const Pictures&, std::string&) {}

void RenderLines(std::string_view title, const std::vector<std::string>& lines, std::string& out) {
  if (lines.empty()) return;
  if (!title.empty()) out += fmt::format("<h3>{}</h3>", EscapeHtml(title));
  out += "<ul>";
  for (const std::string& line : lines) out += "<li>" + Prose(line) + "</li>";
  out += "</ul>";
}

void RenderNumber(const Summary& block, std::string& out) {
  if (block.number.value.empty()) return;
  out += fmt::format("<p class=\"big\"><strong>{}</strong> <span>{}</span></p>", Prose(block.number.value),
                     Prose(block.number.name));
  if (block.bar) out += RenderBar(*block.bar);
  out += "<p class=\"detail\">" + Prose(block.number.detail) + "</p>";
}

void RenderFiles(const Summary& block, std::string& out) {
  if (block.files.empty()) return;
  out += "<div class=\"files\"><h3>Files</h3><ul>";
  for (const Summary::File& file : block.files) {
    out += fmt::format("<li><a href=\"{}\">{}</a> <small>{}{}{}</small></li>", EscapeHtml(file.path),
                       EscapeHtml(file.path), EscapeHtml(file.what), file.size.empty() ? "" : ", ",
                       EscapeHtml(file.size));
  }
  out += "</ul></div>";
}

void RenderNext(const Summary& block, std::string& out) {
  if (block.next.empty()) return;
  out += "<div class=\"next\"><h3>What to do next</h3><ol>";
  for (const Summary::Next& step : block.next) {
    out += "<li>" + Prose(step.text);
    if (!step.command.empty()) {
      out += fmt::format(
          "<span class=\"command\"><code>{0}</code><button type=\"button\" class=\"copy\" "
          "data-copy=\"{0}\">Copy</button></span>",
          EscapeHtml(step.command));
    }
    out += "</li>";
  }
  out += "</ol></div>";
}

void Render(const Summary& block, std::string& out) {
  out += fmt::format("<div class=\"summary\"><div class=\"answer\"><p class=\"headline {}\">{}</p>",
                     ToneName(block.tone), Prose(block.headline));
  RenderNumber(block, out);
  RenderLines("", block.reasons, out);
  RenderNext(block, out);
  out += "</div><div class=\"weak\">";
  if (!block.weakest.empty()) {
    out += "<p class=\"weakest\">" + Prose(block.weakest);
    if (!block.weakest_pick.empty())
      out += fmt::format(" <button type=\"button\" class=\"pick\" data-pick=\"{}\">Show them</button>",
                         EscapeHtml(block.weakest_pick));
    out += "</p>";
  }
  if (!block.mistakes.pictures.empty()) {
    out += "<div class=\"gallery three\"><h3>" + EscapeHtml(block.mistakes.title) + "</h3>";
    RenderPictures(block.mistakes.pictures, out);
    out += "</div>";
  }
  RenderLines(block.caveats.empty() ? "" : "Keep in mind", block.caveats, out);
  out += "</div></div>";
  RenderFiles(block, out);
  out += "\n";
}

void Render(const Code& block, std::string& out) {
  out += fmt::format(
      "<div class=\"code\"><p class=\"code-title\">{}</p><pre tabindex=\"0\"><code>{}</code></pre></div>\n",
      EscapeHtml(block.title), EscapeHtml(block.text));
}

std::string RenderSections(const Document& document) {
  std::string out;
  bool behind = false;
  for (const Section& section : document.sections) {
    const bool closed = section.fold == Fold::kClosed;
    if (closed && !behind) out += "<p class=\"behind\">How it came about</p>\n";
    behind = behind || closed;
    out += fmt::format("<section class=\"chapter{}\" id=\"{}\" aria-labelledby=\"h-{}\">\n",
                       closed ? " closed" : "", section.id, section.id);
    const std::string title = fmt::format("<h2 id=\"h-{}\">{}</h2>", section.id, EscapeHtml(section.title));
    const std::string lead = section.lead.empty() ? "" : "<p class=\"lead\">" + Prose(section.lead) + "</p>";
    out += closed ? "<details><summary>" + title + lead + "</summary>\n" : title + lead + "\n";
    for (const Block& block : section.blocks) {
      std::visit([&](const auto& b) { Render(b, out); }, block);
    }
    out += closed ? "</details></section>\n" : "</section>\n";
  }
  return out;
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') out += "\xEF\xBF\xBD";
        else out += c;
    }
  }
  return out;
}

std::string ScriptSafe(const Json& json) {
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<') out += "\\u003c";
    else out += c;
  }
  return out;
}

std::string ToHtml(const Document& document) {
  const std::array<std::pair<std::string_view, std::string>, 8> parts = {{
      {"title", EscapeHtml(document.title)},
      {"subtitle", EscapeHtml(document.subtitle)},
      {"style", std::string(PageStyle())},
      {"date", EscapeHtml(document.date)},
      {"pictures", ScriptSafe(PicturesOfPage(document))},
      {"content", RenderSections(document)},
      {"data", ScriptSafe(Charts(document))},
      {"script", std::string(ChartLibrary()) + "\n" + std::string(PageScript())},
  }};
  // One pass over the template: what is put in is never searched again.
  std::string_view rest = PageTemplate();
  std::string out;
  for (size_t open = rest.find("{{"); open != std::string_view::npos; open = rest.find("{{")) {
    out += rest.substr(0, open);
    const size_t close = rest.find("}}", open);
    const std::string_view name = rest.substr(open + 2, close - open - 2);
    const auto part =
        std::find_if(parts.begin(), parts.end(), [name](const auto& p) { return p.first == name; });
    HL_CHECK(close != std::string_view::npos && part != parts.end());
    out += part->second;
    rest.remove_prefix(close + 2);
  }
  out += rest;
  return out;
}

std::string ToCsv(const Table& table) {
  std::string out;
  for (size_t c = 0; c < table.columns.size(); ++c)
    out += (c > 0 ? "," : "") + CsvCell(table.columns[c].name);
  out += "\n";
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      const Json& value = row[c].value;
      std::string text = row[c].text;
      if (value.is_string()) text = value.get<std::string>();
      else if (!value.is_null()) text = value.dump();
      out += (c > 0 ? "," : "") + CsvCell(text);
    }
    out += "\n";
  }
  return out;
}

}  // namespace handlens::report
