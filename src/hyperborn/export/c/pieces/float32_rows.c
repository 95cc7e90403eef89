/* Pieces of C in float32 that make features of a raw row: see float32.c. */

/*** row_of_numbers: bits_of_float ***/
/* A raw row as numbers of which none is missing. */
static int read_row(const float *row, float *features)
{
    int place;
    for (place = 0; place < HB_COLUMNS; place++) {
        if (is_nan(row[place]))
            return HB_MISSING;
        if (is_infinite(row[place]))
            return HB_INFINITE;
        features[place] = row[place];
    }
    return 0;
}

/*** row_with_medians: bits_of_float ***/
/* A raw row as numbers, of which one that is missing is its median. */
static int read_row(const float *row, float *features)
{
    int place;
    for (place = 0; place < HB_COLUMNS; place++) {
        if (!is_nan(row[place]) && is_infinite(row[place]))
            return HB_INFINITE;
        features[place] = is_nan(row[place]) ? medians[place] : row[place];
    }
    return 0;
}

/*** row_of_table: less ***/
/* A raw row as numbers: each category becomes a 1 among zeros, and a value that is missing its median or a mark. */
static int read_row(const float *row, float *features)
{
    int column, place, missing, count, code, kinds;
    float value;
    for (column = 0; column < HB_COLUMNS; column++) {
        value = row[column];
        kinds = column_kinds[column];
        count = column_categories[column];
        if (count == 0) {
            missing = is_nan(value);
            if (missing && !(kinds & TAKES_MISSING))
                return HB_MISSING;
            if (!missing && is_infinite(value))
                return HB_INFINITE;
            *features++ = missing ? medians[column] : value;
        } else {
            if (is_nan(value) || less(value, 0.0f) || less((float)(count + 1), value))
                return HB_CATEGORY;
            code = (int)value;
            if (less((float)code, value))
                return HB_CATEGORY;
            missing = code == count + 1;
            if (missing && !(kinds & TAKES_MISSING))
                return HB_MISSING;
            if (code == count && !(kinds & TAKES_OTHERS))
                return HB_CATEGORY;
            if (missing && !(kinds & MARKS_MISSING))
                code = count;
            for (place = 0; place < count + ((kinds & MARKS_OTHERS) != 0); place++)
                *features++ = place == code ? 1.0f : 0.0f;
        }
        if (kinds & MARKS_MISSING)
            *features++ = missing ? 1.0f : 0.0f;
    }
    return 0;
}

/*** separate ***/
/* With the numbers in sight, GCC would unroll the loop, and make subtractions of it. */
#if defined(__GNUC__) && !defined(__clang__)
#define SEPARATE __attribute__((noinline, noclone))
#else
#define SEPARATE
#endif

/*** standardize: separate ***/
static SEPARATE void standardize(float *features, const float *minus, const float *factor, int count)
{
    for (; count-- > 0; features++)
        *features = (*features + *minus++) * *factor++;
}

/*** standardize_far: separate ***/
/* The same of numbers far from 0, whose means take two floats. */
static SEPARATE void standardize_far(float *features, const float *minus, const float *rest, const float *factor,
                                     int count)
{
    for (; count-- > 0; features++)
        *features = (*features + *minus++ + *rest++) * *factor++;
}

/*** project ***/
/* Principal components of standardised features. */
static void project(const float *features, int count, float *projected)
{
    const float *component = components;
    int place, number;
    for (number = 0; number < count; number++) {
        projected[number] = 0.0f;
        for (place = 0; place < RAW; place++)
            projected[number] += *component++ * features[place];
    }
}

/*** pack_features ***/
/* Bits of features that are one of two numbers; not 0 if one is neither. */
static int pack_features(const float *features, float low, float high, word *bits)
{
    int place;
    for (place = 0; place < RAW; place++) {
        if (place % WORD == 0)
            bits[place / WORD] = 0;
        if (features[place] == high)
            bits[place / WORD] |= (word)((word)1 << (place % WORD));
        else if (features[place] != low)
            return 1;
    }
    return 0;
}
