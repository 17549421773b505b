// Pooling and batch normalisation of images stored [batch, rows, columns, channels]. Callers have checked all sizes.
#ifndef CKERNELS_POOLING_H
#define CKERNELS_POOLING_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  size_t in_rows, in_columns, channels;
  size_t window_rows, window_columns;
  size_t out_rows, out_columns;
  size_t row_stride, column_stride;
  size_t pad_top, pad_left;
} ck_pooling;

#define CK_DECLARE_POOLING(T, S)                                                                                     \
  /* The largest element under each window; padding does not count. A NaN never is, unless it is all there is. */    \
  void ck_max_pool_##S(const ck_pooling *p, const T *input, T *output, size_t images);                               \
  /* For each output the pixel (row * in_columns + column) its element came from, the first of equals. */            \
  void ck_max_pool_index_##S(const ck_pooling *p, const T *input, int32_t *index, size_t images);                    \
  /* Sums the gradients of the outputs into the elements they came from; `index` has room for one row of channels. */\
  void ck_max_pool_gradient_##S(const ck_pooling *p, const T *input, const T *gradient, T *output, int32_t *index,   \
                                size_t images);

#define CK_DECLARE_AVERAGE_POOLING(T, S)                                                                             \
  /* The mean of what lies under each window; padding does not count. */                                            \
  void ck_average_pool_##S(const ck_pooling *p, const T *input, T *output, size_t images);                           \
  void ck_average_pool_gradient_##S(const ck_pooling *p, const T *gradient, T *output, size_t images);               \
  /* Batch normalisation over the rows of a matrix [rows, channels]. Mean and plain variance of each column. */      \
  void ck_column_moments_##S(const T *input, T *mean, T *variance, size_t rows, size_t channels);                    \
  /* output = input * factor + offset, a factor and an offset for each column. */                                    \
  void ck_scale_columns_##S(const T *input, const T *factor, const T *offset, T *output, size_t rows,                \
                            size_t channels);                                                                        \
  /* Of each column: the sum of the gradient, and of the gradient times (input - mean). */                           \
  void ck_column_products_##S(const T *gradient, const T *input, const T *mean, T *sums, T *products, size_t rows,   \
                              size_t channels);                                                                      \
  /* output = factor * gradient - slope * (input - mean) - offset, all of them for each column. */                   \
  void ck_normalization_gradient_##S(const T *gradient, const T *input, const T *mean, const T *factor,              \
                                     const T *slope, const T *offset, T *output, size_t rows, size_t channels);

CK_DECLARE_POOLING(float, f32)
CK_DECLARE_POOLING(double, f64)
CK_DECLARE_POOLING(int8_t, i8)
CK_DECLARE_POOLING(int16_t, i16)
CK_DECLARE_POOLING(int32_t, i32)
CK_DECLARE_POOLING(int64_t, i64)
CK_DECLARE_POOLING(uint8_t, u8)
CK_DECLARE_POOLING(uint16_t, u16)
CK_DECLARE_AVERAGE_POOLING(float, f32)
CK_DECLARE_AVERAGE_POOLING(double, f64)

#endif
