handlens_room(doctor DEPS base image pixels tflite dataset describe)
add_dependencies(doctor_test handlens_judge)
