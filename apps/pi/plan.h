/* Runs a plan: an int8 classifier as data, made by handlens on a computer (src/inference/write_plan.cc), for
 * programs that are built before the model is there. The kernels are those of the plain C (apps/c/kernels),
 * so the scores are the same to the last bit. C11 and C++. */
#ifndef HANDLENS_PLAN_H
#define HANDLENS_PLAN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a plan begins with. All numbers of a plan are little-endian; places are bytes from its beginning. */
typedef struct {
  char magic[8];         /* "HLPLAN01" */
  char model_sha256[64]; /* of the .tflite file that it was made of */
  uint32_t bytes;        /* of the whole plan */
  uint32_t side;         /* px: the model sees a picture of side x side */
  uint32_t classes;
  uint32_t arena_bytes; /* of working memory */
  uint32_t scratch;     /* where in the arena the kernels' scratch lies */
  uint32_t output;      /* where in the arena the scores lie; HL_PICTURE = in the picture */
  float output_scale;   /* score = output_scale * (number - output_zero) */
  int32_t output_zero;
  uint32_t calls;
  uint32_t unused;
} hl_plan;

#define HL_PICTURE 0xffffffffu

/* The plan in `bytes` bytes at `memory`, which is 16-byte aligned and stays; NULL when there is none or it is
 * cut short. A plan is trusted beyond that: whoever got it from elsewhere checks its hash. */
const hl_plan* hl_plan_open(const void* memory, size_t bytes);

/* rgb: side * side * 3 bytes. arena: arena_bytes bytes, 16-byte aligned. scores: `classes` numbers. Returns
 * the index of the best, or -1 for a call that this version does not know. */
int hl_plan_classify(const hl_plan* plan, const uint8_t* rgb, void* arena, float* scores);
/* The same by SDOT, an instruction that some processors of 64 bits have (plan_dotprod.c). */
int hl_plan_classify_dotprod(const hl_plan* plan, const uint8_t* rgb, void* arena, float* scores);

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif
