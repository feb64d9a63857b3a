// The files of src/report/page and the plotting library (Apache ECharts), as they were when the program was
// built.
#pragma once

#include <string_view>

namespace handlens::report {

std::string_view PageTemplate();  // page/index.html; {{name}} marks what ToHtml puts in
std::string_view PageStyle();     // page/style.css
std::string_view PageScript();    // page/report.js
std::string_view ChartLibrary();  // echarts.min.js

}  // namespace handlens::report
