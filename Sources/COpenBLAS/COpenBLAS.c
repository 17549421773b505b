#define _GNU_SOURCE
#include "COpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

// cblas.h's constants: CblasRowMajor, CblasNoTrans, CblasTrans.
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112 };

typedef void (*sgemm_function)(int, int, int, int, int, int, float, const float *, int, const float *, int, float,
                               float *, int);
typedef void (*dgemm_function)(int, int, int, int, int, int, double, const double *, int, const double *, int, double,
                               double *, int);

static sgemm_function sgemm;
static dgemm_function dgemm;
static void (*set_threads)(int);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
#if defined(__x86_64__)
  // Read by the library when it is loaded. A choice the user made stays.
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
#endif
  void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libopenblas.so", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
  sgemm = (sgemm_function)dlsym(library, "cblas_sgemm");
  dgemm = (dgemm_function)dlsym(library, "cblas_dgemm");
  set_threads = (void (*)(int))dlsym(library, "openblas_set_num_threads");
  if (!sgemm || !dgemm) {
    sgemm = NULL;
    dgemm = NULL;
    return;
  }
  // A product is one step of a plan; its result must not depend on how many processors there are.
  if (set_threads) set_threads(1);
}

#define DEFINE_MATMUL(T, S, GEMM)                                                                                    \
  void ck_matmul_plain_##S(const T *a, const T *b, T *c, size_t m, size_t n, size_t k, int ta, int tb) {             \
    for (size_t i = 0; i < m; i++) {                                                                                 \
      T *row = c + i * n;                                                                                            \
      for (size_t j = 0; j < n; j++) row[j] = 0;                                                                     \
      for (size_t l = 0; l < k; l++) {                                                                               \
        T x = ta ? a[l * m + i] : a[i * k + l];                                                                      \
        if (tb) {                                                                                                    \
          for (size_t j = 0; j < n; j++) row[j] += x * b[j * k + l];                                                 \
        } else {                                                                                                     \
          for (size_t j = 0; j < n; j++) row[j] += x * b[l * n + j];                                                 \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
                                                                                                                     \
  void ck_matmul_##S(const T *a, const T *b, T *c, size_t m, size_t n, size_t k, int ta, int tb) {                   \
    if (m == 0 || n == 0) return;                                                                                    \
    if (k == 0) {                                                                                                    \
      memset(c, 0, m * n * sizeof(T));                                                                               \
      return;                                                                                                        \
    }                                                                                                                \
    pthread_once(&once, load);                                                                                       \
    const size_t most = 0x7fffffff;                                                                                  \
    if (!GEMM || m > most || n > most || k > most) {                                                                 \
      ck_matmul_plain_##S(a, b, c, m, n, k, ta, tb);                                                                 \
      return;                                                                                                        \
    }                                                                                                                \
    GEMM(ROW_MAJOR, ta ? TRANSPOSE : NO_TRANSPOSE, tb ? TRANSPOSE : NO_TRANSPOSE, (int)m, (int)n, (int)k, (T)1, a,   \
         (int)(ta ? m : k), b, (int)(tb ? k : n), (T)0, c, (int)n);                                                  \
  }

DEFINE_MATMUL(float, f32, sgemm)
DEFINE_MATMUL(double, f64, dgemm)
