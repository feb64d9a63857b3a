handlens_room(verify FOLDERS routes phones predict DEPS base image pixels tflite dataset split describe package)
add_dependencies(verify_test handlens_judge evil_runtime)
target_compile_definitions(verify_test PRIVATE EVIL_RUNTIME="$<TARGET_FILE:evil_runtime>")
