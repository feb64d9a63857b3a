handlens_room(cli FOLDERS commands DEPS pipeline serve doctor)

add_executable(handlens ${CMAKE_SOURCE_DIR}/src/cli/main.cc)
target_link_libraries(handlens PRIVATE cli)
add_dependencies(handlens handlens_judge)  # runs strangers' models
set_target_properties(handlens PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
# The manual page and the completions are the program's own; cmake's -E has no redirection.
add_custom_command(TARGET handlens POST_BUILD
  COMMAND sh -c "./handlens help --man > handlens.1 && for shell in bash zsh fish; do ./handlens help --completion $shell > handlens.$shell; done"
  WORKING_DIRECTORY ${CMAKE_BINARY_DIR} VERBATIM)

include(${CMAKE_SOURCE_DIR}/tests/cli/tests.cmake)
include(${CMAKE_SOURCE_DIR}/tests/cluster/tests.cmake)
