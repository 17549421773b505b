// Two-dimensional convolutions over images stored [batch, rows, columns, channels], filters stored [rows, columns, in,
// out], as TensorFlow's `Conv2D` and its two gradients.
//
// Sums of floats may be contracted into fused multiply-adds and depend on the processor's instruction set, as those of
// matrix products do; they do not depend on how a batch is split among calls. Callers have checked all sizes.
#ifndef CKERNELS_CONVOLUTION_H
#define CKERNELS_CONVOLUTION_H

#include <stddef.h>

typedef struct {
  size_t in_rows, in_columns, in_channels;
  size_t filter_rows, filter_columns, out_channels;
  size_t out_rows, out_columns;
  size_t row_stride, column_stride;
  size_t row_dilation, column_dilation;
  // Rows and columns of zeros before the image; those after it follow from the other sizes.
  size_t pad_top, pad_left;
} ck_convolution;

// Floats that the functions below need as working memory, for `images` images a call.
size_t ck_convolution_scratch(const ck_convolution *c);
size_t ck_convolution_input_scratch(const ck_convolution *c);
size_t ck_convolution_filter_scratch(const ck_convolution *c);

// output = input * filter, for `images` images.
void ck_convolution_f32(const ck_convolution *c, const float *input, const float *filter, float *output,
                        size_t images, float *scratch);

// The gradient of the input, from the filter and the gradient of the output.
void ck_convolution_input_f32(const ck_convolution *c, const float *filter, const float *gradient, float *output,
                              size_t images, float *scratch);

// The gradient of the filter, summed over `images` images in their order. Only the filter's elements with an index
// below `last` and not below `first` along its first three axes taken as one are computed, so that several threads can
// share the work; `scratch` is each caller's own.
void ck_convolution_filter_f32(const ck_convolution *c, const float *input, const float *gradient, float *output,
                               size_t images, size_t first, size_t last, float *scratch);

// The three above on all threads of the pool. `scratch` has room for ck_convolution_parts(c, images) times the working
// memory of one.
typedef enum { CK_CONVOLUTION, CK_CONVOLUTION_INPUT, CK_CONVOLUTION_FILTER } ck_convolution_kind;
size_t ck_convolution_parts(const ck_convolution *c, size_t images);
void ck_convolution_shared_f32(ck_convolution_kind kind, const ck_convolution *c, const float *first,
                               const float *second, float *output, size_t images, float *scratch);

// The same three in plain loops, for doubles and for strides combined with dilations.
#define CK_DECLARE_PLAIN_CONVOLUTION(T, S)                                                                           \
  void ck_convolution_plain_##S(const ck_convolution *c, const T *input, const T *filter, T *output, size_t images); \
  void ck_convolution_input_plain_##S(const ck_convolution *c, const T *filter, const T *gradient, T *output,        \
                                      size_t images);                                                                \
  void ck_convolution_filter_plain_##S(const ck_convolution *c, const T *input, const T *gradient, T *output,        \
                                       size_t images);                                                               \
  /* Each input channel by itself, with out_channels / in_channels filters: `DepthwiseConv2dNative`. */              \
  void ck_depthwise_##S(const ck_convolution *c, const T *input, const T *filter, T *output, size_t images);         \
  void ck_depthwise_input_##S(const ck_convolution *c, const T *filter, const T *gradient, T *output,                \
                              size_t images);                                                                        \
  void ck_depthwise_filter_##S(const ck_convolution *c, const T *input, const T *gradient, T *output,                \
                               size_t images);

CK_DECLARE_PLAIN_CONVOLUTION(float, f32)
CK_DECLARE_PLAIN_CONVOLUTION(double, f64)

#endif
