#include "plan.h"

#include <string.h>

/* Each stands on those before it. */
/* clang-format off */
#include "common.c"
#include "vectors.c"
#include "write.c"
#include "conv.c"
#include "depthwise.c"
#include "pool.c"
#include "max_pool.c"
#include "average_pool.c"
#include "mean.c"
#include "pad.c"
#include "add.c"
#include "map.c"
#include "channel_map.c"
#include "softmax.c"
#include "copy.c"
/* clang-format on */

/* The order of `Kernel` in src/inference/lower.h. */
enum { kConv, kDepthwise, kMaxPool, kAveragePool, kMean, kPad, kAdd, kSoftmax, kMap, kChannelMap, kCopy };

/* A call as it stands in a plan; `fields` fields follow, tables as their places. */
typedef struct {
  uint32_t kernel, first, second, output, fields;
} call_head;

/* What a call's kernel works on. */
typedef struct {
  const uint8_t* plan;
  const int32_t* f;
  const uint8_t *a, *b;
  uint8_t *out, *scratch;
} work;

static const int8_t* int8s(const work* w, int field) { return (const int8_t*)(w->plan + w->f[field]); }
static const uint8_t* uint8s(const work* w, int field) { return w->plan + w->f[field]; }
static const int32_t* int32s(const work* w, int field) {
  return (const int32_t*)(const void*)(w->plan + w->f[field]);
}

static hl_output output_at(const work* w, int field) {
  const int32_t* f = w->f + field;
  const hl_output to = {int32s(w, field), int8s(w, field + 1), f[2], f[3], f[4], f[5]};
  return to;
}

static void conv(const work* w) {
  const int32_t* f = w->f;
  const hl_conv op = {f[0],  f[1],           f[2],         f[3],          f[4],
                      f[5],  f[6],           f[7],         f[8],          f[9],
                      f[10], (uint8_t)f[11], int8s(w, 12), int32s(w, 13), output_at(w, 14)};
  hl_conv_run(&op, w->a, w->out, w->scratch);
}

static void depthwise(const work* w) {
  const int32_t* f = w->f;
  const hl_depthwise op = {f[0], f[1], f[2], f[3],           f[4],         f[5],          f[6],
                           f[7], f[8], f[9], (uint8_t)f[10], int8s(w, 11), int32s(w, 12), output_at(w, 13)};
  hl_depthwise_run(&op, w->a, w->out, w->scratch);
}

static hl_pool pool_of(const work* w) {
  const int32_t* f = w->f;
  const hl_pool op = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11]};
  return op;
}

static void max_pool(const work* w) {
  const hl_pool op = pool_of(w);
  hl_max_pool_run(&op, w->a, w->out);
}

static void average_pool(const work* w) {
  const hl_pool op = pool_of(w);
  hl_average_pool_run(&op, w->a, w->out);
}

static void mean(const work* w) {
  const int32_t* f = w->f;
  const hl_mean op = {f[0], f[1], f[2], f[3], f[4], f[5]};
  hl_mean_run(&op, w->a, w->out);
}

static void pad(const work* w) {
  const int32_t* f = w->f;
  const hl_pad op = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], (uint8_t)f[7]};
  hl_pad_run(&op, w->a, w->out);
}

static void add(const work* w) {
  const int32_t* f = w->f;
  const hl_add op = {f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10], f[11]};
  hl_add_run(&op, w->a, w->b, w->out);
}

static void softmax(const work* w) {
  const hl_softmax op = {w->f[0], int32s(w, 1)};
  hl_softmax_run(&op, w->a, w->out);
}

static int run(uint32_t kernel, const work* w) {
  switch (kernel) {
    case kConv: conv(w); return 0;
    case kDepthwise: depthwise(w); return 0;
    case kMaxPool: max_pool(w); return 0;
    case kAveragePool: average_pool(w); return 0;
    case kMean: mean(w); return 0;
    case kPad: pad(w); return 0;
    case kAdd: add(w); return 0;
    case kSoftmax: softmax(w); return 0;
    case kMap: hl_map_run(uint8s(w, 0), w->f[1], w->a, w->out); return 0;
    case kChannelMap: hl_channel_map_run(uint8s(w, 0), w->f[1], w->f[2], w->a, w->out); return 0;
    case kCopy: hl_copy_run(w->f[0], w->a, w->out); return 0;
    default: return 1;
  }
}

const hl_plan* hl_plan_open(const void* memory, size_t bytes) {
  const hl_plan* const plan = (const hl_plan*)memory;
  if (bytes < sizeof *plan || memcmp(plan->magic, "HLPLAN01", sizeof plan->magic) != 0 ||
      plan->bytes != bytes)
    return NULL;
  return plan;
}

int hl_plan_classify(const hl_plan* plan, const uint8_t* rgb, void* arena, float* scores) {
  uint8_t* const memory = (uint8_t*)arena;
  const uint8_t* at = (const uint8_t*)(plan + 1);
  for (uint32_t i = 0; i < plan->calls; ++i) {
    const call_head* const head = (const call_head*)(const void*)at;
    work w;
    w.plan = (const uint8_t*)plan;
    w.f = (const int32_t*)(const void*)(head + 1);
    w.a = head->first == HL_PICTURE ? rgb : memory + head->first;
    w.b = head->second == HL_PICTURE ? rgb : memory + head->second;
    w.out = memory + head->output;
    w.scratch = memory + plan->scratch;
    if (run(head->kernel, &w) != 0) return -1;
    at = (const uint8_t*)(w.f + head->fields);
  }
  const uint8_t* const numbers = plan->output == HL_PICTURE ? rgb : memory + plan->output;
  int best = 0;
  for (uint32_t i = 0; i < plan->classes; ++i) {
    scores[i] = plan->output_scale * (float)(numbers[i] - plan->output_zero);
    if (scores[i] > scores[best]) best = (int)i;
  }
  return best;
}
