// What a verdict says to people: one sentence that claims no more than was seen, the caveats that belong
// beside it, and the class to look at first. The terminal, the report and the model card take their words
// from here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "verify/verify.h"

namespace handlens::verify {

// "The small file is as good as the large one" for "quantized"; the rule's own name where it has no title.
std::string RuleTitle(std::string_view rule);

// "Pictures from the phone's gallery" for "gallery"; the name itself where it has no title.
std::string RouteTitle(std::string_view name);
// Likewise; a phone's route is named after the phone.
std::string RouteTitle(const Verdict& verdict, const Route& route);

// How many of the rules failed.
size_t FailedChecks(const Verdict& verdict);

// "Passed 10 of 10 checks on pictures like yours; not tried on a phone" or "Failed 2 of 12 checks: ...". No
// full stop. Needs the rules and the routes' names only.
std::string Headline(const Verdict& verdict);

// The route whose accuracy is the model's: the int8 file, out of fold, else the float one; nullptr where
// neither was judged.
const Route* MainRoute(const Verdict& verdict);

std::optional<WeakestClass> Weakest(const Verdict& verdict);

// Three sentences that a reader must see beside the number, the gravest first. Needs the routes with their
// confusion.
std::vector<std::string> Caveats(const Verdict& verdict);

// What repeated and nested cross-validation say (crossvalidation.json, or a verdict's part of it).
std::vector<std::string> ResamplingSentences(const Json& crossvalidation);

// The command to go on with where the verdict says yes, as one line to paste.
std::string CommandAfterPass(const std::string& run);

// The fault of the simulated camera that the app's users should mind first ("distance", "light", ...;
// docs/formats-app.md): of those that the advice speaks of and users can do something about, the one that
// does harm earliest. Empty where there is none.
struct Guide {
  std::string name;
  int number =
      0;  // from where on it does harm: % of the square's side or degrees; 0: nothing that users can see
};
Guide GuideOf(const CameraFindings& camera);

}  // namespace handlens::verify
