handlens_room(verify FOLDERS routes phones predict DEPS base image pixels tflite dataset split describe package
  LIBS PkgConfig::LIBZIP)
add_dependencies(verify_test handlens_judge evil_runtime)
target_compile_definitions(verify_test PRIVATE EVIL_RUNTIME="$<TARGET_FILE:evil_runtime>")
# The program's heat maps, which the apps' tests compare theirs with.
add_executable(why_map ${CMAKE_SOURCE_DIR}/tests/phones/why_map.cc)
target_link_libraries(why_map PRIVATE verify)
set_target_properties(why_map PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
