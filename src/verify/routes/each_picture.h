// Asking the same question of many pictures, in parallel. Not for other rooms.
#pragma once

#include <algorithm>
#include <atomic>
#include <span>
#include <vector>

#include "base/parallel.h"
#include "verify/routes/judged.h"

namespace handlens::verify {

// The picture's file, upright, if it is still the one that was inspected; decoded in `share`. Kind kBadInput;
// the message names the file.
Result<image::Image> OpenPicture(const dataset::Picture& picture, const Reading& reading,
                                 image::DecodeShare& share);

// ask(image, picture), which gives a Result<Answer>, for every picture; the answers in the pictures' order,
// whatever reading.jobs. A picture that cannot be opened gets Answer() and a line in reading.troubles, unless
// the machine is to blame. Errors: the first of `ask` or of the machine, in the pictures' order;
// kInterrupted.
template <class Answer, class Ask>
Result<std::vector<Answer>> ForEachPicture(std::span<const int> pictures, Reading& reading, const Ask& ask) {
  std::vector<Result<Answer>> answers(pictures.size());
  std::vector<std::string> troubles(pictures.size());
  std::atomic<size_t> done = 0;
  image::DecodeMemory memory;
  ParallelFor(pictures.size(), reading.jobs, [&](size_t i) {
    if (reading.progress.StopRequested()) return;
    const dataset::Picture& picture = reading.dataset.pictures[static_cast<size_t>(pictures[i])];
    image::DecodeShare share(memory);
    const auto opened = OpenPicture(picture, reading, share);
    if (opened) answers[i] = ask(*opened, picture);
    else if (opened.error().kind == ErrorKind::kResources) answers[i] = tl::make_unexpected(opened.error());
    else troubles[i] = opened.error().message;
    reading.progress.Update(std::min(reading.announced, reading.done + static_cast<double>(++done)), "");
  });
  reading.done += static_cast<double>(pictures.size());
  if (reading.progress.StopRequested()) return Interrupted();
  std::vector<Answer> result;
  for (size_t i = 0; i < pictures.size(); ++i) {
    HL_ASSIGN(result.emplace_back(), std::move(answers[i]));
    if (!troubles[i].empty()) reading.troubles.push_back(std::move(troubles[i]));
  }
  return result;
}

}  // namespace handlens::verify
