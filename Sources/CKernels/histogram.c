// TensorFlow's histogram buckets grow by 1.1, less than 8 a power of two. A table indexed by the exponent and the top
// four bits of the mantissa of |x| (a cell spans a factor of at most 17/16) therefore holds at most one limit inside a
// cell: one look-up and one comparison find the bucket exactly.

#include "histogram.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define SIDE 775  // positive limits, DBL_MAX included; the middle limit is 0
#define CELLS (2048 * 16)

static double limits[CK_HISTOGRAM_LIMITS];
static uint16_t cell_first[CELLS];  // the number of positive limits at or below the cell's lowest value

__attribute__((constructor)) static void fill(void) {
  double *positive = limits + SIDE + 1;
  int n = 0;
  for (double k = 1.0e-12; k < 1.0e20; k *= 1.1) positive[n++] = k;
  positive[n++] = DBL_MAX;
  limits[SIDE] = 0.0;
  for (int i = 0; i < n; i++) limits[SIDE - 1 - i] = -positive[i];
  int below = 0;
  for (uint32_t cell = 0; cell < CELLS; cell++) {
    uint64_t bits = (uint64_t)cell << 48;
    double lowest;
    memcpy(&lowest, &bits, 8);
    while (below < n && positive[below] <= lowest) below++;
    cell_first[cell] = (uint16_t)(below < n ? below : n - 1);
  }
}

const double *ck_histogram_limits(void) { return limits; }

// The index of the bucket of a finite value: how many limits are at or below it.
static inline int bucket_of(double x) {
  const double *positive = limits + SIDE + 1;
  double y = fabs(x);
  uint64_t bits;
  memcpy(&bits, &y, 8);
  int i = cell_first[bits >> 48];
  int above = i + (positive[i] <= y);  // positive limits <= |x|
  if (x >= 0) return SIDE + 1 + above;
  // Negative limits at or below x are those whose positive twin is at or above |x|. Where |x| is itself a limit,
  // that twin belongs to them.
  int equal = above > 0 && positive[above - 1] == y;
  return SIDE - above + equal;
}

#define COUNT(name, type)                                                                             \
  void name(const type *values, size_t count, uint64_t *counts, ck_histogram_totals *totals) {        \
    double low = totals->min, high = totals->max, sum = totals->sum, squares = totals->sum_squares;   \
    for (size_t i = 0; i < count; i++) {                                                              \
      double x = (double)values[i];                                                                   \
      if (!(fabs(x) <= DBL_MAX)) {                                                                    \
        if (x != x) totals->nans++;                                                                   \
        else totals->infinities++;                                                                    \
        continue;                                                                                     \
      }                                                                                               \
      int bucket = bucket_of(x);                                                                      \
      counts[bucket < CK_HISTOGRAM_LIMITS ? bucket : CK_HISTOGRAM_LIMITS - 1]++;                      \
      if (x < low) low = x;                                                                           \
      if (x > high) high = x;                                                                         \
      sum += x;                                                                                       \
      squares += x * x;                                                                               \
    }                                                                                                 \
    totals->min = low;                                                                                \
    totals->max = high;                                                                               \
    totals->sum = sum;                                                                                \
    totals->sum_squares = squares;                                                                    \
  }

COUNT(ck_histogram_count_f32, float)
COUNT(ck_histogram_count_f64, double)
