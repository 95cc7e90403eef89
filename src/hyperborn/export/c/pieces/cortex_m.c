/* Runs the network on a bare Cortex-M, with QEMU or a debugger that prints for it (semihosting): checks it, and counts
   its instructions and its stack. On a board of your own, its maker's files do what is done here. */
#include <stdint.h>
#include "model.h"

extern uint32_t data_from[], data_start[], data_end[], bss_start[], bss_end[], end[], stack_top[];

#ifdef SMALLEST

/* No more than it takes to predict a row: for the size of an image. */
#ifdef HB_NO_VALUE
static volatile int32_t row[HB_COLUMNS];
static HB_FIXED_RESULT result[HB_VALUES];
#define PREDICT hb_predict_q15((const int32_t *)row, result)
#else
static volatile float row[HB_COLUMNS];
static float result[HB_VALUES];
#define PREDICT hb_predict((const float *)row, result)
#endif
volatile int found;

void reset(void)
{
    found = PREDICT;
    for (;;)
        ;
}

#else

#include <stdio.h>
#include <stdlib.h>
#include "test_vectors.h"

extern void initialise_monitor_handles(void);
extern int main(void);

#define SYSTICK ((volatile uint32_t *)0xe000e010u) /* control, reload, value */
#define INFERENCES 100
#define LOOPS 100000u
#define HEAP 3072 /* bytes that printf may take of the memory below the stack */
#define PAINT 0xc5c5c5c5u

static float values[HB_VALUES];

/* Ticks of the timer since it was read as `from`. */
static uint32_t ticks_since(uint32_t from)
{
    return (from - SYSTICK[2]) & 0xffffffu;
}

/* With "-icount shift=0" all instructions take as long: those of a prediction are told by a loop of two instructions. */
static void count_instructions(void)
{
    uint32_t from, loop, inferences, left = LOOPS;
    int place;
    SYSTICK[1] = 0xffffffu;
    SYSTICK[2] = 0;
    SYSTICK[0] = 5;
    from = SYSTICK[2];
    __asm volatile(".syntax unified\n1: subs %0, %0, #1\n bne 1b" : "+l"(left) : : "cc");
    loop = ticks_since(from);
    from = SYSTICK[2];
    for (place = 0; place < INFERENCES; place++)
        hb_predict(test_rows[place % TEST_ROWS], values);
    inferences = ticks_since(from);
    printf("%lu instructions an inference\n",
           (unsigned long)((uint64_t)inferences * 2u * LOOPS / loop / INFERENCES));
}

/* Paints the memory below the stack, and sees how much of it a prediction wrote over. */
static void __attribute__((noinline)) count_stack(void)
{
    /* The address as a number, for a pointer may not leave what it points into. */
    uintptr_t top = (uintptr_t)__builtin_frame_address(0) & ~(uintptr_t)3;
    volatile uint32_t *here = (volatile uint32_t *)top, *bottom = end + HEAP / 4, *place;
    for (place = bottom; place < here - 32; place++)
        *place = PAINT;
    hb_predict(test_rows[0], values);
    for (place = bottom; place < here && *place == PAINT; place++)
        ;
    if (place == bottom)
        puts("there is not enough memory to see how much of the stack is used");
    else
        printf("%ld bytes of stack\n", (long)(here - place) * 4);
}

void reset(void)
{
    uint32_t *from = data_from, *to;
    int failed;
    for (to = data_start; to < data_end; to++)
        *to = *from++;
    for (to = bss_start; to < bss_end; to++)
        *to = 0;
#ifdef __ARM_FP
    *(volatile uint32_t *)0xe000ed88u |= 0xfu << 20; /* the floating-point unit on */
#endif
    initialise_monitor_handles();
    failed = main();
    count_stack();
    count_instructions();
    exit(failed);
}

#endif

static void fault(void)
{
    for (;;)
        ;
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    stack_top, (const void *)reset, (const void *)fault, (const void *)fault,
};
