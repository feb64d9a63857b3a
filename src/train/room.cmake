handlens_room(train DEPS base image pixels nn dataset split)
