/* Pieces of C in whole numbers that make features of a raw row: see fixed_point.c. */

/*** row_of_numbers ***/
/* A raw row as numbers of which none is missing. */
static int read_row(const int32_t *row, int32_t *features)
{
    int place;
    for (place = 0; place < HB_COLUMNS; place++) {
        if (row[place] == HB_NO_VALUE)
            return HB_MISSING;
        features[place] = row[place];
    }
    return 0;
}

/*** row_with_medians ***/
/* A raw row as numbers, of which one that is missing is its median. */
static int read_row(const int32_t *row, int32_t *features)
{
    int place;
    for (place = 0; place < HB_COLUMNS; place++)
        features[place] = row[place] == HB_NO_VALUE ? medians[place] : row[place];
    return 0;
}

/*** row_of_table ***/
/* A raw row as numbers: each category becomes a 1 among zeros, and a value that is missing its median or a mark. */
static int read_row(const int32_t *row, int32_t *features)
{
    int column, place, missing, count, kinds;
    int32_t value;
    for (column = 0; column < HB_COLUMNS; column++) {
        value = row[column];
        kinds = column_kinds[column];
        count = column_categories[column];
        if (count == 0) {
            missing = value == HB_NO_VALUE;
            if (missing && !(kinds & TAKES_MISSING))
                return HB_MISSING;
            *features++ = missing ? medians[column] : value;
        } else {
            if (value < 0 || value > count + 1)
                return HB_CATEGORY;
            missing = value == count + 1;
            if (missing && !(kinds & TAKES_MISSING))
                return HB_MISSING;
            if (value == count && !(kinds & TAKES_OTHERS))
                return HB_CATEGORY;
            if (missing && !(kinds & MARKS_MISSING))
                value = count;
            for (place = 0; place < count + ((kinds & MARKS_OTHERS) != 0); place++)
                *features++ = place == value;
        }
        if (kinds & MARKS_MISSING)
            *features++ = missing;
    }
    return 0;
}

/*** standardize: scaled ***/
/* Raw features as standardised ones of 16 bits. */
static void standardize(int32_t *features)
{
    int place;
    int32_t value;
    for (place = 0; place < RAW; place++) {
        /* Raw numbers have 31 bits at most, so that their difference fits. */
        value = features[place] > 1073741823 ? 1073741823 : features[place] < -1073741823 ? -1073741823 : features[place];
        value = scaled(value - centers[place], multipliers[place], shifts[place]) + remainders[place];
        features[place] = value > 32767 ? 32767 : value < -32767 ? -32767 : value;
    }
}

/*** project ***/
/* Principal components of standardised features. */
static void project(const int32_t *features, int count, int shift, int32_t *projected)
{
    const int16_t *component = components;
    int place, number;
    int64_t sum;
    for (number = 0; number < count; number++) {
        sum = (int64_t)1 << (shift - 1);
        for (place = 0; place < RAW; place++)
            sum += *component++ * features[place];
        sum >>= shift;
        projected[number] = sum > 32767 ? 32767 : sum < -32767 ? -32767 : (int32_t)sum;
    }
}

/*** pack_features ***/
/* Bits of features that are one of two numbers; not 0 if one is neither. */
static int pack_features(const int32_t *features, word *bits)
{
    int place;
    for (place = 0; place < RAW; place++) {
        if (place % WORD == 0)
            bits[place / WORD] = 0;
        if (features[place] == highs[place])
            bits[place / WORD] |= (word)((word)1 << (place % WORD));
        else if (features[place] != lows[place])
            return 1;
    }
    return 0;
}

/*** row_of_floats ***/
/* A raw row as whole numbers, of the fraction bits that each column has. */
static int whole_row(const float *row, int32_t *whole)
{
    union { float value; uint32_t bits; } number;
    int place;
    for (place = 0; place < HB_COLUMNS; place++) {
        number.value = row[place];
        if ((number.bits & 0x7fffffffu) > 0x7f800000u) {
            whole[place] = HB_NO_VALUE;
            continue;
        }
        if (number.value > 1e18f || number.value < -1e18f)
            return HB_INFINITE;
        number.value *= steps[place];
        if (number.value > 1073741823.0f)
            whole[place] = 1073741823;
        else if (number.value < -1073741823.0f)
            whole[place] = -1073741823;
        else
            whole[place] = (int32_t)(number.value + (number.value < 0.0f ? -0.5f : 0.5f));
    }
    return 0;
}

/*** categories_of_floats ***/
/* Not 0 if the index of a category is no whole number. */
static int refuses_categories(const float *row)
{
    int place;
    for (place = 0; place < HB_COLUMNS; place++)
        if (column_categories[place]
            && !(row[place] > -1.0f && row[place] < 65536.0f && (float)(int32_t)row[place] == row[place]))
            return 1;
    return 0;
}
