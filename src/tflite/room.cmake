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
