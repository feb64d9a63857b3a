# Highway compiles each kernel for every instruction set and picks one at run time. -O3 unrolls the blocks of registers, and makes
# vectors of the plain loops between the kernels.
pkg_check_modules(HWY REQUIRED IMPORTED_TARGET libhwy)
handlens_room(nn DEPS base LIBS PkgConfig::HWY FOLDERS reference fast kernels)
file(GLOB hot CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/nn/kernels/*.cc ${CMAKE_SOURCE_DIR}/src/nn/fast/*.cc)
list(FILTER hot EXCLUDE REGEX "_test\\.cc$")
set_source_files_properties(${hot} ${CMAKE_SOURCE_DIR}/src/nn/params.cc PROPERTIES COMPILE_OPTIONS "$<$<CONFIG:Release>:-O3>")
if(HANDLENS_SANITIZE)  # ten times slower with sanitizers; they are compared with the plain layers, which have them
  set_property(SOURCE ${hot} APPEND PROPERTY COMPILE_OPTIONS -fno-sanitize=all $<IF:$<BOOL:${HANDLENS_FUZZ}>,-O0,-O2>)
endif()
foreach(name engine roofline)
  add_executable(bench_${name} EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/${name}.cc ${CMAKE_SOURCE_DIR}/bench/row.cc)
  target_link_libraries(bench_${name} PRIVATE backbone PkgConfig::HWY)
endforeach()
# An opponent of the comparison, where Debian's libdnnl-dev is installed. (Its CMake package asks for OpenCL, which the
# processor's part does not need.)
find_library(DNNL_LIBRARY dnnl)
find_path(DNNL_INCLUDE oneapi/dnnl/dnnl.hpp)
if(DNNL_LIBRARY AND DNNL_INCLUDE)
  add_executable(bench_onednn EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/bench/onednn_worker.cc ${CMAKE_SOURCE_DIR}/bench/onednn_net.cc)
  target_link_libraries(bench_onednn PRIVATE handlens_flags ${DNNL_LIBRARY})
  target_compile_options(bench_onednn PRIVATE -O3 -march=native)
endif()

# The same networks on this machine and, under emulation, on NEON: equal bits. Without the cross compiler there is no test.
add_executable(weight_hashes ${CMAKE_SOURCE_DIR}/tests/engine/weight_hashes.cc)
target_link_libraries(weight_hashes PRIVATE nn)
find_program(AARCH64_CXX aarch64-linux-gnu-g++)
if(AARCH64_CXX AND NOT HANDLENS_SANITIZE)
  set(aarch64 ${CMAKE_BINARY_DIR}/aarch64)
  file(MAKE_DIRECTORY ${aarch64}/include)
  foreach(headers fmt hwy nlohmann tl)   # nothing else of this machine's headers may be seen
    file(CREATE_LINK /usr/include/${headers} ${aarch64}/include/${headers} SYMBOLIC)
  endforeach()
  file(GLOB aarch64_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/nn/*.cc ${CMAKE_SOURCE_DIR}/src/nn/*/*.cc)
  list(FILTER aarch64_sources EXCLUDE REGEX "_test\\.cc$|/safetensors\\.cc$")
  list(APPEND aarch64_sources ${CMAKE_SOURCE_DIR}/tests/engine/weight_hashes.cc)
  list(APPEND aarch64_sources ${CMAKE_SOURCE_DIR}/src/base/parallel.cc ${CMAKE_SOURCE_DIR}/src/base/result.cc ${CMAKE_SOURCE_DIR}/src/base/rng.cc
    ${CMAKE_SOURCE_DIR}/src/base/suggest.cc)
  set(aarch64_objects)
  foreach(source ${aarch64_sources})
    file(RELATIVE_PATH name ${CMAKE_SOURCE_DIR} ${source})
    string(REPLACE / _ name ${name})
    set(object ${aarch64}/${name}.o)
    add_custom_command(OUTPUT ${object} DEPENDS ${source} DEPFILE ${object}.d COMMENT "Compiling ${name} for aarch64"
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${AARCH64_CXX} -std=c++20 -O1 -ffp-contract=off -DHWY_COMPILE_ONLY_STATIC -DFMT_HEADER_ONLY
        -I${CMAKE_SOURCE_DIR}/src -I${aarch64}/include -MD -MF ${object}.d -MT ${object} -c ${source} -o ${object})
    list(APPEND aarch64_objects ${object})
  endforeach()
  add_custom_command(OUTPUT ${aarch64}/weight_hashes DEPENDS ${aarch64_objects}
    COMMAND ${AARCH64_CXX} -static ${aarch64_objects} -o ${aarch64}/weight_hashes)
  add_custom_target(weight_hashes_aarch64 ALL DEPENDS ${aarch64}/weight_hashes)
  add_test(NAME nn.WeightsAreTheSameBitsOnNeon
    COMMAND ${CMAKE_SOURCE_DIR}/tests/engine/same_bits.sh $<TARGET_FILE:weight_hashes> ${aarch64}/weight_hashes)
  set_tests_properties(nn.WeightsAreTheSameBitsOnNeon PROPERTIES SKIP_RETURN_CODE 77)
endif()
