#include "report/routes.h"

#include <algorithm>
#include <array>

#include "verify/words.h"

namespace handlens::report {
namespace {

// That a verdict needs, in the order of the paper's step 7: gallery before camera.
constexpr std::array<std::string_view, 4> kNeededRoutes = {"computer", "quantized", "gallery", "camera"};

// A verdict of an older handlens has no titles.
std::string TitleOf(const Json& route) {
  const std::string title = TextAt(route, "title");
  return title.empty() ? verify::RouteTitle(TextAt(route, "name")) : title;
}

std::string JudgedPictures(const std::string& scope) {
  if (scope.starts_with("out-of-fold")) return "test pictures";
  if (scope.starts_with("hold-out")) return "held-out pictures, by the shipped file";
  if (scope == "field test") return "photographs taken with it";
  if (scope == "field test, judged here") return "photographs that came home, judged on this computer";
  return scope;
}

}  // namespace

std::vector<Route> RoutesOf(const Json& verdict) {
  std::vector<Route> routes;
  for (const Json& json : At(verdict, "routes")) {
    if (const std::string status = TextAt(json, "status"); !status.empty() && status != "done") continue;
    Route route{.name = TextAt(json, "name"),
                .title = TitleOf(json),
                .pictures = JudgedPictures(TextAt(json, "scope")),
                .json = &json};
    route.n = static_cast<int64_t>(NumberAt(json, "n").value_or(0));
    route.correct = static_cast<int64_t>(NumberAt(json, "correct").value_or(0));
    const double share = route.n > 0 ? static_cast<double>(route.correct) / static_cast<double>(route.n) : 0;
    route.accuracy = NumberAt(json, "accuracy").value_or(share);
    route.groups = static_cast<int64_t>(NumberAt(json, "groups").value_or(0));
    const Json& ci = At(json, "ci95");
    if (ci.is_array() && ci.size() == 2 && ci[0].is_number() && ci[1].is_number()) {
      route.ci = {ci[0].get<double>(), ci[1].get<double>()};
    } else {
      route.ci = Wilson95(static_cast<size_t>(std::max<int64_t>(0, route.correct)),
                          static_cast<size_t>(std::max<int64_t>(0, route.n)));
    }
    routes.push_back(std::move(route));
  }
  return routes;
}

const Route* FindRoute(const std::vector<Route>& routes, std::string_view name) {
  const auto found =
      std::find_if(routes.begin(), routes.end(), [&](const Route& r) { return r.name == name && r.n > 0; });
  return found == routes.end() ? nullptr : &*found;
}

const Route* MainRoute(const std::vector<Route>& routes) {
  const Route* const quantized = FindRoute(routes, "quantized");
  return quantized != nullptr ? quantized : FindRoute(routes, "computer");
}

std::vector<std::string> RoutesNotRun(const std::vector<Route>& routes) {
  std::vector<std::string> titles;
  for (const std::string_view name : kNeededRoutes) {
    if (FindRoute(routes, name) == nullptr) titles.push_back(verify::RouteTitle(name));
  }
  return titles;
}

}  // namespace handlens::report
