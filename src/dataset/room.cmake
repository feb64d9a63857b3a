handlens_room(dataset DEPS base image pixels)
