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

add_executable(bench_augment EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/augment.cc)
target_link_libraries(bench_augment PRIVATE image)
