handlens_room(cli DEPS report)
