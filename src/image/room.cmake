find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(GIF REQUIRED)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
handlens_room(image DEPS base pixels LIBS JPEG::JPEG PNG::PNG TIFF::TIFF GIF::GIF PkgConfig::WEBP)
# Augmentation runs once a picture an epoch; -O2 leaves its loops scalar.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/image/warp.cc ${CMAKE_SOURCE_DIR}/src/image/augment.cc
  PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)

# A development program: decodes a folder of awkward files and compares with its expected.csv (see the source).
add_executable(corpus_check EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tools/corpus_check.cc)
target_link_libraries(corpus_check PRIVATE image)

# Fuzz targets (Clang only), see tests/fuzz.
option(HANDLENS_FUZZ "Build the fuzz targets; needs Clang and HANDLENS_SANITIZE" OFF)
if(HANDLENS_FUZZ)
  target_compile_options(image PRIVATE -fsanitize=fuzzer-no-link)
  target_compile_options(pixels PRIVATE -fsanitize=fuzzer-no-link)
  foreach(target decode pixels)
    add_executable(${target}_fuzz ${CMAKE_SOURCE_DIR}/tests/fuzz/${target}_fuzz.cc)
    target_link_libraries(${target}_fuzz PRIVATE image)
    target_compile_options(${target}_fuzz PRIVATE -fsanitize=fuzzer)
    target_link_options(${target}_fuzz PRIVATE -fsanitize=fuzzer)
  endforeach()
endif()
