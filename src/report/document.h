// The document: what the page says, before it is HTML, JSON or CSV. Sections hold blocks (sentences, tables,
// figures, pictures); every number of a figure also stands in a table. Nothing here knows how anything looks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"
#include "base/stats.h"

namespace handlens::report {

// A share with its interval, drawn as a line with a dot; all 0..1.
struct Bar {
  double value = 0;
  Interval ci = {};
};

// One cell of a table: for people and for machines.
struct Cell {
  std::string text;                  // as people read it: "65.8 ± 4.6"
  Json value;                        // as CSV and JSON hold it; null = the text
  std::string hint;                  // read on hover: n and interval
  std::string mark;                  // a word shown beside the text, with emphasis: "chosen"; empty = none
  std::string note = {};             // a second, smaller line
  std::optional<Bar> bar = {};       // drawn in front of the text
  std::optional<double> shade = {};  // 0..1: how dark the cell is
  bool mark_wrong = false;           // shaded in the colour of mistakes
  std::string pick =
      {};  // a click shows these pictures: "TRUE,CALLED" as indices of labels, either may be empty
};

enum class Align { kText, kNumber };
struct Column {
  std::string name;
  Align align = Align::kText;
  std::string note = {};  // explains the name, shown on hover
  bool minor = false;     // left out on a phone
};

enum class Fold { kOpen, kClosed };  // closed: behind a line that opens it

enum class Look {
  kRows,
  kMatrix,
  kSteps
};  // kMatrix: narrow columns, names turned; kSteps: cells as boxes of a flow

struct Table {
  std::string id;  // [a-z0-9-]+, unique in the document; the CSV's file name
  std::string caption;
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows = {};
  Fold fold = Fold::kOpen;
  bool row_headers = true;  // the first column names the row
  size_t shown_rows = 100;  // of the page; JSON and CSV hold all
  Look look = Look::kRows;
};

// A figure that page/report.js draws; `data` as in docs/report.md for each kind.
struct Chart {
  std::string id;       // [a-z0-9-]+, unique
  std::string kind;     // "bars", "intervals", "lines", "heat", "scatter"
  std::string caption;  // one plain sentence: what is seen
  int height_px = 320;
  Json data;
  Fold fold = Fold::kOpen;
};

enum class Tone { kPlain, kGood, kBad, kWarning };
std::string_view ToneName(Tone tone);  // plain, good, bad, warning: in records and as a class of the page
struct Note {
  Tone tone = Tone::kPlain;
  std::string title;  // may be empty
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
  std::string source;  // data: URI of a JPEG; empty = no thumbnail
  std::string name;    // alternative text
  std::vector<std::string> lines;
  int picture = -1;  // index in the dataset, where a click shows more of it
};
struct Gallery {
  std::string title, note;
  std::vector<GalleryPicture> pictures;
  Fold fold = Fold::kOpen;
};

struct Code {
  std::string title, text;
};

// The first screen: what a reader in a hurry takes away.
struct Summary {
  Tone tone = Tone::kPlain;
  std::string headline;    // the verdict in one sentence
  Fact number;             // the one accuracy; no value = there is none yet
  std::optional<Bar> bar;  // its interval
  std::vector<std::string> reasons, caveats;
  std::string weakest, weakest_pick;  // a sentence; which pictures show it
  Gallery mistakes;                   // at most three
  struct Next {
    std::string text, command;  // the command may be empty
  };
  std::vector<Next> next;
  struct File {
    std::string path, what, size;  // path relative to the run folder
  };
  std::vector<File> files;
};

// Every test picture with the model's answer, for the page's viewer; rows are sorted by picture.
struct Pictures {
  std::vector<std::string> labels;
  struct Row {
    int picture = 0, truth = 0, called = 0;
    double score = 0;  // of the answer, 0..1
    std::string path,
        source;  // source: data: URI where no gallery of the page holds the picture; may be empty
  };
  std::vector<Row> rows;
};

using Block = std::variant<Paragraph, Note, Facts, Table, Chart, Gallery, Code, Summary, Pictures>;

struct Section {
  std::string id, title;
  std::string lead;  // one sentence: what this section answers
  std::vector<Block> blocks;
  Fold fold = Fold::kOpen;   // a closed one is a line of the page until somebody opens it
  std::string made_by = {};  // "verify RUN": the command to run for it; empty where that was done
};

struct Document {
  std::string title;
  std::string subtitle;  // model and size on the phone
  std::string date;      // when the model was made: "27 November 2026"; empty where no record says it
  Tone tone = Tone::kPlain;
  std::vector<Section> sections;
};

// The data of a chart of lines whose axes both go from 0 to 100 %, with a dashed line from corner to corner.
struct Square {
  std::string x_name, y_name, diagonal;  // the diagonal's name: "guessing"
  Json series = Json::array();
};
Json SquareData(Square square);

// Everything but pictures' bytes; the record RUN/report.json.
Json ToJson(const Document& document);

// All charts, by id: what the page carries for report.js.
Json Charts(const Document& document);

// The rows of Pictures for the page's viewer: {labels, pictures: [[picture, truth, called, score, path,
// source]]}; null where there are none.
Json PicturesOfPage(const Document& document);

// Cells and sentences.
Cell Text(std::string text);
Cell Count(int64_t n);       // 2,360,965
Cell Percent(double share);  // 0..1 -> "65.8 %"; NaN and the like -> "–"
Cell Number(double value, int decimals);
Cell PercentStd(const MeanStd& share);  // "65.8 ± 4.6"
Cell Range(const Interval& share);      // "62.0 – 69.4 %"
Cell Missing();                         // "–"
std::string PercentText(double share);
std::string RangeText(const Interval& share);
std::string DurationText(double seconds);  // "3 min 12 s"

}  // namespace handlens::report
