handlens_room(reduce DEPS base search train)
