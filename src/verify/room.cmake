handlens_room(verify DEPS base image pixels tflite dataset split describe)
