/* On any little-endian processor: the scores of make_graphs' random graphs (argument: its file), to the last
 * bit. Prints one line a difference, and "N graphs equal" at the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

enum { kMostClasses = 256 };

static size_t padded(size_t bytes) { return (bytes + 15) / 16 * 16; }

static unsigned char* read_all(const char* path, size_t* bytes) {
  FILE* const file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) return NULL;
  *bytes = (size_t)ftell(file);
  rewind(file);
  unsigned char* const all = aligned_alloc(16, padded(*bytes));
  const size_t got = all ? fread(all, 1, *bytes, file) : 0;
  fclose(file);
  return got == *bytes ? all : NULL;
}

/* How many of a graph's pictures have other scores. *at moves behind the graph. */
static int check(const unsigned char** at) {
  uint32_t head[4]; /* bytes of the plan, side, classes, pictures */
  memcpy(head, *at, sizeof head);
  const hl_plan* const plan = hl_plan_open(*at + 16, head[0]);
  if (!plan || plan->side != head[1] || plan->classes != head[2] || head[2] > kMostClasses) return -1;
  *at += 16 + padded(head[0]);
  void* const arena = aligned_alloc(16, padded(plan->arena_bytes));
  int wrong = 0;
  for (uint32_t p = 0; p < head[3]; ++p) {
    const size_t picture = padded((size_t)head[1] * head[1] * 3), scores = head[2] * sizeof(float);
    float said[kMostClasses];
    memset(arena, 0x55 * (int)p, plan->arena_bytes);
    hl_plan_classify(plan, *at, arena, said);
    wrong += memcmp(said, *at + picture, scores) != 0;
    *at += picture + padded(scores);
  }
  free(arena);
  return wrong;
}

int main(int argc, char** argv) {
  size_t bytes = 0;
  const unsigned char* const all = argc == 2 ? read_all(argv[1], &bytes) : NULL;
  int graphs = 0, wrong = 0;
  if (!all) {
    printf("no graphs\n");
    return 1;
  }
  for (const unsigned char* at = all; at < all + bytes; ++graphs) {
    const int pictures = check(&at);
    if (pictures != 0) printf("graph %d: %d pictures have other scores\n", graphs, pictures);
    if (pictures < 0) return 1;
    wrong += pictures != 0;
  }
  if (wrong == 0) printf("%d graphs equal\n", graphs);
  return wrong != 0;
}
