#include "../../src/pixels.c"
