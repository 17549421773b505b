#include "pooling.h"

#include <string.h>

#if defined(__x86_64__)
#define WIDE __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WIDE
#endif

// The part of a window that lies in the image: [first, last).
static inline void window(size_t position, size_t stride, size_t pad, size_t extent, size_t size, size_t *first,
                          size_t *last) {
  const size_t start = position * stride, end = start + extent;
  *first = start > pad ? start - pad : 0;
  *last = end > pad ? end - pad : 0;
  if (*last > size) *last = size;
  if (*first > *last) *first = *last;
}

// Runs BODY for each output pixel: `at` is its number, [top, bottom) × [left, right) its window, `base` the number of
// its image's first input pixel.
#define EACH_WINDOW(BODY)                                                                                            \
  for (size_t image = 0; image < images; image++) {                                                                  \
    const size_t base = image * p->in_rows * p->in_columns;                                                          \
    for (size_t row = 0; row < p->out_rows; row++) {                                                                 \
      size_t top, bottom;                                                                                            \
      window(row, p->row_stride, p->pad_top, p->window_rows, p->in_rows, &top, &bottom);                             \
      for (size_t column = 0; column < p->out_columns; column++) {                                                   \
        size_t left, right;                                                                                          \
        window(column, p->column_stride, p->pad_left, p->window_columns, p->in_columns, &left, &right);              \
        const size_t at = (image * p->out_rows + row) * p->out_columns + column;                                     \
        BODY                                                                                                         \
      }                                                                                                              \
    }                                                                                                                \
  }

#define DEFINE_POOLING(T, S)                                                                                         \
  WIDE void ck_max_pool_##S(const ck_pooling *p, const T *input, T *output, size_t images) {                         \
    const size_t channels = p->channels;                                                                             \
    EACH_WINDOW({                                                                                                    \
      T *best = output + at * channels;                                                                              \
      if (bottom <= top || right <= left) {                                                                          \
        memset(best, 0, channels * sizeof(T));                                                                       \
        continue;                                                                                                    \
      }                                                                                                              \
      memcpy(best, input + (base + top * p->in_columns + left) * channels, channels * sizeof(T));                    \
      for (size_t y = top; y < bottom; y++)                                                                          \
        for (size_t x = left; x < right; x++) {                                                                      \
          const T *values = input + (base + y * p->in_columns + x) * channels;                                       \
          for (size_t k = 0; k < channels; k++)                                                                      \
            best[k] = values[k] > best[k] || best[k] != best[k] ? values[k] : best[k];                               \
        }                                                                                                            \
    })                                                                                                               \
  }                                                                                                                  \
                                                                                                                     \
  static inline void best_places_##S(const ck_pooling *p, const T *input, size_t base, size_t top, size_t bottom,    \
                                     size_t left, size_t right, T *restrict best, int32_t *restrict index) {         \
    const size_t channels = p->channels;                                                                             \
    const int32_t start = (int32_t)(top * p->in_columns + left);                                                     \
    const T *head = input + (base + (size_t)start) * channels;                                                       \
    for (size_t k = 0; k < channels; k++) {                                                                          \
      best[k] = head[k];                                                                                             \
      index[k] = start;                                                                                              \
    }                                                                                                                \
    for (size_t y = top; y < bottom; y++)                                                                            \
      for (size_t x = left; x < right; x++) {                                                                        \
        const int32_t pixel = (int32_t)(y * p->in_columns + x);                                                      \
        const T *restrict values = input + (base + (size_t)pixel) * channels;                                        \
        for (size_t k = 0; k < channels; k++) {                                                                      \
          const int beats = values[k] > best[k] || best[k] != best[k];                                               \
          best[k] = beats ? values[k] : best[k];                                                                     \
          index[k] = beats ? pixel : index[k];                                                                       \
        }                                                                                                            \
      }                                                                                                              \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_max_pool_index_##S(const ck_pooling *p, const T *input, int32_t *index, size_t images) {              \
    /* Channels in pieces, so that the best values so far fit on the stack. */                                       \
    enum { PIECE = 256 };                                                                                            \
    T best[PIECE];                                                                                                   \
    int32_t found[PIECE];                                                                                            \
    EACH_WINDOW({                                                                                                    \
      for (size_t k = 0; k < p->channels; k += PIECE) {                                                              \
        const size_t count = p->channels - k < PIECE ? p->channels - k : PIECE;                                      \
        for (size_t n = 0; n < count; n++) {                                                                         \
          found[n] = bottom > top && right > left ? (int32_t)(top * p->in_columns + left) : -1;                      \
          if (found[n] >= 0) best[n] = input[(base + (size_t)found[n]) * p->channels + k + n];                       \
        }                                                                                                            \
        for (size_t y = top; y < bottom; y++)                                                                        \
          for (size_t x = left; x < right; x++)                                                                      \
            for (size_t n = 0; n < count; n++) {                                                                     \
              const T value = input[(base + y * p->in_columns + x) * p->channels + k + n];                           \
              const int beats = value > best[n] || best[n] != best[n];                                               \
              best[n] = beats ? value : best[n];                                                                     \
              found[n] = beats ? (int32_t)(y * p->in_columns + x) : found[n];                                        \
            }                                                                                                        \
        memcpy(index + at * p->channels + k, found, count * sizeof(int32_t));                                        \
      }                                                                                                              \
    })                                                                                                               \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_max_pool_gradient_##S(const ck_pooling *p, const T *input, const T *gradient, T *output,              \
                                     int32_t *index, size_t images) {                                                \
    const size_t channels = p->channels;                                                                             \
    /* The row of best values stands behind the row of their places. */                                              \
    T *best = (T *)(index + channels + channels % 2);                                                                \
    memset(output, 0, images * p->in_rows * p->in_columns * channels * sizeof(T));                                   \
    EACH_WINDOW({                                                                                                    \
      if (bottom <= top || right <= left) continue;                                                                  \
      best_places_##S(p, input, base, top, bottom, left, right, best, index);                                        \
      const T *values = gradient + at * channels;                                                                    \
      for (size_t y = top; y < bottom; y++)                                                                          \
        for (size_t x = left; x < right; x++) {                                                                      \
          const int32_t pixel = (int32_t)(y * p->in_columns + x);                                                    \
          T *sums = output + (base + (size_t)pixel) * channels;                                                      \
          for (size_t k = 0; k < channels; k++) sums[k] += index[k] == pixel ? values[k] : (T)0;                     \
        }                                                                                                            \
    })                                                                                                               \
  }

// Rows are summed up in blocks and the blocks then, which keeps the rounding of long columns small.
enum { BLOCK = 64, GROUP = 64 };

#define DEFINE_AVERAGE_POOLING(T, S)                                                                                 \
  WIDE void ck_average_pool_##S(const ck_pooling *p, const T *input, T *output, size_t images) {                     \
    const size_t channels = p->channels;                                                                             \
    EACH_WINDOW({                                                                                                    \
      T *sums = output + at * channels;                                                                              \
      memset(sums, 0, channels * sizeof(T));                                                                         \
      const T count = (T)((bottom - top) * (right - left));                                                          \
      for (size_t y = top; y < bottom; y++)                                                                          \
        for (size_t x = left; x < right; x++) {                                                                      \
          const T *values = input + (base + y * p->in_columns + x) * channels;                                       \
          for (size_t k = 0; k < channels; k++) sums[k] += values[k];                                                \
        }                                                                                                            \
      for (size_t k = 0; k < channels; k++) sums[k] /= count;                                                        \
    })                                                                                                               \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_average_pool_gradient_##S(const ck_pooling *p, const T *gradient, T *output, size_t images) {         \
    const size_t channels = p->channels;                                                                             \
    memset(output, 0, images * p->in_rows * p->in_columns * channels * sizeof(T));                                   \
    EACH_WINDOW({                                                                                                    \
      const T *values = gradient + at * channels;                                                                    \
      const T share = (T)1 / (T)((bottom - top) * (right - left));                                                   \
      for (size_t y = top; y < bottom; y++)                                                                          \
        for (size_t x = left; x < right; x++) {                                                                      \
          T *sums = output + (base + y * p->in_columns + x) * channels;                                              \
          for (size_t k = 0; k < channels; k++) sums[k] += values[k] * share;                                        \
        }                                                                                                            \
    })                                                                                                               \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_column_moments_##S(const T *input, T *mean, T *variance, size_t rows, size_t channels) {              \
    for (size_t first = 0; first < channels; first += GROUP) {                                                       \
      const size_t count = channels - first < GROUP ? channels - first : GROUP;                                      \
      T sums[GROUP] = {0}, squares[GROUP] = {0};                                                                     \
      for (size_t start = 0; start < rows; start += BLOCK) {                                                         \
        T part[GROUP] = {0};                                                                                         \
        const size_t end = rows - start < BLOCK ? rows : start + BLOCK;                                              \
        for (size_t row = start; row < end; row++)                                                                   \
          for (size_t k = 0; k < count; k++) part[k] += input[row * channels + first + k];                           \
        for (size_t k = 0; k < count; k++) sums[k] += part[k];                                                       \
      }                                                                                                              \
      for (size_t k = 0; k < count; k++) sums[k] /= (T)rows;                                                         \
      for (size_t start = 0; start < rows; start += BLOCK) {                                                         \
        T part[GROUP] = {0};                                                                                         \
        const size_t end = rows - start < BLOCK ? rows : start + BLOCK;                                              \
        for (size_t row = start; row < end; row++)                                                                   \
          for (size_t k = 0; k < count; k++) {                                                                       \
            const T distance = input[row * channels + first + k] - sums[k];                                          \
            part[k] += distance * distance;                                                                          \
          }                                                                                                          \
        for (size_t k = 0; k < count; k++) squares[k] += part[k];                                                    \
      }                                                                                                              \
      for (size_t k = 0; k < count; k++) {                                                                           \
        mean[first + k] = sums[k];                                                                                   \
        variance[first + k] = squares[k] / (T)rows;                                                                  \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_scale_columns_##S(const T *input, const T *factor, const T *offset, T *output, size_t rows,           \
                                 size_t channels) {                                                                  \
    for (size_t row = 0; row < rows; row++)                                                                          \
      for (size_t k = 0; k < channels; k++)                                                                          \
        output[row * channels + k] = input[row * channels + k] * factor[k] + offset[k];                              \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_column_products_##S(const T *gradient, const T *input, const T *mean, T *sums, T *products,           \
                                   size_t rows, size_t channels) {                                                   \
    for (size_t first = 0; first < channels; first += GROUP) {                                                       \
      const size_t count = channels - first < GROUP ? channels - first : GROUP;                                      \
      T total[GROUP] = {0}, product[GROUP] = {0};                                                                    \
      for (size_t start = 0; start < rows; start += BLOCK) {                                                         \
        T part[GROUP] = {0}, weighted[GROUP] = {0};                                                                  \
        const size_t end = rows - start < BLOCK ? rows : start + BLOCK;                                              \
        for (size_t row = start; row < end; row++)                                                                   \
          for (size_t k = 0; k < count; k++) {                                                                       \
            const T g = gradient[row * channels + first + k];                                                        \
            part[k] += g;                                                                                            \
            weighted[k] += g * (input[row * channels + first + k] - mean[first + k]);                                \
          }                                                                                                          \
        for (size_t k = 0; k < count; k++) {                                                                         \
          total[k] += part[k];                                                                                       \
          product[k] += weighted[k];                                                                                 \
        }                                                                                                            \
      }                                                                                                              \
      memcpy(sums + first, total, count * sizeof(T));                                                                \
      memcpy(products + first, product, count * sizeof(T));                                                          \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_normalization_gradient_##S(const T *gradient, const T *input, const T *mean, const T *factor,         \
                                          const T *slope, const T *offset, T *output, size_t rows,                   \
                                          size_t channels) {                                                         \
    for (size_t row = 0; row < rows; row++)                                                                          \
      for (size_t k = 0; k < channels; k++) {                                                                        \
        const size_t i = row * channels + k;                                                                         \
        output[i] = factor[k] * gradient[i] - slope[k] * (input[i] - mean[k]) - offset[k];                           \
      }                                                                                                              \
  }

DEFINE_POOLING(float, f32)
DEFINE_POOLING(double, f64)
DEFINE_POOLING(int8_t, i8)
DEFINE_POOLING(int16_t, i16)
DEFINE_POOLING(int32_t, i32)
DEFINE_POOLING(int64_t, i64)
DEFINE_POOLING(uint8_t, u8)
DEFINE_POOLING(uint16_t, u16)
DEFINE_AVERAGE_POOLING(float, f32)
DEFINE_AVERAGE_POOLING(double, f64)
