handlens_room(doctor DEPS base image pixels tflite dataset describe)
