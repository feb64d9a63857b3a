find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
find_package(TIFF REQUIRED)
find_package(GIF REQUIRED)
pkg_check_modules(WEBP REQUIRED IMPORTED_TARGET libwebp libwebpdemux)
# libheif is opened at run time; only its header is needed here.
pkg_check_modules(HEIF REQUIRED libheif)
handlens_room(image FOLDERS formats camera dicom DEPS base pixels LIBS JPEG::JPEG PNG::PNG TIFF::TIFF GIF::GIF PkgConfig::WEBP ${CMAKE_DL_LIBS})
# DCMTK is linked to a library of its own, which is opened with the first DICOM file.
find_path(DCMTK_INCLUDE dcmtk/dcmimage/diregist.h REQUIRED)
add_library(handlens_dicom SHARED ${CMAKE_CURRENT_LIST_DIR}/dicom/module.cc)
target_include_directories(handlens_dicom PRIVATE ${CMAKE_SOURCE_DIR}/src)
target_link_libraries(handlens_dicom PRIVATE dcmimage dcmimgle dcmjpeg dcmjpls dcmdata oflog ofstd)
target_compile_options(handlens_dicom PRIVATE -Wall -Wextra -Werror -fvisibility=hidden)
set_target_properties(handlens_dicom PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib)
# Its dictionary goes with it: where DCMTK is carried in a package, the system has none.
file(GLOB folders /usr/share/libdcmtk* /usr/share/dcmtk* /usr/local/share/dcmtk*)
find_file(DCMTK_DICTIONARY dicom.dic PATHS ${folders} NO_DEFAULT_PATH REQUIRED)
configure_file(${DCMTK_DICTIONARY} ${CMAKE_BINARY_DIR}/lib/handlens_dicom.dic COPYONLY)
add_dependencies(image handlens_dicom)
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
