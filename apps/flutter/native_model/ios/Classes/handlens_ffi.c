#include "../../src/handlens_ffi.c"
