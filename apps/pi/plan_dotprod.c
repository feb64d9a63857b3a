/* plan.c once more, for processors with SDOT (the Raspberry Pi 5's): one program runs on those with it and on
 * those without. Nothing where there is no such processor. */
#if defined(__aarch64__)
#pragma GCC target("arch=armv8.2-a+dotprod")
#define hl_plan_open hl_plan_open_dotprod
#define hl_plan_classify hl_plan_classify_dotprod
#include "plan.c"
#endif
