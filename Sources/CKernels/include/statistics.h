// Statistics of doubles in blocks that fit the first-level cache; callers convert other types first.
#ifndef CKERNELS_STATISTICS_H
#define CKERNELS_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  double min, max;      // of the finite values; infinity and -infinity where there is none
  double sum;           // of the finite values
  double deviations;    // sum of (x - block mean)² over the finite values
  size_t finite, nans, infinities, zeros;
} ck_block_statistics;

// Budget: 1 ns a value. Four sums run side by side, so the order of additions is fixed whatever the processor.
void ck_block_statistics_f64(const double *values, size_t count, ck_block_statistics *result);

// Adds the finite values to `bins` equal bins that begin at `low` and have width 1 / `scale`; what falls outside counts
// in the nearest bin.
void ck_linear_histogram_f64(const double *values, size_t count, double low, double scale, size_t bins,
                             uint64_t *counts);

#endif
