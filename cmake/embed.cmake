# Turns files into one C++ source, so that the program carries their bytes: a table of (name, bytes), sorted by path. Run as
#   cmake -DFILES="a;b" -DROOM=describe -DHEADER=describe/templates.h -DFUNCTION=Templates -DOUT=... -P embed.cmake
# The header declares std::span<const EmbeddedFile> FUNCTION() in the room's namespace (src/base/embedded.h).
# Bytes are written as numbers, not as string literals, so that no file's content can break the source.
list(SORT FILES)
set(arrays "")
set(rows "")
set(index 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND arrays "constexpr char kBytes${index}[] = {${bytes}};\n")
  string(APPEND rows "    {\"${name}\", std::string_view(kBytes${index}, sizeof kBytes${index})},\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE ${OUT}.new "// Made by cmake/embed.cmake.
#include \"${HEADER}\"

namespace handlens::${ROOM} {
namespace {
${arrays}
constexpr EmbeddedFile kFiles[] = {
${rows}};
}  // namespace

std::span<const EmbeddedFile> ${FUNCTION}() { return kFiles; }

}  // namespace handlens::${ROOM}
")
file(COPY_FILE ${OUT}.new ${OUT} ONLY_IF_DIFFERENT)
file(REMOVE ${OUT}.new)
