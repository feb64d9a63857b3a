handlens_room(report DEPS base image pixels tflite dataset split train search reduce convert describe package verify)
