handlens_room(review DEPS base backbone dataset split train)
