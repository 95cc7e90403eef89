/* Pieces of C in float32, of which a file that is exported holds those that it needs. A line of three stars names a
   piece, and those that it needs. Sizes, names and constants that are no arguments are written in front of them.

   Cores without floating point take a routine of some 400 to 800 bytes for each of addition, subtraction, comparison and
   conversion. Differences are therefore sums with a negative number (and no constant is negative, for compilers make a
   difference of that), and numbers are compared by their bits. */

/*** bits_of_float ***/
/* The 32 bits of a number: sign, 8 bits of exponent, 23 of the fraction (IEEE 754). */
static uint32_t bits_of(float value)
{
    union { float value; uint32_t bits; } number;
    number.value = value;
    return number.bits;
}

static int is_nan(float value)
{
    return (bits_of(value) & 0x7fffffffu) > 0x7f800000u;
}

/* Infinite, or over 1e18 in size, of which squares and sums would be infinite. */
static int is_infinite(float value)
{
    return (bits_of(value) & 0x7fffffffu) > 0x5d5e0b6bu;
}

/*** float_of_bits ***/
static float float_of(uint32_t bits)
{
    union { float value; uint32_t bits; } number;
    number.bits = bits;
    return number.value;
}

/*** negative: bits_of_float float_of_bits ***/
/* -x, so that what is added to it is not turned into a subtraction. */
static float negative(float x)
{
    return float_of(bits_of(x) ^ 0x80000000u);
}

/*** less: bits_of_float ***/
/* Whether x < y, of numbers that are not NaN: their bits are in the same order, of negative ones the other way round. */
static int32_t order_of(float x)
{
    uint32_t bits = bits_of(x);
    return bits & 0x80000000u ? -(int32_t)(bits & 0x7fffffffu) : (int32_t)bits;
}

static int less(float x, float y)
{
    return order_of(x) < order_of(y);
}

/*** exponential: less negative ***/
/* e to the power of x, for x of at most 0, to about 1e-7 of itself. */
static float exponential(float x)
{
    float shifted, minus_power, rest, series;
    if (less(x, -87.0f))
        return 0.0f;
    /* x = power * log 2 + rest, and |rest| is at most log(2) / 2. Added to 1.5 * 2^23, a number is rounded to a whole
       one, which is in the last bits then. log 2 is taken off in two parts. */
    shifted = 1.44269504f * x + 12582912.0f;
    minus_power = negative(shifted) + 12582912.0f;
    rest = x + minus_power * 0.693115234375f + minus_power * 3.19461842e-5f;
    series = 1.0f / 720;
    series = series * rest + 1.0f / 120;
    series = series * rest + 1.0f / 24;
    series = series * rest + 1.0f / 6;
    series = series * rest + 0.5f;
    series = series * rest + 1.0f;
    series = series * rest + 1.0f;
    return float_of(bits_of(series) + (bits_of(shifted) << 23));
}

/*** inverse: negative ***/
/* 1 / x of a positive number, by Newton's method: cores without division take a long routine for it. */
static float inverse(float x)
{
    float found = float_of(0x7ef311c7u - bits_of(x));
    int step;
    for (step = 0; step < 3; step++)
        found *= negative(x * found) + 2.0f;
    return found;
}

/*** inverse_root: negative ***/
/* 1 / sqrt(x) of a positive number, by Newton's method. */
static float inverse_root(float x)
{
    float found = float_of(0x5f375a86u - (bits_of(x) >> 1));
    int step;
    for (step = 0; step < 3; step++)
        found *= negative(0.5f * x * found * found) + 1.5f;
    return found;
}

/*** logarithm: less inverse ***/
/* The natural logarithm of a positive number, to about 1e-7 of the larger of itself and 1. */
static float logarithm(float x)
{
    uint32_t bits = bits_of(x);
    int power = (int)(bits >> 23) - 127;
    float fraction = float_of((bits & 0x7fffffu) | 0x3f800000u), part, square;
    if (power < -126)
        return -87.5f;
    if (less(1.41421356f, fraction)) {
        fraction *= 0.5f;
        power += 1;
    }
    /* log f = 2 artanh((f - 1) / (f + 1)) */
    part = negative(negative(fraction) + 1.0f) * inverse(fraction + 1.0f);
    square = part * part;
    part *= 2.0f + square * (2.0f / 3 + square * (2.0f / 5 + square * (2.0f / 7 + square * (2.0f / 9))));
    return (float)power * 0.693147181f + part;
}

/*** logistic: exponential inverse ***/
/* 1 / (1 + e^-x) */
static float logistic(float x)
{
    int is_negative = (bits_of(x) & 0x80000000u) != 0;
    float small = exponential(is_negative ? x : negative(x));
    float share = inverse(1.0f + small);
    return is_negative ? small * share : share;
}

/*** dense: negative ***/
/* Sums of a layer: a weight is middle - half for bit 0 and middle + half for bit 1, so that the sum of weights times
   inputs is half of (inputs with bit 1 less those with bit 0), plus middle of all inputs. Rows of bits are whole bytes. */
static void dense(const uint8_t *weights, int units, const float *inputs, int count, float half, float middle,
                  float *sums)
{
    float all = 0.0f, minus, chosen;
    int place, unit;
    unsigned byte;
    const float *input;
    for (place = 0; place < count; place++)
        all += inputs[place];
    minus = negative(all);
    for (unit = 0; unit < units; unit++) {
        chosen = 0.0f;
        for (place = 0; place < count; place += 8)
            for (byte = *weights++, input = inputs + place; byte; byte >>= 1, input++)
                if (byte & 1)
                    chosen += *input;
        sums[unit] = half * (chosen + chosen + minus) + middle * all;
    }
}

/*** convolution: dense ***/
/* A kernel moved over maps (rows, columns, channels): the inputs under it are gathered, zeros outside of the maps. */
static void convolution(const uint8_t *weights, int units, const float *maps, const shape *over, float *patch,
                        float half, float middle, float *sums)
{
    int row, column, down, across, channel, y, x, count;
    for (row = 0; row < over->rows; row++)
        for (column = 0; column < over->columns; column++) {
            count = 0;
            for (down = 0; down < over->kernel; down++)
                for (across = 0; across < over->kernel; across++) {
                    y = row * over->stride + down - over->above;
                    x = column * over->stride + across - over->before;
                    for (channel = 0; channel < over->channels; channel++)
                        patch[count++] = y < 0 || y >= over->height || x < 0 || x >= over->width
                            ? 0.0f : maps[(y * over->width + x) * over->channels + channel];
                }
            dense(weights, units, patch, count, half, middle, sums);
            sums += units;
        }
}

/*** binary_dense: ones ***/
/* Sums of a layer whose inputs are -1 (bit 0) or 1 (bit 1): inputs that differ from the weight's bit count down. */
static void binary_dense(const word *weights, int units, const word *inputs, int count, float half, float middle,
                         float *sums)
{
    int place, unit, all = 0, differing, words = (count + WORD - 1) / WORD;
    for (place = 0; place < words; place++)
        all += ones(inputs[place]);
    all = 2 * all - count;
    for (unit = 0; unit < units; unit++) {
        differing = 0;
        for (place = 0; place < words; place++)
            differing += ones((uint32_t)(*weights++ ^ inputs[place]));
        sums[unit] = half * (float)(count - 2 * differing) + middle * (float)all;
    }
}

/*** binary_convolution: ones ***/
/* The same for a kernel on maps of -1 and 1, whose channels are whole words at each place; places outside count 0. */
static void binary_convolution(const word *weights, int units, const word *maps, const shape *over, float half,
                               float middle, float *sums)
{
    int row, column, down, across, y, x, place, unit, differing, all, met;
    int words = (over->channels + WORD - 1) / WORD;
    const word *bits, *inputs;
    for (row = 0; row < over->rows; row++)
        for (column = 0; column < over->columns; column++)
            for (unit = 0; unit < units; unit++) {
                differing = all = met = 0;
                bits = weights + unit * over->kernel * over->kernel * words;
                for (down = 0; down < over->kernel; down++)
                    for (across = 0; across < over->kernel; across++, bits += words) {
                        y = row * over->stride + down - over->above;
                        x = column * over->stride + across - over->before;
                        if (y < 0 || y >= over->height || x < 0 || x >= over->width)
                            continue;
                        inputs = maps + (y * over->width + x) * words;
                        for (place = 0; place < words; place++) {
                            differing += ones((uint32_t)(bits[place] ^ inputs[place]));
                            all += ones(inputs[place]);
                        }
                        met += over->channels;
                    }
                *sums++ = half * (float)(met - 2 * differing) + middle * (float)(2 * all - met);
            }
}

/*** pack_signs: less ***/
/* Bits of values, 1 for those that are not negative but for rounding: words begin anew at each of the positions. */
static void pack_signs(const float *values, int positions, int units, word *bits)
{
    int position, unit;
    for (position = 0; position < positions; position++) {
        for (unit = 0; unit < units; unit++) {
            if (unit % WORD == 0)
                *bits = 0;
            if (!less(*values++, -TIE))
                *bits |= (word)((word)1 << (unit % WORD));
            if (unit % WORD == WORD - 1)
                bits++;
        }
        if (units % WORD)
            bits++;
    }
}

/*** normalize: inverse_root ***/
/* Brings values to mean 0 and variance 1; the share is one over their number. */
static void normalize(float *values, int count, float share)
{
    float minus = 0.0f, square = 0.0f, factor;
    int place;
    for (place = 0; place < count; place++)
        minus += values[place];
    minus = negative(minus * share);
    for (place = 0; place < count; place++) {
        values[place] += minus;
        square += values[place] * values[place];
    }
    factor = inverse_root(square * share + 1e-5f);
    for (place = 0; place < count; place++)
        values[place] *= factor;
}

/*** multiply ***/
static void multiply(float *values, int positions, int units, const float *gains)
{
    int unit;
    while (positions-- > 0)
        for (unit = 0; unit < units; unit++)
            *values++ *= gains[unit];
}

/*** add ***/
static void add(float *values, int positions, int units, const float *shifts)
{
    int unit;
    while (positions-- > 0)
        for (unit = 0; unit < units; unit++)
            *values++ += shifts[unit];
}

/*** relu: bits_of_float ***/
static void relu(float *values, int count)
{
    int place;
    for (place = 0; place < count; place++)
        if (bits_of(values[place]) & 0x80000000u)
            values[place] = 0.0f;
}

/*** sigmoid: logistic ***/
static void sigmoid(float *values, int count)
{
    int place;
    for (place = 0; place < count; place++)
        values[place] = logistic(values[place]);
}

/*** tanh: logistic ***/
static void hyperbolic_tangent(float *values, int count)
{
    int place;
    for (place = 0; place < count; place++)
        values[place] = negative(negative(2.0f * logistic(2.0f * values[place])) + 1.0f);
}

/*** probabilities: exponential inverse ***/
static void probabilities_of(const float *logits, float *probabilities)
{
    float most = logits[0], sum = 0.0f;
    int place;
    for (place = 1; place < HB_CLASSES; place++)
        if (less(most, logits[place]))
            most = logits[place];
    most = negative(most);
    for (place = 0; place < HB_CLASSES; place++)
        sum += probabilities[place] = exponential(logits[place] + most);
    sum = inverse(sum);
    for (place = 0; place < HB_CLASSES; place++)
        probabilities[place] *= sum;
}

/*** probabilities_of_two: logistic ***/
/* Probabilities of two classes, from the logit of the second. */
static void probabilities_of(const float *logits, float *probabilities)
{
    probabilities[0] = logistic(negative(logits[0]));
    probabilities[1] = logistic(logits[0]);
}

/*** temper: logarithm exponential ***/
/* Each probability to the power of 1 / temperature, so that they add up to 1 again. */
static void temper(float *probabilities)
{
    float most = -1e30f, sum = 0.0f;
    int place;
    for (place = 0; place < HB_CLASSES; place++) {
        probabilities[place] = logarithm(probabilities[place]) * INVERSE_TEMPERATURE;
        if (less(most, probabilities[place]))
            most = probabilities[place];
    }
    most = negative(most);
    for (place = 0; place < HB_CLASSES; place++)
        sum += probabilities[place] = exponential(probabilities[place] + most);
    sum = inverse(sum);
    for (place = 0; place < HB_CLASSES; place++)
        probabilities[place] *= sum;
}

/*** most_probable: less ***/
static int most_probable(const float *probabilities)
{
    int place, best = 0;
    for (place = 1; place < HB_CLASSES; place++)
        if (less(probabilities[best], probabilities[place]))
            best = place;
    return best;
}
