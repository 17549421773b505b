#include "tiles.h"

// Products and sums may become one instruction here.
#pragma STDC FP_CONTRACT ON

typedef float vector4 __attribute__((vector_size(16), aligned(4)));
#if defined(__x86_64__)
typedef float vector8 __attribute__((vector_size(32), aligned(4)));
typedef float vector16 __attribute__((vector_size(64), aligned(4)));
#define AVX2 __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))
#endif

#define UNROLL _Pragma("clang loop unroll(full)")

#define DEFINE_FORWARD(NAME, TARGET, V, VECTORS, COUNT)                                                              \
  TARGET static void NAME(const float *const *x, const size_t *offsets, size_t runs, size_t length,                  \
                          const float *weights, float *const *out, int adds) {                                       \
    const size_t lanes = sizeof(V) / sizeof(float);                                                                  \
    V sums[COUNT][VECTORS];                                                                                          \
    UNROLL for (int j = 0; j < COUNT; j++) UNROLL for (int v = 0; v < VECTORS; v++)                                 \
        sums[j][v] = adds ? *(const V *)(out[j] + v * lanes) : (V){0};                                               \
    for (size_t r = 0; r < runs; r++) {                                                                              \
      const float *at[COUNT];                                                                                        \
      UNROLL for (int j = 0; j < COUNT; j++) at[j] = x[j] + offsets[r];                                              \
      for (size_t k = 0; k < length; k++) {                                                                          \
        V w[VECTORS];                                                                                                \
        UNROLL for (int v = 0; v < VECTORS; v++) w[v] = *(const V *)(weights + v * lanes);                           \
        weights += VECTORS * lanes;                                                                                  \
        UNROLL for (int j = 0; j < COUNT; j++) {                                                                     \
          const float value = at[j][k];                                                                              \
          UNROLL for (int v = 0; v < VECTORS; v++) sums[j][v] += w[v] * value;                                       \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
    UNROLL for (int j = 0; j < COUNT; j++) UNROLL for (int v = 0; v < VECTORS; v++) *(V *)(out[j] + v * lanes) =     \
        sums[j][v];                                                                                                  \
  }

#define DEFINE_FILTER(NAME, TARGET, V, VECTORS)                                                                      \
  TARGET static void NAME(const float *const *x, const float *gradient, const ck_walk *w, float *out) {                 \
    const size_t lanes = sizeof(V) / sizeof(float);                                                                  \
    V sums[CK_TILE_PLACES][VECTORS];                                                                                         \
    UNROLL for (int j = 0; j < CK_TILE_PLACES; j++) UNROLL for (int v = 0; v < VECTORS; v++) sums[j][v] = (V){0};            \
    for (size_t image = 0; image < w->images; image++)                                                               \
      for (size_t row = 0; row < w->rows; row++) {                                                                   \
        size_t at = image * w->x_image + row * w->x_row;                                                             \
        const float *g = gradient + image * w->g_image + row * w->g_row;                                             \
        for (size_t column = 0; column < w->columns; column++) {                                                     \
          V values[VECTORS];                                                                                         \
          UNROLL for (int v = 0; v < VECTORS; v++) values[v] = *(const V *)(g + v * lanes);                          \
          UNROLL for (int j = 0; j < CK_TILE_PLACES; j++) {                                                                  \
            const float value = x[j][at];                                                                            \
            UNROLL for (int v = 0; v < VECTORS; v++) sums[j][v] += values[v] * value;                                \
          }                                                                                                          \
          at += w->x_column;                                                                                         \
          g += w->g_column;                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
    UNROLL for (int j = 0; j < CK_TILE_PLACES; j++) UNROLL for (int v = 0; v < VECTORS; v++) *(                              \
        V *)(out + (j * VECTORS + v) * lanes) = sums[j][v];                                                          \
  }

DEFINE_FORWARD(forward_4_1, , vector4, 1, 6)
DEFINE_FORWARD(forward_4_2, , vector4, 2, 4)
DEFINE_FILTER(filter_4_1, , vector4, 1)
DEFINE_FILTER(filter_4_2, , vector4, 2)
#if defined(__x86_64__)
DEFINE_FORWARD(forward_8_1, AVX2, vector8, 1, 12)
DEFINE_FORWARD(forward_8_2, AVX2, vector8, 2, 6)
DEFINE_FILTER(filter_8_1, AVX2, vector8, 1)
DEFINE_FILTER(filter_8_2, AVX2, vector8, 2)
DEFINE_FORWARD(forward_16_1, AVX512, vector16, 1, 12)
DEFINE_FORWARD(forward_16_2, AVX512, vector16, 2, 12)
DEFINE_FORWARD(forward_16_4, AVX512, vector16, 4, 6)
DEFINE_FILTER(filter_16_1, AVX512, vector16, 1)
DEFINE_FILTER(filter_16_2, AVX512, vector16, 2)
DEFINE_FILTER(filter_16_4, AVX512, vector16, 4)
#endif

const ck_tile_set *ck_tiles(void) {
  static const ck_tile_set plain = {4, 1, {forward_4_1, forward_4_2}, {6, 4}, {filter_4_1, filter_4_2}};
#if defined(__x86_64__)
  static const ck_tile_set avx2 = {8, 1, {forward_8_1, forward_8_2}, {12, 6}, {filter_8_1, filter_8_2}};
  static const ck_tile_set avx512 = {
      16, 2, {forward_16_1, forward_16_2, forward_16_4}, {12, 12, 6}, {filter_16_1, filter_16_2, filter_16_4}};
  if (__builtin_cpu_supports("avx512f")) return &avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &avx2;
#endif
  return &plain;
}

// The widest tile for this many channels: 1, 2 or 4 vectors.
int ck_tile_kind(const ck_tile_set *t, size_t channels) {
  int kind = 0;
  while (kind < t->widest && ((size_t)1 << kind) * t->lanes < channels) kind++;
  return kind;
}
