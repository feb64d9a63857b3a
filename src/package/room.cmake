handlens_room(package DEPS base describe tflite)
