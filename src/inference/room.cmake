handlens_room(inference DEPS base tflite)

# The kernels and the pixel contract stay C files that compilers and editors understand; the program carries their text.
file(GLOB inference_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/apps/c/kernels/*.c)
list(APPEND inference_files ${CMAKE_SOURCE_DIR}/apps/c/model.h.in ${CMAKE_SOURCE_DIR}/apps/c/see.c
  ${CMAKE_SOURCE_DIR}/src/pixels/pixels.h ${CMAKE_SOURCE_DIR}/src/pixels/pixels.c)
handlens_embed(inference pieces.h Pieces ${inference_files})
