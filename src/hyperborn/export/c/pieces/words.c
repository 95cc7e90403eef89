/* Pieces of C on words of bits, whatever numbers a network computes with: see float32.c. */

/*** ones ***/
/* How many bits of a word are 1. */
static int ones(uint32_t bits)
{
    bits -= (bits >> 1) & 0x55555555u;
    bits = (bits & 0x33333333u) + ((bits >> 2) & 0x33333333u);
    bits = (bits + (bits >> 4)) & 0x0f0f0f0fu;
    return (int)((bits * 0x01010101u) >> 24);
}
