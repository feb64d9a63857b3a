handlens_room(search DEPS base dataset split train)
