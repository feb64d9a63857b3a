/* The same scores by the model's plan (argument: its file), which apps/pi/plan.c runs. */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "plan.h"

_Alignas(16) static uint8_t bytes[1 << 24];
_Alignas(16) static uint8_t arena[HANDLENS_ARENA_BYTES];

int main(int argc, char** argv) {
  FILE* const file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  const hl_plan* const plan = file ? hl_plan_open(bytes, fread(bytes, 1, sizeof bytes, file)) : NULL;
  if (!plan || plan->classes != HANDLENS_CLASSES || plan->arena_bytes != sizeof arena) {
    printf("no plan\n");
    return 1;
  }
  int wrong = 0;
  for (int p = 0; p < kPictures; ++p) {
    float scores[HANDLENS_CLASSES];
    memset(arena, 0x55 * p, sizeof arena);
    hl_plan_classify(plan, pictures[p], arena, scores);
    if (memcmp(scores, scores_wanted[p], sizeof scores) != 0) {
      printf("picture %d: other scores\n", p);
      ++wrong;
    }
  }
  printf(wrong == 0 ? "equal\n" : "DIFFERENT\n");
  return wrong;
}
