handlens_room(convert DEPS base image nn tflite dataset train)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/convert/evaluate.cc PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")
