/* Tries the model: with no argument the check picture, whose scores must be the computer's to the last bit;
 * else a picture as binary PPM (P6), which most programs for pictures write. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "model.h"

_Alignas(16) static unsigned char arena[HANDLENS_ARENA_BYTES];

/* "not sure", and the classes that are possible; no class scores HANDLENS_POSSIBLE_FROM: a picture of
 * something else. */
static void print_possible(const float* scores) {
  const char* before = ": perhaps ";
  printf("not sure");
  for (int i = 0; i < HANDLENS_CLASSES; ++i) {
    if (HANDLENS_POSSIBLE_FROM <= 0 || scores[i] < HANDLENS_POSSIBLE_FROM) continue;
    printf("%s%s", before, handlens_labels[i]);
    before = " or ";
  }
  printf("\n");
}

static void print_scores(int best, const float* scores) {
  for (int i = 0; i < HANDLENS_CLASSES; ++i) printf("%.4f  %s\n", (double)scores[i], handlens_labels[i]);
  if (HANDLENS_REFERS(scores)) puts("refer to an expert");
  else if (scores[best] < HANDLENS_NOT_SURE_BELOW) print_possible(scores);
  else puts(handlens_labels[best]);
}

static int check(void) {
  float scores[HANDLENS_CLASSES];
  print_scores(handlens_classify(check_picture, arena, scores), scores);
  const int equal = memcmp(scores, check_scores, sizeof scores) == 0;
  printf(equal ? "check passed: the scores are the computer's, to the last bit\n"
               : "CHECK FAILED: other scores than on the computer\n");
  return equal ? 0 : 1;
}

/* A P6 picture's pixels, to be freed; NULL when it is none. */
static unsigned char* read_ppm(const char* path, int* width, int* height) {
  FILE* const file = fopen(path, "rb");
  if (!file) return NULL;
  unsigned char* rgb = NULL;
  int most = 0;
  if (fscanf(file, "P6 %d %d %d", width, height, &most) == 3 && most == 255 && fgetc(file) != EOF &&
      *width > 0 && *height > 0 && *width <= 65535 && *height <= 65535) {
    const size_t bytes = 3 * (size_t)*width * (size_t)*height;
    rgb = malloc(bytes);
    if (rgb && fread(rgb, 1, bytes, file) != bytes) {
      free(rgb);
      rgb = NULL;
    }
  }
  fclose(file);
  return rgb;
}

int main(int argc, char** argv) {
  static unsigned char seen[HANDLENS_SIDE * HANDLENS_SIDE * 3];
  if (argc < 2) return check();
  int width = 0, height = 0;
  unsigned char* const rgb = read_ppm(argv[1], &width, &height);
  void* const scratch = rgb ? malloc(handlens_see_scratch(width, height)) : NULL;
  const int bad = !scratch || handlens_see(rgb, width, height, 3 * width, seen, scratch) != 0;
  float scores[HANDLENS_CLASSES];
  if (bad) fprintf(stderr, "%s: not a binary PPM picture (P6, 8 bits)\n", argv[1]);
  else print_scores(handlens_classify(seen, arena, scores), scores);
  free(scratch);
  free(rgb);
  return bad ? 1 : 0;
}
