handlens_room(describe DEPS base tflite)

# The wrapper templates stay files that an editor understands; the program carries their bytes.
file(GLOB describe_templates CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/describe/templates/*.in)
set(describe_embedded ${CMAKE_BINARY_DIR}/generated/describe_templates.cc)
add_custom_command(
  OUTPUT ${describe_embedded}
  COMMAND ${CMAKE_COMMAND} -DFOLDER=${CMAKE_SOURCE_DIR}/src/describe/templates -DOUT=${describe_embedded}
          -P ${CMAKE_SOURCE_DIR}/src/describe/embed.cmake
  DEPENDS ${describe_templates} ${CMAKE_SOURCE_DIR}/src/describe/embed.cmake
  VERBATIM)
target_sources(describe PRIVATE ${describe_embedded})
