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
  for (size_t at = out.find(" %"); at != std::string::npos; at = out.find(" %", at)) out.replace(at, 1, "&#160;");
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
    out += fmt::format("<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>", Prose(fact.name), Prose(fact.value),
                       Prose(fact.detail));
  }
  out += "</dl>\n";
}

void RenderCell(const Cell& cell, const Column& column, std::string_view tag, bool prose, std::string& out) {
  out += fmt::format("<{}", tag);
  if (prose && tag == "td") out += fmt::format(" data-column=\"{}\"", EscapeHtml(column.name));
  if (tag == "th") out += " scope=\"row\"";
  std::string classes = column.align == Align::kNumber ? "number" : "";
  if (!cell.mark.empty()) classes += classes.empty() ? "marked" : " marked";
  if (!classes.empty()) out += fmt::format(" class=\"{}\"", classes);
  if (!cell.hint.empty()) out += fmt::format(" title=\"{}\"", EscapeHtml(cell.hint));
  out += ">" + EscapeHtml(cell.text);
  if (!cell.mark.empty()) out += " <em>" + EscapeHtml(cell.mark) + "</em>";
  out += fmt::format("</{}>", tag);
}

// Sentences in it: on a phone each of its rows becomes a paragraph, whose cells need their columns' names.
bool HoldsProse(const Table& block) {
  constexpr size_t kSentence = 60;   // characters
  return std::any_of(block.rows.begin(), block.rows.end(), [](const std::vector<Cell>& row) {
    return std::any_of(row.begin(), row.end(), [](const Cell& cell) { return cell.text.size() > kSentence; });
  });
}

void RenderTableBody(const Table& block, std::string& out) {
  const bool prose = HoldsProse(block);
  out += fmt::format("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\"><table id=\"table-{}\"{}><caption><span>{}",
                     EscapeHtml(block.caption), block.id, prose ? " class=\"prose\"" : "", EscapeHtml(block.caption));
  out += "</span></caption><thead><tr>";
  for (const Column& column : block.columns) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>", column.align == Align::kNumber ? " class=\"number\"" : "",
                       EscapeHtml(column.name));
  }
  out += "</tr></thead><tbody>";
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
    out += fmt::format("<p class=\"more\">{} of {} rows are shown; all are in report/{}.csv.</p>\n", Thousands(static_cast<int64_t>(shown)),
                       Thousands(static_cast<int64_t>(block.rows.size())), block.id);
  }
}

void Render(const Table& block, std::string& out) {
  if (block.fold == Fold::kOpen) return RenderTableBody(block, out);
  out += fmt::format("<details><summary>{} <span>({})</span></summary>", EscapeHtml(block.caption),
                     Plural(block.rows.size(), "row", "rows"));
  RenderTableBody(block, out);
  out += "</details>\n";
}

void Render(const Chart& block, std::string& out) {
  out += fmt::format("<figure><div class=\"plot\" id=\"chart-{}\" role=\"img\" aria-label=\"{}\" style=\"height:{}px\"></div>"
                     "<figcaption>{}</figcaption></figure>\n",
                     block.id, EscapeHtml(block.caption), block.height_px, Prose(block.caption));
}

void Render(const Gallery& block, std::string& out) {
  out += "<section class=\"gallery\"><h3>" + EscapeHtml(block.title) + "</h3>";
  if (!block.note.empty()) out += "<p class=\"more\">" + EscapeHtml(block.note) + "</p>";
  out += "<ul>";
  for (const GalleryPicture& picture : block.pictures) {
    out += "<li><figure>";
    if (picture.source.empty()) {
      out += "<span class=\"no-picture\">no thumbnail</span>";
    } else {
      out += fmt::format("<img loading=\"lazy\" src=\"{}\" alt=\"{}\">", EscapeHtml(picture.source), EscapeHtml(picture.name));
    }
    if (!picture.lines.empty()) {
      out += "<figcaption>";
      for (const std::string& line : picture.lines) out += "<span>" + EscapeHtml(line) + "</span>";
      out += "</figcaption>";
    }
    out += "</figure></li>";
  }
  out += "</ul></section>\n";
}

void Render(const Code& block, std::string& out) {
  out += fmt::format("<div class=\"code\"><p class=\"code-title\">{}</p><pre tabindex=\"0\"><code>{}</code></pre></div>\n",
                     EscapeHtml(block.title), EscapeHtml(block.text));
}

std::string RenderSections(const Document& document) {
  std::string out;
  for (const Section& section : document.sections) {
    out += fmt::format("<section class=\"chapter\" id=\"{0}\" aria-labelledby=\"{0}-title\"><h2 id=\"{0}-title\">{1}</h2>\n",
                       section.id, EscapeHtml(section.title));
    if (!section.lead.empty()) out += "<p class=\"lead\">" + EscapeHtml(section.lead) + "</p>\n";
    for (const Block& block : section.blocks) std::visit([&out](const auto& b) { Render(b, out); }, block);
    out += "</section>\n";
  }
  return out;
}

std::string RenderNavigation(const Document& document) {
  std::string out;
  for (const Section& section : document.sections) {
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>", section.id, EscapeHtml(section.title));
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
  const std::array<std::pair<std::string_view, std::string>, 7> parts = {{
      {"title", EscapeHtml(document.title)},
      {"subtitle", EscapeHtml(document.subtitle)},
      {"style", std::string(PageStyle())},
      {"navigation", RenderNavigation(document)},
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
    const auto part = std::find_if(parts.begin(), parts.end(), [name](const auto& p) { return p.first == name; });
    HL_CHECK(close != std::string_view::npos && part != parts.end());
    out += part->second;
    rest.remove_prefix(close + 2);
  }
  out += rest;
  return out;
}

std::string ToCsv(const Table& table) {
  std::string out;
  for (size_t c = 0; c < table.columns.size(); ++c) out += (c > 0 ? "," : "") + CsvCell(table.columns[c].name);
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
