// What an app says when its camera looks at none of the classes. run.cc asks for it. Not for other rooms.
#pragma once

#include <string>
#include <vector>

#include "image/camera/camera.h"
#include "verify/routes/judged.h"
#include "verify/routes/shipped.h"

namespace handlens::verify {

inline constexpr size_t kStrangers = 100;

// The packed file's highest score for each of kStrangers frames of the simulated camera that show a
// background alone (plain colours, textures, heaps of things, or the user's own), always the same ones.
// Nothing is set by such pictures: the guard and the threshold know the user's own only (docs/verdict.md,
// "Not sure"). Empty without a packed file. Kind kInterrupted when progress asks to stop; the runtime's
// errors.
Result<std::vector<double>> AskStrangers(const Shipped& shipped, const image::Backdrops& backdrops,
                                         const std::string& kernels, Reading& reading);

}  // namespace handlens::verify
