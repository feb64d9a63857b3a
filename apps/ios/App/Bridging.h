// The C that Swift calls.
#include "handlens_ffi.h"
#include "pixels.h"
