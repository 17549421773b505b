#include "include/statistics.h"

#include <math.h>
#include <string.h>

#if defined(__x86_64__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

typedef double lanes __attribute__((vector_size(32)));
typedef int64_t masks __attribute__((vector_size(32)));

// Macros, since a function could not pass such vectors on a processor without AVX.
// x where the mask is set, y elsewhere.
#define CHOSEN(mask, x, y) ((lanes)(((masks)(x) & (mask)) | ((masks)(y) & ~(mask))))

CLONES void ck_block_statistics_f64(const double *values, size_t count, ck_block_statistics *result) {
  const lanes zero = {0, 0, 0, 0};
  lanes low = {INFINITY, INFINITY, INFINITY, INFINITY}, high = -low, sum = zero;
  masks finite = {0, 0, 0, 0}, nans = finite, zeros = finite;
  const size_t whole = count / 4 * 4;
  for (size_t i = 0; i < whole; i += 4) {
    lanes x;
    memcpy(&x, values + i, sizeof x);
    // Of infinities and NaN the difference is NaN, which equals nothing. A comparison gives -1 for true.
    masks is_finite = (x - x) == zero;
    finite -= is_finite;
    nans -= x != x;
    zeros -= x == zero;
    low = CHOSEN(is_finite & (x < low), x, low);
    high = CHOSEN(is_finite & (x > high), x, high);
    sum += CHOSEN(is_finite, x, zero);
  }
  ck_block_statistics total = {INFINITY, -INFINITY, (sum[0] + sum[1]) + (sum[2] + sum[3]), 0, 0, 0, 0, 0};
  for (int lane = 0; lane < 4; lane++) {
    if (low[lane] < total.min) total.min = low[lane];
    if (high[lane] > total.max) total.max = high[lane];
    total.finite += (size_t)finite[lane];
    total.nans += (size_t)nans[lane];
    total.zeros += (size_t)zeros[lane];
  }
  for (size_t i = whole; i < count; i++) {
    double x = values[i];
    if (x - x == 0) {
      total.finite++;
      total.sum += x;
      if (x < total.min) total.min = x;
      if (x > total.max) total.max = x;
    }
    total.nans += x != x;
    total.zeros += x == 0;
  }
  total.infinities = count - total.finite - total.nans;

  const double mean = total.finite > 0 ? total.sum / (double)total.finite : 0;
  const lanes means = {mean, mean, mean, mean};
  lanes deviations = zero;
  for (size_t i = 0; i < whole; i += 4) {
    lanes x;
    memcpy(&x, values + i, sizeof x);
    lanes d = CHOSEN((x - x) == zero, x - means, zero);
    deviations += d * d;
  }
  total.deviations = (deviations[0] + deviations[1]) + (deviations[2] + deviations[3]);
  for (size_t i = whole; i < count; i++) {
    double x = values[i];
    if (x - x == 0) total.deviations += (x - mean) * (x - mean);
  }
  *result = total;
}

void ck_linear_histogram_f64(const double *values, size_t count, double low, double scale, size_t bins,
                             uint64_t *counts) {
  const double last = (double)bins - 1;
  for (size_t i = 0; i < count; i++) {
    double x = values[i];
    if (!(x - x == 0)) continue;
    double place = (x - low) * scale;
    // Rounding can push the largest value just past the end.
    place = place < 0 ? 0 : place > last ? last : place;
    counts[(size_t)place]++;
  }
}
