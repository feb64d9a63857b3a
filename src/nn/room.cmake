handlens_room(nn DEPS base)
