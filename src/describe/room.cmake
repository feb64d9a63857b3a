handlens_room(describe DEPS base tflite)
