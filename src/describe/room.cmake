handlens_room(describe DEPS base image tflite)

# The wrapper templates stay files that an editor understands; the program carries their bytes.
file(GLOB describe_templates CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/describe/templates/*.in)
handlens_embed(describe templates.h Templates ${describe_templates})

# Hostile labels in the wrappers, read back by six languages' grammars.
add_executable(hostile_wrappers ${CMAKE_SOURCE_DIR}/tests/wrappers/hostile_wrappers.cc)
target_link_libraries(hostile_wrappers PRIVATE describe)
set_target_properties(hostile_wrappers PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
add_test(NAME describe.grammars COMMAND ${CMAKE_SOURCE_DIR}/tests/wrappers/run.sh ${CMAKE_BINARY_DIR})
set_tests_properties(describe.grammars PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
add_test(NAME describe.wrappers_compile COMMAND ${CMAKE_SOURCE_DIR}/tests/wrappers/compile.sh ${CMAKE_BINARY_DIR})
set_tests_properties(describe.wrappers_compile PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
