/* What the model's C file takes of a system's string.h, so that it can be compiled for iPhones without
 * Apple's headers. */
#include <stddef.h>
void* memcpy(void* to, const void* from, size_t bytes);
void* memset(void* to, int value, size_t bytes);
