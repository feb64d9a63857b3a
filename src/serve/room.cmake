pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
find_path(QRCODEGEN_INCLUDE qrcodegen/qrcodegen.hpp REQUIRED)
find_library(QRCODEGEN qrcodegencpp REQUIRED)
handlens_room(serve DEPS base LIBS PkgConfig::HTTPLIB ${QRCODEGEN} OpenSSL::SSL OpenSSL::Crypto)
