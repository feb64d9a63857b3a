# Highway compiles each kernel for every instruction set and picks one at run time. -O3 unrolls the blocks of registers.
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
handlens_room(nn DEPS base LIBS PkgConfig::HWY)
set_source_files_properties(
  ${CMAKE_SOURCE_DIR}/src/nn/kernels_conv.cc ${CMAKE_SOURCE_DIR}/src/nn/kernels_pool.cc
  ${CMAKE_SOURCE_DIR}/src/nn/kernels_dense.cc ${CMAKE_SOURCE_DIR}/src/nn/kernels_norm.cc
  PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")
add_executable(bench_engine EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/engine.cc)
target_link_libraries(bench_engine PRIVATE nn)
# An opponent of the comparison, where Debian's libdnnl-dev is installed. (Its CMake package asks for OpenCL, which the
# processor's part does not need.)
find_library(DNNL_LIBRARY dnnl)
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.hpp)
if(DNNL_LIBRARY AND DNNL_INCLUDE)
  add_executable(bench_onednn EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/onednn_worker.cc)
  target_link_libraries(bench_onednn PRIVATE handlens_flags ${DNNL_LIBRARY})
  target_compile_options(bench_onednn PRIVATE -O3 -march=native)
endif()
