
#define LONGEST 65536 /* characters of a line, at most */
#define MOST_CELLS 4096

static char line[LONGEST];
static char head[LONGEST];
static char *cells[MOST_CELLS];
static int is_noted[HB_COLUMNS]; /* whether an unknown category was told of */
static int places[HB_COLUMNS]; /* of the columns in a line */

/* Cuts a line into cells, in place; text between quotes may hold the separator, and "" for a quote. */
static int split(char *from, char separator)
{
    int count = 0, quoted;
    char *to;
    for (;;) {
        while (*from == ' ')
            from++;
        cells[count++] = to = from;
        quoted = *from == '"';
        if (quoted)
            from++;
        while (*from && (quoted || *from != separator)) {
            if (quoted && *from == '"') {
                if (from[1] != '"') {
                    quoted = 0;
                    from++;
                    continue;
                }
                from++;
            }
            *to++ = *from++;
        }
        while (to > cells[count - 1] && to[-1] == ' ')
            to--;
        quoted = *from != 0;
        *to = 0;
        if (!quoted || count == MOST_CELLS)
            return count;
        from++;
    }
}

/* The next line, without its end; 0 if there is none. */
static int read_line(FILE *file)
{
    size_t length;
    if (!fgets(line, sizeof line, file))
        return 0;
    length = strlen(line);
    if (length == sizeof line - 1 && line[length - 1] != '\n') {
        fprintf(stderr, "a line is longer than %d characters\n", LONGEST - 2);
        exit(2);
    }
    while (length && (line[length - 1] == '\n' || line[length - 1] == '\r' || line[length - 1] == ' '))
        line[--length] = 0;
    return 1;
}

static int is_missing(const char *cell)
{
    size_t place;
    for (place = 0; place < sizeof missing_texts / sizeof *missing_texts; place++)
        if (!strcmp(cell, missing_texts[place]))
            return 1;
    return 0;
}

/* In a column of numbers more words stand for a missing one, in capitals or not. */
static int is_missing_number(const char *cell)
{
    size_t place, letter;
    for (place = 0; place < sizeof missing_numbers / sizeof *missing_numbers; place++) {
        for (letter = 0; cell[letter] && tolower((unsigned char)cell[letter]) == missing_numbers[place][letter];)
            letter++;
        if (!cell[letter] && !missing_numbers[place][letter])
            return 1;
    }
    return 0;
}

/* The number of a cell, or the index of its category. */
static float number_of(char *cell, int column, long row)
{
    const char *const *category = categories[column];
    char *end, *comma;
    float value;
    int place, missing = is_missing(cell);
    if (category) {
        for (place = 0; category[place]; place++)
            if (!strcmp(cell, category[place]))
                return (float)place;
        if (!missing && !is_noted[column]++)
            fprintf(stderr, "column %s: %s is none of the categories of the training\n", column_names[column], cell);
        return (float)(place + missing);
    }
    if (missing || is_missing_number(cell))
        return strtof("nan", NULL);
    comma = DECIMAL == '.' ? NULL : strchr(cell, DECIMAL);
    if (comma)
        *comma = '.';
    value = strtof(cell, &end);
    if (end == cell || *end || strpbrk(cell, "xX")) {
        if (comma)
            *comma = DECIMAL;
        fprintf(stderr, "row %ld, column %s: %s is no number\n", row, column_names[column], cell);
        exit(2);
    }
    return value;
}

/* Finds the columns by the names in the first line; 0 if these are not all there. */
static int find_columns(int count)
{
    int column, cell, found;
    for (column = 0; column < HB_COLUMNS; column++) {
        found = -1;
        for (cell = 0; cell < count; cell++)
            if (!strcmp(cells[cell], column_names[column])) {
                if (found >= 0) {
                    fprintf(stderr, "the first line has the column %s twice\n", column_names[column]);
                    exit(2);
                }
                found = cell;
            }
        if (found < 0)
            return column;
        places[column] = found;
    }
    return HB_COLUMNS;
}

#ifdef HB_CLASSES
static void write_cell(const char *before, const char *text)
{
    int quoted = strpbrk(text, ",\"\n\r") != NULL;
    if (quoted)
        putchar('"');
    fputs(before, stdout);
    for (; *text; text++) {
        if (*text == '"')
            putchar('"');
        putchar(*text);
    }
    if (quoted)
        putchar('"');
}

static void write_head(void)
{
    int place;
    printf("prediction");
    for (place = 0; place < HB_CLASSES; place++) {
        putchar(',');
        write_cell("probability_", class_names[place]);
    }
    putchar('\n');
}

static void write_row(int found, const float *values)
{
    int place;
    write_cell("", class_names[found]);
    for (place = 0; place < HB_CLASSES; place++)
        printf(",%.6g", (double)values[place]);
    putchar('\n');
}
#else
static void write_head(void)
{
    puts("mean,standard_deviation");
}

static void write_row(int found, const float *values)
{
    (void)found;
    printf("%.6g,%.6g\n", (double)values[0], (double)values[1]);
}
#endif

int main(int count, char **arguments)
{
    FILE *file = stdin;
    float row[HB_COLUMNS], values[HB_VALUES];
    int column, found, n_cells, width = 0, most = 0;
    long number = 0;
    const char *separators = DECIMAL == ',' ? ";\t" : ",;\t", *separator;
    if (count > 2 || (count == 2 && !strcmp(arguments[1], "--help"))) {
        fprintf(stderr, "usage: %s [FILE]: predicts the rows of a CSV file, or of standard input\n", arguments[0]);
        return 2;
    }
    if (count == 2 && !(file = fopen(arguments[1], "r"))) {
        fprintf(stderr, "cannot read %s\n", arguments[1]);
        return 2;
    }
    if (!read_line(file)) {
        fprintf(stderr, "there is no line with the names of the columns\n");
        return 2;
    }
    /* Some programs begin a file with the mark of UTF-8. */
    memmove(head, strncmp(line, "\357\273\277", 3) ? line : line + 3, LONGEST - 3);
    for (separator = separators; *separator; separator++) {
        memcpy(line, head, sizeof line);
        width = split(line, *separator);
        column = find_columns(width);
        if (column == HB_COLUMNS)
            break;
        if (column > most)
            most = column;
    }
    if (!*separator) {
        fprintf(stderr, "the first line has no column %s\n", column_names[most]);
        return 2;
    }
    write_head();
    while (read_line(file)) {
        number++;
        if (!*line)
            continue;
        n_cells = split(line, *separator);
        if (n_cells > width) {
            fprintf(stderr, "row %ld has %d cells, and the first line %d\n", number, n_cells, width);
            return 2;
        }
        for (column = 0; column < HB_COLUMNS; column++) {
            if (places[column] >= n_cells) {
                fprintf(stderr, "row %ld has %d cells only\n", number, n_cells);
                return 2;
            }
            row[column] = number_of(cells[places[column]], column, number);
        }
        found = hb_predict(row, values);
        if (found < 0) {
            fprintf(stderr, "row %ld cannot be predicted (%d in model.h)\n", number, found);
            return 2;
        }
        write_row(found, values);
    }
    return 0;
}
