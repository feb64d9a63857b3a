handlens_room(pixels)
# C11 that is C++ as well (pixels.c says why); here it is compiled as C++, like all that calls it.
target_sources(pixels PRIVATE ${CMAKE_CURRENT_LIST_DIR}/pixels.c)
set_source_files_properties(${CMAKE_CURRENT_LIST_DIR}/pixels.c PROPERTIES LANGUAGE CXX)
# Loops over bytes of unknown length: -O2 leaves them scalar.
target_compile_options(pixels PRIVATE $<$<CONFIG:Release>:-O3>)
