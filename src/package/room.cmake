find_package(ZLIB REQUIRED)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
handlens_room(package DEPS base image describe tflite LIBS OpenSSL::Crypto ZLIB::ZLIB)
target_link_libraries(package_test PRIVATE PkgConfig::LIBZIP)  # the oracle

# Packs the models of the browser tests (tests/web/run.sh).
add_executable(pack_web_samples EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/web/pack_samples.cc)
target_link_libraries(pack_web_samples PRIVATE package)
# Sample apps for tests/android/run.sh.
add_executable(sample_app EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/tests/android/sample_app.cc)
target_link_libraries(sample_app PRIVATE package)
