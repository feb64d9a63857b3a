/* What handlens_ffi.c takes of a system's math.h. */
double sqrt(double);
