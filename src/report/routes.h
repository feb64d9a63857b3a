// The routes of a verdict as the page shows them: read once from the record, named for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/document.h"
#include "report/records.h"

namespace handlens::report {

struct Route {
  std::string name, title;
  std::string pictures;        // which were judged, in words
  const Json* json = nullptr;  // its record; lives as long as the records
  int64_t n = 0, correct = 0;
  double accuracy = 0;
  Interval ci = {};
  int64_t groups = 0;  // that the interval respects; 0 = it counts pictures
};

// Those that were run, in the record's order.
std::vector<Route> RoutesOf(const Json& verdict);

// One that judged any picture; nullptr = none of that name.
const Route* FindRoute(const std::vector<Route>& routes, std::string_view name);

// The route whose accuracy stands first on the page: the int8 file's, out of fold, else the float file's;
// nullptr = none.
const Route* MainRoute(const std::vector<Route>& routes);

// Titles of those that the paper's step 7 asks for and that were not run.
std::vector<std::string> RoutesNotRun(const std::vector<Route>& routes);

}  // namespace handlens::report
