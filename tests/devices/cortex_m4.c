/* What a Cortex-M4 needs to begin: the table of vectors, the unit for floats switched on, memory of zeros;
 * and, since this runs in an emulator, output and exit through the debugger's interface (semihosting). */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

extern uint8_t stack_top, bss_begin, bss_end;
int main(void);
void initialise_monitor_handles(void);
void _exit(int code);

void device_begin(void);
void device_begin(void) {
  *(volatile uint32_t*)0xE000ED88u |= 0xFu << 20; /* CPACR: full access to CP10 and CP11 */
  __asm volatile("dsb\n isb");
  memset(&bss_begin, 0, (size_t)(&bss_end - &bss_begin));
  initialise_monitor_handles();
  const int code = main();
  fflush(stdout);
  _exit(code);
}

static void fault(void) { _exit(99); }

__attribute__((section(".vectors"), used)) static void (*const vectors[16])(void) = {
    (void (*)(void))(&stack_top), device_begin, fault, fault, fault, fault, fault};
