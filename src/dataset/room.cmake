pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
handlens_room(dataset FOLDERS layouts check near DEPS base image pixels LIBS PkgConfig::UTF8PROC PkgConfig::LIBZIP)
# A development program: recall, precision and time of the near-duplicate search (see docs/data-check.md).
add_executable(duplicate_study EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/studies/duplicate_study.cc)
target_link_libraries(duplicate_study PRIVATE dataset)
