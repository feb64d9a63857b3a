handlens_room(convert DEPS base image nn tflite dataset train)
