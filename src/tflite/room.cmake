# The two flatbuffer schemas of this room become headers under generated/tflite; flatc and libzip come from the system.
find_program(FLATC flatc REQUIRED)
find_package(ZLIB REQUIRED)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
set(tflite_generated ${CMAKE_BINARY_DIR}/generated/tflite)
foreach(schema schema metadata)
  add_custom_command(
    OUTPUT ${tflite_generated}/${schema}_generated.h
    COMMAND ${FLATC} --cpp --scoped-enums --gen-object-api -o ${tflite_generated} ${CMAKE_CURRENT_LIST_DIR}/${schema}.fbs
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${schema}.fbs VERBATIM)
endforeach()
add_custom_target(tflite_schemas DEPENDS ${tflite_generated}/schema_generated.h ${tflite_generated}/metadata_generated.h)
handlens_room(tflite DEPS base LIBS PkgConfig::LIBZIP ZLIB::ZLIB ${CMAKE_DL_LIBS})
add_dependencies(tflite tflite_schemas)
target_include_directories(tflite SYSTEM PRIVATE ${tflite_generated})
target_include_directories(tflite_test SYSTEM PRIVATE ${tflite_generated})

# The process in which strangers' models run, and for its tests a runtime that misbehaves.
add_executable(handlens_judge ${CMAKE_CURRENT_LIST_DIR}/main.cc)
target_link_libraries(handlens_judge PRIVATE tflite)
target_link_options(handlens_judge PRIVATE -Wl,--as-needed)
set_target_properties(handlens_judge PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
add_library(evil_runtime MODULE ${CMAKE_SOURCE_DIR}/tests/apart/evil_runtime.cc)
target_link_libraries(evil_runtime PRIVATE handlens_flags)
set_target_properties(evil_runtime PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
add_dependencies(tflite_test handlens_judge evil_runtime)
set_target_properties(tflite handlens_judge PROPERTIES HANDLENS_CAGED ON)
target_compile_definitions(tflite_test PRIVATE EVIL_RUNTIME="$<TARGET_FILE:evil_runtime>")
