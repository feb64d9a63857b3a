#include "options.h"

#include <charconv>
#include <string_view>

namespace handlens::device {
namespace {

// One of three: a word, a number with its range, a switch.
struct Row {
  std::string_view name, value, help;
  std::string Options::*word = nullptr;
  std::string Conditions::*condition = nullptr;
  int Options::*number = nullptr;
  int low = 0, high = 0;
  bool Options::*on = nullptr;
};

constexpr Row kRows[] = {
    {"--camera", "SOURCE",
     "answers for what a camera sees: /dev/video0; - for MJPEG on standard input; a *.mjpeg, a *.y4m, a "
     "folder of pictures",
     &Options::camera},
    {"--hold", "N", "an answer counts when it was the same in N frames in a row (3)", nullptr, nullptr,
     &Options::hold, 1, 1000},
    {"--every-frame", "", "a line for each frame, not only when the answer changes", nullptr, nullptr,
     nullptr, 0, 0, &Options::every_frame},
    {"--repeat", "", "a file or folder begins again at its end", nullptr, nullptr, nullptr, 0, 0,
     &Options::repeat},
    {"--serve", "", "shows the answers as a page to everyone in this network, by https", nullptr, nullptr,
     nullptr, 0, 0, &Options::serve},
    {"--port", "N", "where --serve does so (8443)", nullptr, nullptr, &Options::port, 1, 65535},
    {"--loopback", "", "with --serve: to this device only, by http", nullptr, nullptr, nullptr, 0, 0,
     &Options::loopback},
    {"--self-check", "", "proves that this device sees and scores as the computer did", nullptr, nullptr,
     nullptr, 0, 0, &Options::self_check},
    {"--record", "FILE", "writes what the self-check found, for `handlens verify RUN --import FILE`",
     &Options::record},
    {"--field-test", "FILE",
     "shows the camera N things of one label and counts the answers; FILE grows, and goes to `verify "
     "--import`; FILE.zip keeps the photographs, too",
     &Options::field_test},
    {"--label", "LABEL", "what is shown", nullptr, &Conditions::label},
    {"--distance", "WORD", "how much of the square it fills: fills, half, quarter", nullptr,
     &Conditions::distance},
    {"--place", "WORD", "where it is: centre, edge", nullptr, &Conditions::place},
    {"--background", "WORD", "what is behind it: usual, plain, busy", nullptr, &Conditions::background},
    {"--shots", "N", "how many (10)", nullptr, nullptr, &Options::shots, 1, 1000},
    {"--pause", "SECONDS", "between two of them (1)", nullptr, nullptr, &Options::pause_s, 0, 600},
    {"--about", "", "what this model is, and its model card", nullptr, nullptr, nullptr, 0, 0,
     &Options::about},
    {"--help", "", "this text", nullptr, nullptr, nullptr, 0, 0, &Options::help},
};

const Row* Find(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

Result<void> Set(const Row& row, std::string_view value, Options& options) {
  if (row.word != nullptr) options.*row.word = value;
  if (row.condition != nullptr) options.conditions.*row.condition = value;
  if (row.number == nullptr) return {};
  const auto read = std::from_chars(value.data(), value.data() + value.size(), options.*row.number);
  if (read.ec == std::errc() && read.ptr == value.data() + value.size() && options.*row.number >= row.low &&
      options.*row.number <= row.high)
    return {};
  return Fail(ErrorKind::kUsage, "{} {}: a whole number from {} to {} is expected", row.name, value, row.low,
              row.high);
}

Result<void> Check(const Options& options) {
  if (!options.field_test.empty() && options.conditions.label.empty())
    return Fail(ErrorKind::kUsage, "--field-test: say what is shown with --label LABEL");
  if (!options.record.empty() && !options.self_check)
    return Fail(ErrorKind::kUsage,
                "--record: of --self-check; a field test's record is the file of --field-test");
  if (options.loopback && !options.serve) return Fail(ErrorKind::kUsage, "--loopback: of --serve");
  return {};
}

}  // namespace

Result<Options> ReadOptions(int argc, const char* const* argv) {
  Options options;
  bool only_pictures = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (only_pictures || !word.starts_with("--")) {
      options.pictures.emplace_back(word);
      continue;
    }
    only_pictures = word == "--";
    if (only_pictures) continue;
    const size_t equals = word.find('=');
    const Row* const row = Find(word.substr(0, equals));
    if (row == nullptr) return Fail(ErrorKind::kUsage, "{}: no such option; --help names them", word);
    if (row->on != nullptr) {
      options.*row->on = true;
      continue;
    }
    if (equals == std::string_view::npos && i + 1 == argc)
      return Fail(ErrorKind::kUsage, "{}: {} is missing", word, row->value);
    HL_TRY(Set(*row, equals == std::string_view::npos ? std::string_view(argv[++i]) : word.substr(equals + 1),
               options));
  }
  HL_TRY(Check(options));
  return options;
}

std::string HelpText(const std::string& program) {
  std::string text = fmt::format(
      "{0} PICTURE ...             names what pictures show (JPEG, PNG, BMP)\n"
      "{0} --camera /dev/video0    names what a camera sees; with --serve on a page, too\n"
      "{0} --self-check            proves that this device answers as the computer did\n\n"
      "A line an answer, with tabs between: sure, not-sure or refer; the score; the label; the picture or "
      "the frame's number.\n"
      "not-sure: do not act on the label; the labels that are possible may follow as a fifth part. refer: "
      "the label must not be missed, and may be it; ask an expert.\n\n",
      program);
  for (const Row& row : kRows)
    text += fmt::format("  {:<22} {}\n", fmt::format("{} {}", row.name, row.value), row.help);
  return text;
}

}  // namespace handlens::device
