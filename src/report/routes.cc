#include "report/routes.h"

#include <algorithm>
#include <array>

namespace handlens::report {
namespace {

struct KnownRoute {
  std::string_view name, title;
};
// The needed ones among the first, in the order of the paper's step 7: gallery before camera.
constexpr std::array<KnownRoute, 11> kRoutes = {{
    {"computer", "Float file on the computer"},
    {"quantized", "Int8 file on the computer"},
    {"gallery", "Pictures from the phone's gallery"},
    {"camera", "A simulated camera, usual care"},
    {"camera-hard", "A simulated camera, little care"},
    {"camera-holdout", "A simulated camera, usual care"},
    {"camera-hard-holdout", "A simulated camera, little care"},
    {"computer-holdout", "Float file"},
    {"quantized-holdout", "Int8 file"},
    {"float16-holdout", "Float16 file"},
    {"dynamic-holdout", "Dynamic-range file"},
}};
// The first four are those that a verdict needs; the others are looked at besides.
constexpr size_t kNeededRoutes = 4;

// A phone's route is named after the phone.
std::string TitleOf(const Json& verdict, const Json& route) {
  const std::string name = TextAt(route, "name");
  const auto phone = NumberAt(route, "phone");
  const Json& phones = At(verdict, "phones");
  if (!phone || !phones.is_array() || *phone < 0 || *phone >= static_cast<double>(phones.size()))
    return RouteTitle(name);
  const std::string who = TextAt(phones[static_cast<size_t>(*phone)], "title");
  if (name.starts_with("phone-camera")) return "A real camera, of " + who;
  return (name.find("field-test") != std::string::npos ? "Field test with " : "Self-check on ") + who;
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
                .title = TitleOf(verdict, json),
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

std::string RouteTitle(const std::string& name) {
  for (const KnownRoute& route : kRoutes) {
    if (route.name == name) return std::string(route.title);
  }
  return name;
}

std::vector<std::string> RoutesNotRun(const std::vector<Route>& routes) {
  std::vector<std::string> titles;
  for (size_t i = 0; i < kNeededRoutes; ++i) {
    const bool ran = std::any_of(routes.begin(), routes.end(),
                                 [&](const Route& r) { return r.name == kRoutes[i].name && r.n > 0; });
    if (!ran) titles.emplace_back(kRoutes[i].title);
  }
  return titles;
}

}  // namespace handlens::report
