// modelcard.md: what the records of a run say about its model, for people. Adds no fact of its own but what
// holds of every classifier of this kind.
#include "base/text.h"
#include "describe/describe.h"

namespace handlens::describe {
namespace {

namespace fs = std::filesystem;

// Text inside a table cell or a line: no markup of the user's names.
std::string Cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      out += ' ';
    } else {
      if (std::string_view("|*_`<>[]\\#").find(c) != std::string_view::npos) out += '\\';
      out += c;
    }
  }
  return out;
}

std::string Cell(const Json& text) { return Cell(std::string_view(text.get_ref<const std::string&>())); }

std::string Head(const Json& model) {
  std::string out = fmt::format("# {}\n\n", Cell(model.at("name")));
  if (const auto& notice = model.at("notice").get_ref<const std::string&>(); !notice.empty()) {
    out += fmt::format("> **{}**\n\n", Cell(std::string_view(notice)));
  }
  out += fmt::format("Version {}.", Cell(model.at("version")));
  if (model.at("author") != "") out += fmt::format(" Author: {}.", Cell(model.at("author")));
  if (model.at("license") != "") out += fmt::format(" Licence: {}.", Cell(model.at("license")));
  std::string labels;
  for (const Json& label : model.at("labels")) labels += (labels.empty() ? "" : ", ") + Cell(label);
  out += fmt::format(
      "\n\n## What it does\n\nSays which of {} classes a picture shows: {}.\n\nInput: {} x {} pixels, RGB, "
      "fit `{}`, resized exactly as `preprocess.json` says. Output: one score a class; they sum to 1 or "
      "less.",
      model.at("num_classes").get<int>(), labels, model.at("image_width").get<int>(),
      model.at("image_height").get<int>(), model.at("fit").get<std::string>());
  if (const double threshold = model.at("not_sure_below").get<double>(); threshold > 0) {
    out += fmt::format(" Below a top score of {:.2f}, apps say \"not sure\".", threshold);
  }
  if (model.contains("answering")) {
    const Json& answering = model.at("answering");
    out += "\n\n" + Cell(answering.at("sentence"));
    if (answering.contains("sets")) out += " " + Cell(answering.at("sets").at("sentence"));
  }
  if (model.contains("refer")) out += "\n\n" + Cell(model.at("refer").at("sentence"));
  return out + "\n\n";
}

std::string Files(const Json& description) {
  std::string out = "## Files\n\n| file | size | SHA-256 |\n|---|---|---|\n";
  for (const Json& f : description.at("files")) {
    out += fmt::format("| {} | {} | {} |\n", Cell(f.at("file")), ByteCount(f.at("bytes").get<double>()),
                       f.at("sha256").get<std::string>());
  }
  if (const std::string method = description.at("model").value("quantization", ""); !method.empty()) {
    out += fmt::format("\nThe int8 numbers of quantizedmodel.tflite come from {}.\n",
                       Cell(std::string_view(method)));
  }
  return out + "\n";
}

std::string Data(const Json& description) {
  const Json& data = description.at("data");
  const Json& counts = data.at("pictures_per_class");
  std::string out = "## Data\n\n";
  if (counts.empty()) return out + "The number of pictures was not recorded.\n\n";
  out += "| class | pictures |\n|---|---|\n";
  int total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    total += counts.at(i).get<int>();
    out += fmt::format("| {} | {} |\n", Cell(description.at("model").at("labels").at(i)),
                       counts.at(i).get<int>());
  }
  out += fmt::format("| all | {} |\n\n{} could not be used.\n\n", total,
                     Count(data.at("rejected").get<int>(), "file"));
  if (const std::string groups = data.value("groups", ""); !groups.empty())
    out += Cell(std::string_view(groups)) + "\n\n";
  return out;
}

// The user's own words, line by line.
std::string Notes(const Json& description) {
  const std::string notes = description.at("data").value("notes", "");
  if (notes.empty()) return "";
  std::string out = "## Notes of its author\n\n";
  for (size_t at = 0; at < notes.size();) {
    const size_t end = std::min(notes.find('\n', at), notes.size());
    out += Cell(std::string_view(notes).substr(at, end - at)) + "\n";
    at = end + 1;
  }
  return out + "\n";
}

// A verdict of an older handlens has no titles.
std::string RouteRow(const Json& route) {
  std::string what = Cell(route.value("title", route.at("name")));
  const std::string scope = route.value("scope", "");
  if (scope.starts_with("out-of-fold")) what += " (test pictures)";
  if (scope.starts_with("hold-out")) what += " (held-out pictures)";
  if (!route.contains("accuracy"))
    return fmt::format("| {} | {} | |\n", what, Cell(route.value("status", Json("not run"))));
  const Json& interval = route.at("ci95");
  return fmt::format("| {} | {} of {} = {:.1f} % | {:.1f} to {:.1f} % |\n", what,
                     route.at("correct").get<int>(), route.at("n").get<int>(),
                     100 * route.at("accuracy").get<double>(), 100 * interval.at(0).get<double>(),
                     100 * interval.at(1).get<double>());
}

// The verdict's own sentence and caveats; a record of an older handlens has none.
std::string VerdictWords(const Json& verdict) {
  const Json summary = verdict.value("summary", Json::object());
  std::string out = fmt::format(
      "**{}.**\n",
      Cell(std::string_view(summary.value(
          "headline", verdict.at("deployable").get<bool>() ? "Passed all checks" : "Failed some checks"))));
  if (const Json weakest = summary.value("weakest", Json::object());
      weakest.contains("label") && weakest.value("correct", 0) < weakest.value("n", 0)) {
    out += fmt::format("\nWeakest class: {}, {} of {} right.\n", Cell(weakest.at("label")),
                       weakest.value("correct", 0), weakest.value("n", 0));
  }
  const Json caveats = summary.value("caveats", Json::array());
  for (size_t i = 0; i < caveats.size(); ++i) out += (i == 0 ? "\n- " : "- ") + Cell(caveats[i]) + "\n";
  return caveats.empty() ? out : out + "\n";
}

std::string Validation(const Json& description, const Json* verdict) {
  const Json& data = description.at("data");
  std::string out = "## How it was validated\n\n";
  if (data.at("folds").get<int>() > 0) {
    out += fmt::format(
        "The pictures were divided {} times (folds), so that every picture was judged by a model that had "
        "not learnt from it.",
        data.at("folds").get<int>());
    if (data.at("holdout").get<int>() > 0) {
      out +=
          fmt::format(" {} were held out of all training.", Count(data.at("holdout").get<int>(), "picture"));
    }
    out += "\n\n";
  }
  if (verdict == nullptr) return out + "Not verified yet: run `handlens verify`.\n\n";
  out += "| by what | right | 95 % interval |\n|---|---|---|\n";
  for (const Json& route : verdict->at("routes")) out += RouteRow(route);
  out += "\n" + VerdictWords(*verdict);
  for (const Json& reason : verdict->at("reasons")) {
    out += fmt::format("- {}\n", reason.is_string() ? Cell(reason) : Cell(reason.at("text")));
  }
  return out + "\n";
}

std::string UseAndLimits(const Json& description) {
  const Json& use = description.at("data").at("intended_use");
  return fmt::format(
      "## Intended use\n\n{}\n\n## Limits\n\n"
      "- It knows nothing but its classes: a picture of anything else gets a low score at best, for which "
      "apps say \"not sure\", else a wrong label, perhaps with a high score.\n"
      "- The accuracy holds for pictures taken like those it was trained and tested on; other cameras, "
      "light, distance or background can lower it.\n"
      "- A score is not the probability of being right unless that was checked.\n\n",
      use == "" ? "Not stated by its author." : Cell(use));
}

std::string Proof(const Json& proof) {
  std::string out = "## Proof of the label order\n\n";
  out +=
      proof.at("passed").get<bool>()
          ? "Passed: for every file, any other order of the names would make fewer training pictures right, "
            "by more than chance explains.\n"
          : "**Not passed.**\n";
  for (const Json& sentence : proof.at("unproven")) out += fmt::format("- {}\n", Cell(sentence));
  return out + fmt::format("\nRuntime: TensorFlow Lite {}.\n", Cell(proof.at("runtime")));
}

// Whether the verdict is about these very files; an older one says nothing about them.
bool IsAbout(const Json& verdict, const Json& description) {
  const Json files = verdict.value("files", Json::object());
  for (const Json& f : description.at("files")) {
    const auto found = files.find(f.at("file").get<std::string>());
    if (found == files.end() || *found != f.at("sha256")) return false;
  }
  return true;
}

}  // namespace

Result<void> WriteModelCard(const fs::path& model, const Json& verdict) {
  HL_ASSIGN(const Json description, ReadRecord(model / "description.json", "handlens-description", 1));
  HL_ASSIGN(const std::string text,
            FromJson(description, (model / "description.json").string(), [&](const Json& d) {
              const Json* current = !verdict.is_null() && IsAbout(verdict, d) ? &verdict : nullptr;
              return Head(d.at("model")) + Notes(d) + Files(d) + Data(d) + Validation(d, current) +
                     UseAndLimits(d) + Proof(d.at("proof"));
            }));
  return WriteFileAtomic(model / "modelcard.md", text);
}

}  // namespace handlens::describe
