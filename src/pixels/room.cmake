handlens_room(pixels)
