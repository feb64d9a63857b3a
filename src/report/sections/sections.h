// The sections of the report in the order of the page. Each turns records into words, tables and figures; one
// whose step was not run has no blocks and names the command that makes it. Pure but for thumbnails and the
// camera's contact sheet, which are read from files.
#pragma once

#include "report/document.h"
#include "report/records.h"

namespace handlens::report {

Section VerdictSection(const Records& records);
Section RoutesSection(const Records& records);
Section DataSection(const Records& records);
// How a pre-trained network sees the pictures: probable mislabels, the learning curve, the map. No blocks
// where there is no review.
Section ReviewSection(const Records& records);
Section FoldsSection(const Records& records);
Section SearchSection(const Records& records);
Section LearningSection(const Records& records);
Section ModelSection(const Records& records);
Section ErrorsSection(const Records& records);
Section AnsweringSection(const Records& records);
Section MistakesSection(const Records& records);
Section ReduceSection(const Records& records);
Section ConvertSection(const Records& records);
Section WaysSection(const Records& records);
Section TimeSection(const Records& records);
Section ReproduceSection(const Records& records);
Section PhonesSection(const Records& records);
Section NotDoneSection(const Records& records);

// The part of PhonesSection about the simulated camera; nothing where the verdict has none. The contact sheet
// is made anew from a held-out picture's file.
void AddCamera(const Records& records, Section& section);

// The part of SearchSection about repeated and nested cross-validation; nothing where there was none.
void AddResampling(const Records& records, Section& section);

// The part of MistakesSection that says why it answered; nothing where the verdict has none.
void AddWhy(const Records& records, Section& section);

// All of them, with the page's title (page.cc).
Document MakeDocument(const Records& records);

// data: URI of a JPEG file's bytes.
std::string JpegUri(std::span<const uint8_t> jpeg);
// The same of RUN/thumbnails/ID.jpg; empty when there is none or it is larger than a thumbnail should be (24
// KB).
std::string ThumbnailUri(const Records& records, const dataset::Picture& picture);

// The first screen.
Summary MakeSummary(const Records& records);

// Test pictures that the model names wrongly, the most confident answers first.
struct Mistake {
  int picture = 0, truth = 0, called = 0;
  double score = 0, score_of_truth = 0;  // 0..1
};
std::vector<Mistake> WorstMistakes(const Records& records);

}  // namespace handlens::report
