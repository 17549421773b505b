// Counting values into TensorFlow's histogram buckets.
#ifndef CKERNELS_HISTOGRAM_H
#define CKERNELS_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>

#define CK_HISTOGRAM_LIMITS 1551

// The upper limits of TensorFlow's default buckets: -DBL_MAX, -k... , 0, k..., DBL_MAX, where k is 1e-12 multiplied by
// 1.1 again and again while it is below 1e20. A value x falls into bucket i with limits[i - 1] <= x < limits[i].
const double *ck_histogram_limits(void);

typedef struct {
  double min, max, sum, sum_squares;  // min is DBL_MAX and max -DBL_MAX where no value was counted
  size_t nans, infinities;            // left out of everything else
} ck_histogram_totals;

// Adds values to `counts` (CK_HISTOGRAM_LIMITS of them) and to `totals`. Sums are taken one value after the other, as
// TensorFlow does, so they are equal to the last bit.
void ck_histogram_count_f32(const float *values, size_t count, uint64_t *counts, ck_histogram_totals *totals);
void ck_histogram_count_f64(const double *values, size_t count, uint64_t *counts, ck_histogram_totals *totals);

#endif
