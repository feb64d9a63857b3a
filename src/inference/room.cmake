handlens_room(inference DEPS base tflite)

# plan.h, which describes what write_plan.cc writes.
target_include_directories(inference PRIVATE ${CMAKE_SOURCE_DIR}/apps/pi)
target_include_directories(inference_test PRIVATE ${CMAKE_SOURCE_DIR}/apps/pi)

# The kernels and the pixel contract stay C files that compilers and editors understand; the program carries their text.
file(GLOB inference_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/c/kernels/*.c)
list(APPEND inference_files ${CMAKE_SOURCE_DIR}/apps/c/model.h.in ${CMAKE_SOURCE_DIR}/apps/c/see.c
  ${CMAKE_SOURCE_DIR}/src/pixels/pixels.h ${CMAKE_SOURCE_DIR}/src/pixels/pixels.c)
handlens_embed(inference pieces.h Pieces ${inference_files})

# Models with random weights, and their C on other processors: under emulation, equal bits. Skipped where a compiler or an
# emulator is missing.
add_executable(make_models ${CMAKE_SOURCE_DIR}/tests/devices/make_models.cc)
target_link_libraries(make_models PRIVATE inference convert backbone pixels)
add_executable(make_graphs ${CMAKE_SOURCE_DIR}/tests/devices/make_graphs.cc)
target_link_libraries(make_graphs PRIVATE inference)
set_target_properties(make_models make_graphs PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests_bin)
foreach(processor host aarch64 aarch64-dotprod arm cortex-m4)
  add_test(NAME devices.${processor} COMMAND ${CMAKE_SOURCE_DIR}/tests/devices/run.sh ${CMAKE_BINARY_DIR} ${processor})
  set_tests_properties(devices.${processor} PROPERTIES TIMEOUT 1200 SKIP_RETURN_CODE 77)
endforeach()
add_executable(bench_inference EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/inference.cc)
target_link_libraries(bench_inference PRIVATE inference ${CMAKE_DL_LIBS})
