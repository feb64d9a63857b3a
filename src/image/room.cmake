find_package(JPEG REQUIRED)
find_package(PNG REQUIRED)
handlens_room(image DEPS base pixels LIBS JPEG::JPEG PNG::PNG)
