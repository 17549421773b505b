// Loops over vectors of numbers, for the engine's kernels. Every result is independent of the processor's vector
// width: sums run in sixteen lanes whatever the width, and nothing is contracted into fused multiply-adds.
//
// Lengths are counts of elements. Outputs may be the same memory as an input of the same length, never overlap it
// otherwise. float functions end in _f32, double ones in _f64.
#ifndef CKERNELS_VECTOR_MATH_H
#define CKERNELS_VECTOR_MATH_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
  CK_ADD, CK_SUB, CK_MUL, CK_DIV, CK_MAX, CK_MIN, CK_SQUARED_DIFFERENCE,
  // Gradients: the first operand is what the forward function took or gave, the second the gradient that comes in.
  CK_TANH_GRAD,      // (1 - y * y) * dy
  CK_SIGMOID_GRAD,   // y * (1 - y) * dy
  CK_RELU_GRAD,      // first operand dy, second the feature: dy where feature > 0
  CK_RELU6_GRAD,     // dy where 0 < feature < 6
  CK_SQRT_GRAD,      // dy * 0.5 / y
  CK_RSQRT_GRAD,     // dy * -0.5 * y^3
  CK_DIV_NO_NAN,     // 0 where the divisor is 0
} ck_binary;

// How the two operands of a binary loop advance.
typedef enum { CK_BOTH, CK_LEFT_SCALAR, CK_RIGHT_SCALAR } ck_form;

typedef enum {
  CK_NEG, CK_ABS, CK_EXP, CK_LOG, CK_LOG1P, CK_SQRT, CK_RSQRT, CK_SQUARE, CK_SIGN, CK_FLOOR, CK_CEIL, CK_RECIPROCAL,
  CK_TANH, CK_SIGMOID, CK_RELU, CK_RELU6, CK_ELU, CK_SOFTPLUS, CK_SIN, CK_COS, CK_EXPM1,
} ck_unary;

#define CK_DECLARE_VECTOR_MATH(T, S)                                                                                 \
  void ck_binary_##S(ck_binary op, ck_form form, const T *left, const T *right, T *out, size_t count);              \
  void ck_unary_##S(ck_unary op, const T *in, T *out, size_t count);                                                \
  /* Sum of `count` elements. */                                                                                    \
  T ck_sum_##S(const T *in, size_t count);                                                                          \
  /* Sum of squares. */                                                                                             \
  T ck_sum_squares_##S(const T *in, size_t count);                                                                  \
  /* Of a matrix [rows, columns]: sums of each row; sums of each column. */                                         \
  void ck_row_sums_##S(const T *in, T *out, size_t rows, size_t columns);                                           \
  void ck_column_sums_##S(const T *in, T *out, size_t rows, size_t columns);                                        \
  /* Largest, smallest element of each row; a NaN in the row gives NaN. */                                          \
  void ck_row_max_##S(const T *in, T *out, size_t rows, size_t columns);                                            \
  void ck_row_min_##S(const T *in, T *out, size_t rows, size_t columns);                                            \
  /* Adds a vector of `columns` elements to each row. */                                                            \
  void ck_bias_add_##S(const T *in, const T *bias, T *out, size_t rows, size_t columns);                            \
  /* Softmax and its logarithm along each row. */                                                                   \
  void ck_softmax_##S(const T *in, T *out, size_t rows, size_t columns);                                            \
  void ck_log_softmax_##S(const T *in, T *out, size_t rows, size_t columns);                                        \
  /* Cross entropy of each row between softmax(logits) and labels, and its gradient softmax(logits) - labels. */    \
  void ck_softmax_cross_entropy_##S(const T *logits, const T *labels, T *loss, T *gradient, size_t rows,            \
                                    size_t columns);                                                                \
  /* The same with the index of one class a row; an index outside [0, columns) gives NaN in its row. */             \
  void ck_sparse_softmax_cross_entropy_##S(const T *logits, const int64_t *labels, T *loss, T *gradient,            \
                                           size_t rows, size_t columns);                                            \
  /* [rows, columns] to [columns, rows]; not in place. */                                                           \
  void ck_transpose_##S(const T *in, T *out, size_t rows, size_t columns);                                          \
  /* Steps of optimizers, TensorFlow's formulas in their order of operations. */                                    \
  void ck_apply_gradient_descent_##S(T *variable, const T *gradient, T rate, size_t count);                         \
  void ck_apply_momentum_##S(T *variable, T *accumulator, const T *gradient, T rate, T momentum, int nesterov,      \
                             size_t count);                                                                         \
  /* `rate` is already rate * sqrt(1 - beta2^t) / (1 - beta1^t). */                                                 \
  void ck_apply_adam_##S(T *variable, T *m, T *v, const T *gradient, T rate, T beta1, T beta2, T epsilon,           \
                         int nesterov, size_t count);

CK_DECLARE_VECTOR_MATH(float, f32)
CK_DECLARE_VECTOR_MATH(double, f64)

#endif
