find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
handlens_room(image DEPS base pixels LIBS JPEG::JPEG PNG::PNG)
# Augmentation runs once a picture an epoch; -O2 leaves its loops scalar.
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/image/warp.cc ${CMAKE_SOURCE_DIR}/src/image/augment.cc
  PROPERTIES COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)
