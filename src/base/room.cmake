find_package(nlohmann_json REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
handlens_room(base LIBS nlohmann_json::nlohmann_json fmt::fmt OpenSSL::Crypto)
