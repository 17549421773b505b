#include "vector_math.h"

#include <math.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

// Each loop is compiled for three widths and picked when the program is loaded. The arithmetic of an element is the
// same in all of them; only how many elements go at once differs.
#if defined(__x86_64__)
#define WIDE __attribute__((target_clones("default", "avx2", "avx512f")))
#else
#define WIDE
#endif

// expf and friends of libm are not vectorised, so floats get polynomials that are (Cephes' coefficients; at most 2 ulp
// from the correctly rounded result over the whole range, checked by the tests). Doubles use libm.

static inline float exp_f32(float x) {
  // Above 88.73 the result is infinite, below -87.34 it is a denormal or 0: halve the power and scale twice.
  float clamped = x < -104.0f ? -104.0f : (x > 89.0f ? 89.0f : x);
  float n = clamped * 1.44269504088896341f;
  // Round to nearest by adding and taking away 1.5 * 2^23.
  n = (n + 12582912.0f) - 12582912.0f;
  float r = clamped - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  int32_t power = (int32_t)n;
  int32_t half = power >> 1;
  int32_t first_bits = (half + 127) << 23, second_bits = (power - half + 127) << 23;
  float first, second;
  memcpy(&first, &first_bits, 4);
  memcpy(&second, &second_bits, 4);
  float result = p * first * second;
  return x != x ? x : result;
}

static inline float log_f32(float x) {
  // Denormals are scaled up first.
  float scaled = x < 1.17549435e-38f ? x * 8388608.0f : x;
  float shift = x < 1.17549435e-38f ? -23.0f : 0.0f;
  int32_t bits;
  memcpy(&bits, &scaled, 4);
  float exponent = (float)((bits >> 23) - 126) + shift;
  int32_t mantissa_bits = (bits & 0x007fffff) | 0x3f000000;
  float m;
  memcpy(&m, &mantissa_bits, 4);
  int small = m < 0.70710678118f;
  exponent = small ? exponent - 1.0f : exponent;
  m = small ? m + m - 1.0f : m - 1.0f;
  float z = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * z;
  p = p + exponent * -2.12194440e-4f;
  p = p - 0.5f * z;
  float result = m + p + exponent * 0.693359375f;
  result = x == INFINITY ? INFINITY : result;
  result = x == 0.0f ? -INFINITY : result;
  return x < 0.0f ? NAN : (x != x ? x : result);
}

static inline float tanh_f32(float x) {
  float a = x < 0.0f ? -x : x;
  // Near 0 the quotient below loses digits, so a polynomial takes over.
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  float small = p * z * x + x;
  float e = exp_f32(a + a);
  float large = 1.0f - 2.0f / (e + 1.0f);
  large = x < 0.0f ? -large : large;
  float result = a < 0.625f ? small : large;
  return x != x ? x : result;
}

static inline float sigmoid_f32(float x) {
  float e = exp_f32(x < 0.0f ? x : -x);
  return x < 0.0f ? e / (1.0f + e) : 1.0f / (1.0f + e);
}

static inline double exp_f64(double x) { return exp(x); }
static inline double log_f64(double x) { return log(x); }
static inline double tanh_f64(double x) { return tanh(x); }
static inline double sigmoid_f64(double x) { return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)); }
// The builtin sets no errno, which would keep the loops below from going many elements at once.
static inline float sqrt_f32(float x) { return __builtin_elementwise_sqrt(x); }
static inline double sqrt_f64(double x) { return __builtin_elementwise_sqrt(x); }
static inline float log1p_f32(float x) { return log1pf(x); }
static inline double log1p_f64(double x) { return log1p(x); }
static inline float expm1_f32(float x) { return expm1f(x); }
static inline double expm1_f64(double x) { return expm1(x); }
static inline float floor_f32(float x) { return floorf(x); }
static inline double floor_f64(double x) { return floor(x); }
static inline float ceil_f32(float x) { return ceilf(x); }
static inline double ceil_f64(double x) { return ceil(x); }
static inline float sin_f32(float x) { return sinf(x); }
static inline double sin_f64(double x) { return sin(x); }
static inline float cos_f32(float x) { return cosf(x); }
static inline double cos_f64(double x) { return cos(x); }
// log(1 + exp(x)) without overflow: the larger of x and 0 plus what is left.
static inline float softplus_f32(float x) { return (x > 0.0f ? x : 0.0f) + log1pf(expf(x > 0.0f ? -x : x)); }
static inline double softplus_f64(double x) { return (x > 0 ? x : 0) + log1p(exp(x > 0 ? -x : x)); }

#define BINARY_CASE(T, OP, EXPRESSION)                                                                               \
  case OP:                                                                                                           \
    switch (form) {                                                                                                  \
      case CK_BOTH:                                                                                                  \
        for (size_t i = 0; i < count; i++) {                                                                         \
          T x = left[i], y = right[i];                                                                               \
          out[i] = EXPRESSION;                                                                                       \
        }                                                                                                            \
        break;                                                                                                       \
      case CK_LEFT_SCALAR: {                                                                                         \
        T x = left[0];                                                                                               \
        for (size_t i = 0; i < count; i++) {                                                                         \
          T y = right[i];                                                                                            \
          out[i] = EXPRESSION;                                                                                       \
        }                                                                                                            \
        break;                                                                                                       \
      }                                                                                                              \
      case CK_RIGHT_SCALAR: {                                                                                        \
        T y = right[0];                                                                                              \
        for (size_t i = 0; i < count; i++) {                                                                         \
          T x = left[i];                                                                                             \
          out[i] = EXPRESSION;                                                                                       \
        }                                                                                                            \
        break;                                                                                                       \
      }                                                                                                              \
    }                                                                                                                \
    break;

#define UNARY_CASE(T, OP, EXPRESSION)                                                                                \
  case OP:                                                                                                           \
    for (size_t i = 0; i < count; i++) {                                                                             \
      T x = in[i];                                                                                                   \
      out[i] = EXPRESSION;                                                                                           \
    }                                                                                                                \
    break;

// Sixteen lanes whatever the processor's width, then a fixed tree: the same sum everywhere.
#define LANES 16
#define FOLD(T, lanes)                                                                                               \
  for (int width = LANES / 2; width > 0; width /= 2)                                                                 \
    for (int lane = 0; lane < width; lane++) lanes[lane] += lanes[lane + width];

#define DEFINE_VECTOR_MATH(T, S)                                                                                     \
  WIDE void ck_binary_##S(ck_binary op, ck_form form, const T *left, const T *right, T *out, size_t count) {         \
    switch (op) {                                                                                                    \
      BINARY_CASE(T, CK_ADD, x + y)                                                                                  \
      BINARY_CASE(T, CK_SUB, x - y)                                                                                  \
      BINARY_CASE(T, CK_MUL, x *y)                                                                                   \
      BINARY_CASE(T, CK_DIV, x / y)                                                                                  \
      BINARY_CASE(T, CK_MAX, x < y ? y : x)                                                                          \
      BINARY_CASE(T, CK_MIN, y < x ? y : x)                                                                          \
      BINARY_CASE(T, CK_SQUARED_DIFFERENCE, (x - y) * (x - y))                                                       \
      BINARY_CASE(T, CK_TANH_GRAD, y *((T)1 - x * x))                                                                \
      BINARY_CASE(T, CK_SIGMOID_GRAD, y *x *((T)1 - x))                                                              \
      BINARY_CASE(T, CK_RELU_GRAD, y > 0 ? x : (T)0)                                                                 \
      BINARY_CASE(T, CK_RELU6_GRAD, (y > 0 && y < (T)6) ? x : (T)0)                                                  \
      BINARY_CASE(T, CK_SQRT_GRAD, y *(T)0.5 / x)                                                                    \
      BINARY_CASE(T, CK_RSQRT_GRAD, (y * x) * (x * x) * (T) - 0.5)                                                   \
      BINARY_CASE(T, CK_DIV_NO_NAN, y == 0 ? (T)0 : x / y)                                                           \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_unary_##S(ck_unary op, const T *in, T *out, size_t count) {                                           \
    switch (op) {                                                                                                    \
      UNARY_CASE(T, CK_NEG, -x)                                                                                      \
      UNARY_CASE(T, CK_ABS, x < 0 ? -x : (x == 0 ? (T)0 : x))                                                        \
      UNARY_CASE(T, CK_EXP, exp_##S(x))                                                                              \
      UNARY_CASE(T, CK_LOG, log_##S(x))                                                                              \
      UNARY_CASE(T, CK_LOG1P, log1p_##S(x))                                                                          \
      UNARY_CASE(T, CK_SQRT, sqrt_##S(x))                                                                            \
      UNARY_CASE(T, CK_RSQRT, (T)1 / sqrt_##S(x))                                                                    \
      UNARY_CASE(T, CK_SQUARE, x *x)                                                                                 \
      UNARY_CASE(T, CK_SIGN, x != x ? x : (T)((x > 0) - (x < 0)))                                                    \
      UNARY_CASE(T, CK_FLOOR, floor_##S(x))                                                                          \
      UNARY_CASE(T, CK_CEIL, ceil_##S(x))                                                                            \
      UNARY_CASE(T, CK_RECIPROCAL, (T)1 / x)                                                                         \
      UNARY_CASE(T, CK_TANH, tanh_##S(x))                                                                            \
      UNARY_CASE(T, CK_SIGMOID, sigmoid_##S(x))                                                                      \
      UNARY_CASE(T, CK_RELU, x < 0 ? (T)0 : x)                                                                       \
      UNARY_CASE(T, CK_RELU6, x < 0 ? (T)0 : (x > (T)6 ? (T)6 : x))                                                  \
      UNARY_CASE(T, CK_ELU, x < 0 ? expm1_##S(x) : x)                                                                \
      UNARY_CASE(T, CK_SOFTPLUS, softplus_##S(x))                                                                    \
      UNARY_CASE(T, CK_SIN, sin_##S(x))                                                                              \
      UNARY_CASE(T, CK_COS, cos_##S(x))                                                                              \
      UNARY_CASE(T, CK_EXPM1, expm1_##S(x))                                                                          \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE T ck_sum_##S(const T *in, size_t count) {                                                                     \
    T lanes[LANES] = {0};                                                                                            \
    size_t i = 0;                                                                                                    \
    for (; i + LANES <= count; i += LANES)                                                                           \
      for (int lane = 0; lane < LANES; lane++) lanes[lane] += in[i + lane];                                          \
    for (int lane = 0; i < count; i++, lane++) lanes[lane] += in[i];                                                 \
    FOLD(T, lanes)                                                                                                   \
    return lanes[0];                                                                                                 \
  }                                                                                                                  \
                                                                                                                     \
  WIDE T ck_sum_squares_##S(const T *in, size_t count) {                                                             \
    T lanes[LANES] = {0};                                                                                            \
    size_t i = 0;                                                                                                    \
    for (; i + LANES <= count; i += LANES)                                                                           \
      for (int lane = 0; lane < LANES; lane++) lanes[lane] += in[i + lane] * in[i + lane];                           \
    for (int lane = 0; i < count; i++, lane++) lanes[lane] += in[i] * in[i];                                         \
    FOLD(T, lanes)                                                                                                   \
    return lanes[0];                                                                                                 \
  }                                                                                                                  \
                                                                                                                     \
  void ck_row_sums_##S(const T *in, T *out, size_t rows, size_t columns) {                                           \
    for (size_t row = 0; row < rows; row++) out[row] = ck_sum_##S(in + row * columns, columns);                      \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_column_sums_##S(const T *in, T *out, size_t rows, size_t columns) {                                   \
    for (size_t column = 0; column < columns; column++) out[column] = 0;                                             \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      const T *values = in + row * columns;                                                                          \
      for (size_t column = 0; column < columns; column++) out[column] += values[column];                             \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  void ck_row_max_##S(const T *in, T *out, size_t rows, size_t columns) {                                            \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      const T *values = in + row * columns;                                                                          \
      T best = (T)-INFINITY;                                                                                         \
      for (size_t i = 0; i < columns; i++) best = values[i] > best || values[i] != values[i] ? values[i] : best;      \
      for (size_t i = 0; i < columns; i++) best = values[i] != values[i] ? values[i] : best;                         \
      out[row] = best;                                                                                               \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  void ck_row_min_##S(const T *in, T *out, size_t rows, size_t columns) {                                            \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      const T *values = in + row * columns;                                                                          \
      T best = (T)INFINITY;                                                                                          \
      for (size_t i = 0; i < columns; i++) best = values[i] < best ? values[i] : best;                               \
      for (size_t i = 0; i < columns; i++) best = values[i] != values[i] ? values[i] : best;                         \
      out[row] = best;                                                                                               \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_bias_add_##S(const T *in, const T *bias, T *out, size_t rows, size_t columns) {                       \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      const T *values = in + row * columns;                                                                          \
      T *sums = out + row * columns;                                                                                 \
      for (size_t column = 0; column < columns; column++) sums[column] = values[column] + bias[column];              \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE static T shift_and_sum_##S(const T *in, T *out, size_t columns, int keep_exponentials) {                      \
    T largest = in[0];                                                                                               \
    for (size_t i = 1; i < columns; i++) largest = in[i] > largest ? in[i] : largest;                                \
    T lanes[LANES] = {0};                                                                                            \
    size_t i = 0;                                                                                                    \
    for (; i + LANES <= columns; i += LANES)                                                                         \
      for (int lane = 0; lane < LANES; lane++) {                                                                     \
        T shifted = in[i + lane] - largest, e = exp_##S(shifted);                                                    \
        lanes[lane] += e;                                                                                            \
        out[i + lane] = keep_exponentials ? e : shifted;                                                             \
      }                                                                                                              \
    for (int lane = 0; i < columns; i++, lane++) {                                                                   \
      T shifted = in[i] - largest, e = exp_##S(shifted);                                                             \
      lanes[lane] += e;                                                                                              \
      out[i] = keep_exponentials ? e : shifted;                                                                      \
    }                                                                                                                \
    FOLD(T, lanes)                                                                                                   \
    return lanes[0];                                                                                                 \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_softmax_##S(const T *in, T *out, size_t rows, size_t columns) {                                       \
    if (columns == 0) return;                                                                                        \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      T *values = out + row * columns;                                                                               \
      T sum = shift_and_sum_##S(in + row * columns, values, columns, 1);                                             \
      for (size_t i = 0; i < columns; i++) values[i] = values[i] / sum;                                              \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_log_softmax_##S(const T *in, T *out, size_t rows, size_t columns) {                                   \
    if (columns == 0) return;                                                                                        \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      T *values = out + row * columns;                                                                               \
      T logarithm = log_##S(shift_and_sum_##S(in + row * columns, values, columns, 0));                              \
      for (size_t i = 0; i < columns; i++) values[i] = values[i] - logarithm;                                        \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_softmax_cross_entropy_##S(const T *logits, const T *labels, T *loss, T *gradient, size_t rows,        \
                                         size_t columns) {                                                           \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      const T *label = labels + row * columns;                                                                       \
      T *values = gradient + row * columns;                                                                          \
      T total = 0;                                                                                                   \
      if (columns > 0) {                                                                                             \
        T sum = shift_and_sum_##S(logits + row * columns, values, columns, 0);                                       \
        T logarithm = log_##S(sum);                                                                                  \
        for (size_t i = 0; i < columns; i++) total += label[i] == 0 ? (T)0 : label[i] * (logarithm - values[i]);     \
        for (size_t i = 0; i < columns; i++) values[i] = exp_##S(values[i]) / sum - label[i];                        \
      }                                                                                                              \
      loss[row] = total;                                                                                             \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_sparse_softmax_cross_entropy_##S(const T *logits, const int64_t *labels, T *loss, T *gradient,        \
                                                size_t rows, size_t columns) {                                       \
    for (size_t row = 0; row < rows; row++) {                                                                        \
      T *values = gradient + row * columns;                                                                          \
      if (labels[row] < 0 || (uint64_t)labels[row] >= columns) {                                                     \
        for (size_t i = 0; i < columns; i++) values[i] = (T)NAN;                                                     \
        loss[row] = (T)NAN;                                                                                          \
        continue;                                                                                                    \
      }                                                                                                              \
      T sum = shift_and_sum_##S(logits + row * columns, values, columns, 0);                                         \
      loss[row] = log_##S(sum) - values[labels[row]];                                                                \
      for (size_t i = 0; i < columns; i++) values[i] = exp_##S(values[i]) / sum;                                     \
      values[labels[row]] -= (T)1;                                                                                   \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  void ck_transpose_##S(const T *in, T *out, size_t rows, size_t columns) {                                          \
    const size_t tile = 16;                                                                                          \
    for (size_t row = 0; row < rows; row += tile)                                                                    \
      for (size_t column = 0; column < columns; column += tile) {                                                    \
        size_t row_end = row + tile < rows ? row + tile : rows;                                                      \
        size_t column_end = column + tile < columns ? column + tile : columns;                                       \
        for (size_t c = column; c < column_end; c++)                                                                 \
          for (size_t r = row; r < row_end; r++) out[c * rows + r] = in[r * columns + c];                            \
      }                                                                                                              \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_apply_gradient_descent_##S(T *variable, const T *gradient, T rate, size_t count) {                    \
    for (size_t i = 0; i < count; i++) variable[i] -= gradient[i] * rate;                                            \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_apply_momentum_##S(T *variable, T *accumulator, const T *gradient, T rate, T momentum, int nesterov,  \
                                  size_t count) {                                                                    \
    if (nesterov) {                                                                                                  \
      for (size_t i = 0; i < count; i++) {                                                                           \
        T a = accumulator[i] * momentum + gradient[i];                                                               \
        accumulator[i] = a;                                                                                          \
        variable[i] -= gradient[i] * rate + a * momentum * rate;                                                     \
      }                                                                                                              \
    } else {                                                                                                         \
      for (size_t i = 0; i < count; i++) {                                                                           \
        T a = accumulator[i] * momentum + gradient[i];                                                               \
        accumulator[i] = a;                                                                                          \
        variable[i] -= a * rate;                                                                                     \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  WIDE void ck_apply_adam_##S(T *variable, T *m, T *v, const T *gradient, T rate, T beta1, T beta2, T epsilon,       \
                              int nesterov, size_t count) {                                                          \
    const T one = 1;                                                                                                 \
    for (size_t i = 0; i < count; i++) {                                                                             \
      T g = gradient[i];                                                                                             \
      T first = m[i] + (g - m[i]) * (one - beta1);                                                                   \
      T second = v[i] + (g * g - v[i]) * (one - beta2);                                                              \
      m[i] = first;                                                                                                  \
      v[i] = second;                                                                                                 \
      T direction = nesterov ? g * (one - beta1) + beta1 * first : first;                                            \
      variable[i] -= (direction * rate) / (sqrt_##S(second) + epsilon);                                              \
    }                                                                                                                \
  }

DEFINE_VECTOR_MATH(float, f32)
DEFINE_VECTOR_MATH(double, f64)
