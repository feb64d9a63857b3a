handlens_room(convert DEPS base image nn tflite dataset train)
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/convert/evaluate.cc PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")
# An opponent of the engine's benchmark: the official runtime with a file of ours.
add_executable(bench_tflite EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/tflite_worker.cc)
target_link_libraries(bench_tflite PRIVATE convert)
