find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(GIF REQUIRED)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
# libheif is opened at run time; only its header is needed here.
pkg_check_modules(HEIF REQUIRED libheif)
handlens_room(image FOLDERS formats camera DEPS base pixels LIBS JPEG::JPEG PNG::PNG TIFF::TIFF GIF::GIF PkgConfig::WEBP ${CMAKE_DL_LIBS})
# Augmentation runs once a picture an epoch, the camera thousands of times a verdict; -O2 leaves their loops scalar.
set(hot ${CMAKE_SOURCE_DIR}/src/image/warp.cc ${CMAKE_SOURCE_DIR}/src/image/augment.cc ${CMAKE_SOURCE_DIR}/src/image/camera/scene.cc
  ${CMAKE_SOURCE_DIR}/src/image/camera/optics.cc ${CMAKE_SOURCE_DIR}/src/image/camera/take.cc)
set_source_files_properties(${hot}
  PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)

# A development program: decodes a folder of awkward files and compares with its expected.csv (see the source).
add_executable(corpus_check EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tools/corpus_check.cc)
target_link_libraries(corpus_check PRIVATE image)

add_executable(bench_augment EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/augment.cc)
target_link_libraries(bench_augment PRIVATE image)

add_executable(bench_camera EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/camera.cc)
target_link_libraries(bench_camera PRIVATE image)
