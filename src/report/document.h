// The document: what the page says, before it is HTML, JSON or CSV. Sections hold blocks (sentences, tables, figures,
// pictures); every number of a figure also stands in a table. Nothing here knows how anything looks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/stats.h"

namespace handlens::report {

// One cell of a table: for people and for machines.
struct Cell {
  std::string text;      // as people read it: "65.8 ± 4.6"
  Json value;            // as CSV and JSON hold it; null = the text
  std::string hint;      // read on hover: n and interval
  std::string mark;      // a word shown beside the text, with emphasis: "chosen"; empty = none
};

enum class Align { kText, kNumber };
struct Column {
  std::string name;
  Align align = Align::kText;
};

enum class Fold { kOpen, kClosed };  // closed: behind a line that opens it

struct Table {
  std::string id;        // [a-z0-9-]+, unique in the document; the CSV's file name
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows = {};
  Fold fold = Fold::kOpen;
  bool row_headers = true;   // the first column names the row
  size_t shown_rows = 100;   // of the page; JSON and CSV hold all
};

// A figure that page/report.js draws; `data` as in docs/report.md for each kind.
struct Chart {
  std::string id;        // [a-z0-9-]+, unique
  std::string kind;      // "bars", "intervals", "lines", "heat", "scatter"
  std::string caption;   // one plain sentence: what is seen
  int height_px = 320;
  Json data;
};

enum class Tone { kPlain, kGood, kBad, kWarning };
std::string_view ToneName(Tone tone);   // plain, good, bad, warning: in records and as a class of the page
struct Note {
  Tone tone = Tone::kPlain;
  std::string title;     // may be empty
  std::vector<std::string> lines;
};

struct Paragraph {
  std::string text;
};

// Few big numbers side by side.
struct Fact {
  std::string value, name, detail;
};
struct Facts {
  std::vector<Fact> facts;
};

struct GalleryPicture {
  std::string source;    // data: URI of a JPEG; empty = no thumbnail
  std::string name;      // alternative text
  std::vector<std::string> lines;
};
struct Gallery {
  std::string title, note;
  std::vector<GalleryPicture> pictures;
};

struct Code {
  std::string title, text;
};

using Block = std::variant<Paragraph, Note, Facts, Table, Chart, Gallery, Code>;

struct Section {
  std::string id, title;
  std::string lead;      // one sentence: what this section answers
  std::vector<Block> blocks;
};

struct Document {
  std::string title, subtitle;
  Tone tone = Tone::kPlain;
  std::vector<Section> sections;
};

// Everything but pictures' bytes; the record RUN/report.json.
Json ToJson(const Document& document);

// All charts, by id: what the page carries for report.js.
Json Charts(const Document& document);

// Cells and sentences.
Cell Text(std::string text);
Cell Count(int64_t n);                       // 2,360,965
Cell Percent(double share);                  // 0..1 -> "65.8 %"; NaN and the like -> "–"
Cell Number(double value, int decimals);
Cell PercentStd(const MeanStd& share);       // "65.8 ± 4.6"
Cell Range(const Interval& share);           // "62.0 – 69.4 %"
Cell Missing();                              // "–"
std::string PercentText(double share);
std::string RangeText(const Interval& share);
std::string KilobytesText(int64_t bytes);    // 1 KB = 1,024 bytes, as the paper's sizes
std::string DurationText(double seconds);    // "3 min 12 s"

}  // namespace handlens::report
