handlens_room(image DEPS base pixels)
