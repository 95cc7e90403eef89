/* Predicts the rows of test_vectors.h and compares: prints one line, and ends with 0 if all agree. */
#include <stdio.h>
#include "model.h"
#include "test_vectors.h"

int main(void)
{
    int row, place, found, wrong = 0;
    float values[HB_VALUES], difference, largest = 0.0f;
    for (row = 0; row < TEST_ROWS; row++) {
        found = hb_predict(test_rows[row], values);
        /* Of two classes that are as probable as each other, either is right. */
        if (found != test_answers[row]
            && !(found >= 0 && found < HB_VALUES && test_answers[row] >= 0
                 && test_values[row][found] + TEST_TOLERANCE >= test_values[row][test_answers[row]])) {
            printf("row %d: %d instead of %d\n", row, found, test_answers[row]);
            wrong++;
            continue;
        }
        for (place = 0; place < HB_VALUES; place++) {
            difference = values[place] - test_values[row][place];
            if (difference < 0.0f)
                difference = -difference;
            if (difference > largest)
                largest = difference;
            if (!(difference <= TEST_TOLERANCE)) {
                printf("row %d, value %d: %g instead of %g\n", row, place, (double)values[place],
                       (double)test_values[row][place]);
                wrong++;
            }
        }
    }
    printf("%d rows, %d wrong; the largest difference is %.2g\n", TEST_ROWS, wrong, (double)largest);
    return wrong != 0;
}
