# Turns the files of a folder into one C++ source: a table of (name, bytes). Run as
#   cmake -DFOLDER=... -DOUT=... -P embed.cmake
# Bytes are written as numbers, not as string literals, so that no file's content can break the source.
file(GLOB files ${FOLDER}/*.in)
list(SORT files)
set(arrays "")
set(rows "")
set(index 0)
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char kBytes${index}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${name}\", std::string_view(kBytes${index}, sizeof kBytes${index})},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT}.new "// Made by src/describe/embed.cmake from src/describe/templates.
#include \"describe/templates.h\"

namespace handlens::describe {
namespace {
${arrays}
constexpr Template kTemplates[] = {
${rows}};
}  // namespace

std::span<const Template> Templates() { return kTemplates; }

}  // namespace handlens::describe
")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
file(REMOVE ${OUT}.new)
