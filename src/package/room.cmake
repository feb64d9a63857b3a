find_package(ZLIB REQUIRED)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
handlens_room(package DEPS base image describe tflite LIBS OpenSSL::Crypto ZLIB::ZLIB)
target_link_libraries(package_test PRIVATE PkgConfig::LIBZIP)  # the oracle
