handlens_room(pixels)
# Loops over bytes of unknown length: -O2 leaves them scalar.
target_compile_options(pixels PRIVATE $<$<CONFIG:Release>:-O3>)
