handlens_room(split DEPS base dataset)
