// The assembler takes the bytes in (.incbin): a megabyte as an array literal would cost the compiler half a
// minute. Paths come from room.cmake.
#include "report/assets.h"

#include <cstddef>

#define HL_EMBED(name, path)                        \
  asm(".pushsection .rodata\n"                      \
      ".global hl_report_" #name                    \
      "_begin\n"                                    \
      ".global hl_report_" #name                    \
      "_end\n"                                      \
      "hl_report_" #name                            \
      "_begin:\n"                                   \
      ".incbin \"" path                             \
      "\"\n"                                        \
      "hl_report_" #name                            \
      "_end:\n"                                     \
      ".byte 0\n"                                   \
      ".popsection\n");                             \
  extern "C" const char hl_report_##name##_begin[]; \
  extern "C" const char hl_report_##name##_end[]

HL_EMBED(template, HANDLENS_PAGE "/index.html");
HL_EMBED(style, HANDLENS_PAGE "/style.css");
HL_EMBED(script, HANDLENS_PAGE "/report.js");
HL_EMBED(echarts, HANDLENS_ECHARTS_JS);

namespace handlens::report {
namespace {

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}

}  // namespace

std::string_view PageTemplate() { return Between(hl_report_template_begin, hl_report_template_end); }
std::string_view PageStyle() { return Between(hl_report_style_begin, hl_report_style_end); }
std::string_view PageScript() { return Between(hl_report_script_begin, hl_report_script_end); }
std::string_view ChartLibrary() { return Between(hl_report_echarts_begin, hl_report_echarts_end); }

}  // namespace handlens::report
