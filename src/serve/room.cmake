pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
find_path(QRCODEGEN_INCLUDE qrcodegen/qrcodegen.hpp REQUIRED)
find_library(QRCODEGEN qrcodegencpp REQUIRED)
handlens_room(serve DEPS base LIBS ${QRCODEGEN} OpenSSL::SSL OpenSSL::Crypto)
target_link_libraries(serve_test PRIVATE PkgConfig::HTTPLIB)  # the client
# 200 honest clients beside 200 slow ones, on loopback.
find_package(Python3 COMPONENTS Interpreter)
if(Python3_FOUND)
  add_test(NAME serve.load COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/serve/load.py ${CMAKE_BINARY_DIR}/handlens --rounds 6 --bound-s 30)
  set_tests_properties(serve.load PROPERTIES TIMEOUT 300 RUN_SERIAL ON)
endif()
