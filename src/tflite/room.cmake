handlens_room(tflite DEPS base)
