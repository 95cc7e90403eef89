/* Pieces of C in whole numbers, of which a file that is exported holds those that it needs: see float32.c.

   A number of f fraction bits is a whole number over 2^f. Numbers between layers have 16 bits, sums 24. Shifts of negative
   numbers to the right keep the sign, as all compilers for such cores have it. */

/*** scaled ***/
/* value * multiplier / 2^shift, rounded, and cut off at 2^29. */
static int32_t scaled(int32_t value, int32_t multiplier, int shift)
{
    int64_t product = ((int64_t)value * multiplier + ((int64_t)1 << (shift - 1))) >> shift;
    if (product > 536870912)
        return 536870912;
    return product < -536870912 ? -536870912 : (int32_t)product;
}

/*** bounded ***/
/* Cut off at 24 bits. */
static int32_t bounded(int32_t value)
{
    return value > 16777216 ? 16777216 : value < -16777216 ? -16777216 : value;
}

/*** narrowed ***/
/* value / 2^shift, rounded, and cut off at 16 bits. */
static int32_t narrowed(int32_t value, int shift)
{
    value = (value + ((int32_t)1 << shift >> 1)) >> shift;
    return value > 32767 ? 32767 : value < -32767 ? -32767 : value;
}

/*** square_root ***/
/* The root of a positive number as root * 2^power, the root of 16 bits. */
static uint32_t square_root(uint64_t value, int *power)
{
    uint32_t root = 0, bit, top;
    int length = 0;
    while (length < 64 && value >> length)
        length++;
    *power = (length + 1) / 2 - 16;
    top = (uint32_t)(*power >= 0 ? value >> (2 * *power) : value << (-2 * *power));
    for (bit = (uint32_t)1 << 15; bit; bit >>= 1)
        if ((root | bit) * (root | bit) <= top)
            root |= bit;
    return root;
}

/*** power_of_two ***/
static const uint16_t powers[65] = {
POWERS
};

/* 2^-x, of x from 0 on; both have 15 fraction bits. */
static uint32_t power_of_two(uint32_t x)
{
    uint32_t place = (x >> 9) & 63, rest = x & 511, power = x >> 15, value;
    value = powers[place] - (((uint32_t)(powers[place] - powers[place + 1]) * rest + 256) >> 9);
    return power > 16 ? 0 : value >> power;
}

/*** exponential: power_of_two ***/
/* e^-x, of x from 0 on; both have 15 fraction bits. */
static uint32_t exponential(uint32_t x)
{
    if (x > 393216)
        x = 393216;
    return power_of_two((x * 5909) >> 12);
}

/*** minus_logarithm ***/
static const uint16_t logarithms[66] = {
LOGARITHMS
};

/* -log2(x), of x from 0 to 1; both have 15 fraction bits. 0 counts as half of the least number. */
static uint32_t minus_logarithm(uint32_t x)
{
    uint32_t doubled = x ? 2 * x : 1, place, rest, value;
    int power = 0;
    while (doubled >> (power + 1))
        power++;
    value = (doubled << (16 - power)) - 65536;
    place = value >> 10;
    rest = value & 1023;
    value = logarithms[place] + (((uint32_t)(logarithms[place + 1] - logarithms[place]) * rest + 512) >> 10);
    return ((uint32_t)(16 - power) << 15) - value;
}

/*** logistic: exponential ***/
/* 1 / (1 + e^-x), of x with the scale that makes 15 fraction bits of its own; the value has 15. */
static int32_t logistic(int32_t x, int32_t multiplier, int shift)
{
    int32_t small;
    x = scaled(x, multiplier, shift);
    small = (int32_t)exponential((uint32_t)(x < 0 ? -x : x));
    return (int32_t)(((uint32_t)(x < 0 ? small : 32768) << 15) / (uint32_t)(32768 + small));
}

/*** dense: scaled bounded ***/
/* Sums of a layer: a weight is middle - half for bit 0 and middle + half for bit 1, so that the sum of weights times
   inputs is half of (inputs with bit 1 less those with bit 0), plus middle of all inputs. Rows of bits are whole bytes. */
static void dense(const uint8_t *weights, int units, const int32_t *inputs, int count, int32_t half, int half_shift,
                  int32_t middle, int middle_shift, int32_t *sums)
{
    int32_t all = 0, chosen;
    int place, unit;
    unsigned byte;
    const int32_t *input;
    for (place = 0; place < count; place++)
        all += inputs[place];
    for (unit = 0; unit < units; unit++) {
        chosen = 0;
        for (place = 0; place < count; place += 8)
            for (byte = *weights++, input = inputs + place; byte; byte >>= 1, input++)
                if (byte & 1)
                    chosen += *input;
        sums[unit] = bounded(scaled(chosen + (chosen - all), half, half_shift) + scaled(all, middle, middle_shift));
    }
}

/*** convolution: dense ***/
/* A kernel moved over maps (rows, columns, channels): the inputs under it are gathered, zeros outside of the maps. */
static void convolution(const uint8_t *weights, int units, const int32_t *maps, const shape *over, int32_t *patch,
                        int32_t half, int half_shift, int32_t middle, int middle_shift, int32_t *sums)
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
                            ? 0 : maps[(y * over->width + x) * over->channels + channel];
                }
            dense(weights, units, patch, count, half, half_shift, middle, middle_shift, sums);
            sums += units;
        }
}

/*** binary_dense: ones scaled bounded ***/
/* Sums of a layer whose inputs are -1 (bit 0) or 1 (bit 1): inputs that differ from the weight's bit count down. */
static void binary_dense(const word *weights, int units, const word *inputs, int count, int32_t half, int half_shift,
                         int32_t middle, int middle_shift, int32_t *sums)
{
    int place, unit, all = 0, differing, words = (count + WORD - 1) / WORD;
    for (place = 0; place < words; place++)
        all += ones(inputs[place]);
    all = 2 * all - count;
    for (unit = 0; unit < units; unit++) {
        differing = 0;
        for (place = 0; place < words; place++)
            differing += ones((uint32_t)(*weights++ ^ inputs[place]));
        sums[unit] = bounded(scaled(count - 2 * differing, half, half_shift) + scaled(all, middle, middle_shift));
    }
}

/*** binary_convolution: ones scaled bounded ***/
/* The same for a kernel on maps of -1 and 1, whose channels are whole words at each place; places outside count 0. */
static void binary_convolution(const word *weights, int units, const word *maps, const shape *over, int32_t half,
                               int half_shift, int32_t middle, int middle_shift, int32_t *sums)
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
                *sums++ = bounded(scaled(met - 2 * differing, half, half_shift)
                                  + scaled(2 * all - met, middle, middle_shift));
            }
}

/*** pack_signs ***/
/* Bits of values, 1 for those that are not negative but for rounding: words begin anew at each of the positions. */
static void pack_signs(const int32_t *values, int positions, int units, int32_t tie, word *bits)
{
    int position, unit;
    for (position = 0; position < positions; position++) {
        for (unit = 0; unit < units; unit++) {
            if (unit % WORD == 0)
                *bits = 0;
            if (*values++ >= -tie)
                *bits |= (word)((word)1 << (unit % WORD));
            if (unit % WORD == WORD - 1)
                bits++;
        }
        if (units % WORD)
            bits++;
    }
}

/*** normalize: scaled bounded square_root ***/
/* Brings values to mean 0 and variance 1. One over their number is share / 2^share_shift. The least sum of squares is
   epsilon / 2^epsilon_shift, and root the square root of their number with the fraction bits that make the shift what
   it is. Values are lifted to 24 bits first, so that quiet rows keep their digits. */
static void normalize(int32_t *values, int count, int32_t share, int share_shift, int drop, uint32_t epsilon,
                      int epsilon_shift, uint32_t root, int shift)
{
    int64_t sum = 0;
    uint64_t square;
    int32_t mean, part, largest = 0;
    int place, power, lift = 0;
    uint32_t factor;
    for (place = 0; place < count; place++)
        sum += values[place];
    mean = scaled((int32_t)(sum >> drop), share, share_shift);
    for (place = 0; place < count; place++) {
        values[place] -= mean;
        part = values[place] < 0 ? -values[place] : values[place];
        if (part > largest)
            largest = part;
    }
    while (lift < 14 && largest < 8388608 >> lift)
        lift++;
    epsilon_shift -= 2 * lift;
    if (epsilon_shift > 31)
        square = 0;
    else
        square = epsilon_shift > 0 ? (uint64_t)(epsilon >> epsilon_shift) : (uint64_t)epsilon << -epsilon_shift;
    if (square == 0)
        square = 1;
    for (place = 0; place < count; place++) {
        values[place] *= (int32_t)1 << lift;
        part = values[place] >> 8;
        square += (uint64_t)((int64_t)part * part);
    }
    factor = root / square_root(square, &power);
    for (place = 0; place < count; place++)
        values[place] = bounded(scaled(values[place], (int32_t)factor, shift + power));
}

/*** multiply: scaled bounded ***/
static void multiply(int32_t *values, int positions, int units, const int16_t *gains, int shift)
{
    int unit;
    for (; positions-- > 0; values += units)
        for (unit = 0; unit < units; unit++)
            values[unit] = bounded(scaled(values[unit], gains[unit], shift));
}

/*** add: bounded ***/
static void add(int32_t *values, int positions, int units, const int16_t *added, int32_t step)
{
    int unit;
    for (; positions-- > 0; values += units)
        for (unit = 0; unit < units; unit++)
            values[unit] = bounded(values[unit] + added[unit] * step);
}

/*** relu: narrowed ***/
static void relu(int32_t *values, int count, int shift)
{
    int place;
    for (place = 0; place < count; place++)
        values[place] = values[place] < 0 ? 0 : narrowed(values[place], shift);
}

/*** identity: narrowed ***/
static void identity(int32_t *values, int count, int shift)
{
    int place;
    for (place = 0; place < count; place++)
        values[place] = narrowed(values[place], shift);
}

/*** sigmoid: logistic narrowed ***/
static void sigmoid(int32_t *values, int count, int32_t multiplier, int shift)
{
    int place;
    for (place = 0; place < count; place++)
        values[place] = narrowed(logistic(values[place], multiplier, shift), 1);
}

/*** tanh: logistic narrowed ***/
static void hyperbolic_tangent(int32_t *values, int count, int32_t multiplier, int shift)
{
    int place;
    for (place = 0; place < count; place++)
        values[place] = narrowed(2 * logistic(values[place], multiplier, shift) - 32768, 1);
}

/*** probabilities: scaled exponential ***/
/* Probabilities of 15 fraction bits, from logits that the scale gives 15, too. */
static void probabilities_of(const int32_t *logits, int32_t multiplier, int shift, uint32_t *probabilities)
{
    int32_t most = logits[0];
    uint32_t sum = 0;
    int place;
    for (place = 1; place < HB_CLASSES; place++)
        if (logits[place] > most)
            most = logits[place];
    for (place = 0; place < HB_CLASSES; place++)
        sum += probabilities[place] = exponential((uint32_t)scaled(most - logits[place], multiplier, shift));
    for (place = 0; place < HB_CLASSES; place++)
        probabilities[place] = ((probabilities[place] << 15) + sum / 2) / sum;
}

/*** probabilities_of_two: scaled logistic ***/
/* Probabilities of two classes, from the logit of the second. */
static void probabilities_of(const int32_t *logits, int32_t multiplier, int shift, uint32_t *probabilities)
{
    probabilities[1] = (uint32_t)logistic(logits[0], multiplier, shift);
    probabilities[0] = 32768 - probabilities[1];
}

/*** temper: minus_logarithm power_of_two ***/
/* Each probability to the power of 1 / temperature, so that they add up to 1 again. */
static void temper(uint32_t *probabilities)
{
    uint32_t least = 0xffffffffu, sum = 0;
    int place;
    for (place = 0; place < HB_CLASSES; place++) {
        probabilities[place] = minus_logarithm(probabilities[place]);
        if (probabilities[place] < least)
            least = probabilities[place];
    }
    for (place = 0; place < HB_CLASSES; place++) {
        probabilities[place] = (uint32_t)scaled((int32_t)(probabilities[place] - least), INVERSE_TEMPERATURE);
        sum += probabilities[place] = power_of_two(probabilities[place]);
    }
    for (place = 0; place < HB_CLASSES; place++)
        probabilities[place] = ((probabilities[place] << 15) + sum / 2) / sum;
}

/*** most_probable ***/
static int most_probable(const uint32_t *probabilities)
{
    int place, best = 0;
    for (place = 1; place < HB_CLASSES; place++)
        if (probabilities[place] > probabilities[best])
            best = place;
    return best;
}
