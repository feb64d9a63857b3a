/* On any processor: the scores and the pixels of make_models, to the last bit. Prints one line a difference,
 * and "equal" at the end. */
#include <stdio.h>
#include <string.h>

#include "check.h"

_Alignas(16) static uint8_t arena[HANDLENS_ARENA_BYTES];
static uint8_t seen[HANDLENS_SIDE * HANDLENS_SIDE * 3];
_Alignas(8) static uint8_t scratch[HANDLENS_SIDE * 280 + 4096];

int main(void) {
  int wrong = 0;
  for (int p = 0; p < kPictures; ++p) {
    float scores[HANDLENS_CLASSES];
    memset(arena, 0x55 * p, sizeof arena);
    handlens_classify(pictures[p], arena, scores);
    if (memcmp(scores, scores_wanted[p], sizeof scores) != 0) {
      printf("picture %d: other scores\n", p);
      ++wrong;
    }
  }
  uint32_t sum = 1;
  if (handlens_see_scratch(kWidth, kHeight) > sizeof scratch ||
      handlens_see(raw_picture, kWidth, kHeight, 3 * kWidth, seen, scratch) != 0) {
    printf("no room to resize\n");
    ++wrong;
  }
  for (size_t i = 0; i < sizeof seen; ++i) sum = sum * 31 + seen[i];
  if (sum != seen_sum) {
    printf("other pixels\n");
    ++wrong;
  }
  printf(wrong == 0 ? "equal\n" : "DIFFERENT\n");
  return wrong;
}
