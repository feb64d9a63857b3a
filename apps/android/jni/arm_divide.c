// Whole-number division for 32-bit arm, whose oldest processors have no instruction for it: the two functions
// of the arm run-time ABI (section 4.3.1) that the compiler calls. Not in the hot loops, so short rather than
// fast.
#include <stdint.h>

#define HIDDEN __attribute__((visibility("hidden")))

HIDDEN uint32_t __aeabi_uidiv(uint32_t numerator, uint32_t denominator) {
  uint32_t quotient = 0;
  uint64_t rest = 0;
  for (int bit = 31; bit >= 0; --bit) {
    rest = rest << 1 | (numerator >> bit & 1);
    if (rest >= denominator) {
      rest -= denominator;
      quotient |= 1u << bit;
    }
  }
  return quotient;
}

HIDDEN int32_t __aeabi_idiv(int32_t numerator, int32_t denominator) {
  const uint32_t n = numerator < 0 ? 0u - (uint32_t)numerator : (uint32_t)numerator;
  const uint32_t d = denominator < 0 ? 0u - (uint32_t)denominator : (uint32_t)denominator;
  const uint32_t quotient = __aeabi_uidiv(n, d);
  return (int32_t)((numerator < 0) != (denominator < 0) ? 0u - quotient : quotient);
}
