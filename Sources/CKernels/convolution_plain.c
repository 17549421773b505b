#include "convolution.h"

#include <string.h>

#if defined(__x86_64__)
#define WIDE __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WIDE
#endif

// Calls BODY for each pair of an output pixel and an input pixel under one place of the filter. Pixels in the padding
// are skipped; `pixel` is the input's, `place` the filter's, `at` the output's.
#define EACH_PLACE(BODY)                                                                                             \
  for (size_t image = 0; image < images; image++)                                                                    \
    for (size_t row = 0; row < c->out_rows; row++)                                                                   \
      for (size_t column = 0; column < c->out_columns; column++) {                                                   \
        size_t at = (image * c->out_rows + row) * c->out_columns + column;                                           \
        for (size_t i = 0; i < c->filter_rows; i++) {                                                                \
          size_t y = row * c->row_stride + i * c->row_dilation;                                                      \
          if (y < c->pad_top || y - c->pad_top >= c->in_rows) continue;                                              \
          for (size_t j = 0; j < c->filter_columns; j++) {                                                           \
            size_t x = column * c->column_stride + j * c->column_dilation;                                           \
            if (x < c->pad_left || x - c->pad_left >= c->in_columns) continue;                                       \
            size_t pixel = (image * c->in_rows + y - c->pad_top) * c->in_columns + x - c->pad_left;                  \
            size_t place = i * c->filter_columns + j;                                                                \
            BODY                                                                                                     \
          }                                                                                                          \
        }                                                                                                            \
      }

#define DEFINE_PLAIN(T, S)                                                                                           \
  WIDE void ck_convolution_plain_##S(const ck_convolution *c, const T *input, const T *filter, T *output,            \
                                     size_t images) {                                                                \
    const size_t in = c->in_channels, out = c->out_channels;                                                         \
    memset(output, 0, images * c->out_rows * c->out_columns * out * sizeof(T));                                      \
    EACH_PLACE(for (size_t k = 0; k < in; k++) {                                                                     \
      const T value = input[pixel * in + k];                                                                         \
      const T *weights = filter + (place * in + k) * out;                                                            \
      T *sums = output + at * out;                                                                                   \
      for (size_t o = 0; o < out; o++) sums[o] += value * weights[o];                                                \
    })                                                                                                               \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_convolution_input_plain_##S(const ck_convolution *c, const T *filter, const T *gradient, T *output,   \
                                           size_t images) {                                                          \
    const size_t in = c->in_channels, out = c->out_channels;                                                         \
    memset(output, 0, images * c->in_rows * c->in_columns * in * sizeof(T));                                         \
    EACH_PLACE(for (size_t k = 0; k < in; k++) {                                                                     \
      const T *weights = filter + (place * in + k) * out;                                                            \
      const T *values = gradient + at * out;                                                                         \
      T sum = 0;                                                                                                     \
      for (size_t o = 0; o < out; o++) sum += values[o] * weights[o];                                                \
      output[pixel * in + k] += sum;                                                                                 \
    })                                                                                                               \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_convolution_filter_plain_##S(const ck_convolution *c, const T *input, const T *gradient, T *output,   \
                                            size_t images) {                                                         \
    const size_t in = c->in_channels, out = c->out_channels;                                                         \
    memset(output, 0, c->filter_rows * c->filter_columns * in * out * sizeof(T));                                    \
    EACH_PLACE(for (size_t k = 0; k < in; k++) {                                                                     \
      const T value = input[pixel * in + k];                                                                         \
      const T *values = gradient + at * out;                                                                         \
      T *sums = output + (place * in + k) * out;                                                                     \
      for (size_t o = 0; o < out; o++) sums[o] += value * values[o];                                                 \
    })                                                                                                               \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_depthwise_##S(const ck_convolution *c, const T *input, const T *filter, T *output, size_t images) {   \
    const size_t in = c->in_channels, out = c->out_channels, times = in == 0 ? 0 : out / in;                         \
    memset(output, 0, images * c->out_rows * c->out_columns * out * sizeof(T));                                      \
    EACH_PLACE(const T *weights = filter + place * out; const T *values = input + pixel * in;                        \
               T *sums = output + at * out;                                                                          \
               if (times == 1) {                                                                                     \
                 for (size_t k = 0; k < in; k++) sums[k] += values[k] * weights[k];                                  \
               } else {                                                                                              \
                 for (size_t k = 0; k < in; k++)                                                                     \
                   for (size_t o = k * times; o < (k + 1) * times; o++) sums[o] += values[k] * weights[o];           \
               })                                                                                                    \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_depthwise_input_##S(const ck_convolution *c, const T *filter, const T *gradient, T *output,           \
                                   size_t images) {                                                                  \
    const size_t in = c->in_channels, out = c->out_channels, times = in == 0 ? 0 : out / in;                         \
    memset(output, 0, images * c->in_rows * c->in_columns * in * sizeof(T));                                         \
    EACH_PLACE(const T *weights = filter + place * out; const T *values = gradient + at * out;                       \
               T *sums = output + pixel * in;                                                                        \
               if (times == 1) {                                                                                     \
                 for (size_t k = 0; k < in; k++) sums[k] += values[k] * weights[k];                                  \
               } else {                                                                                              \
                 for (size_t k = 0; k < in; k++)                                                                     \
                   for (size_t o = k * times; o < (k + 1) * times; o++) sums[k] += values[o] * weights[o];           \
               })                                                                                                    \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_depthwise_filter_##S(const ck_convolution *c, const T *input, const T *gradient, T *output,           \
                                    size_t images) {                                                                 \
    const size_t in = c->in_channels, out = c->out_channels, times = in == 0 ? 0 : out / in;                         \
    memset(output, 0, c->filter_rows * c->filter_columns * out * sizeof(T));                                         \
    EACH_PLACE(const T *values = input + pixel * in; const T *gradients = gradient + at * out;                       \
               T *sums = output + place * out;                                                                       \
               if (times == 1) {                                                                                     \
                 for (size_t k = 0; k < in; k++) sums[k] += values[k] * gradients[k];                                \
               } else {                                                                                              \
                 for (size_t k = 0; k < in; k++)                                                                     \
                   for (size_t o = k * times; o < (k + 1) * times; o++) sums[o] += values[k] * gradients[o];         \
               })                                                                                                    \
  }

DEFINE_PLAIN(float, f32)
DEFINE_PLAIN(double, f64)
