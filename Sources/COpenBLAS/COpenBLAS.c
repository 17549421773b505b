#define _GNU_SOURCE
#include "COpenBLAS.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "parallel.h"

// cblas.h's constants: CblasRowMajor, CblasNoTrans, CblasTrans.
typedef int transpose_flag;
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
  // Threads are the pool's, see part_count; the library's own would come on top.
  if (set_threads) set_threads(1);
}

// A product is cut along the longer side of the result, by its size and not by the number of threads: so it is the same
// however many there are.
static size_t part_count(size_t m, size_t n, size_t k) {
  const double work = (double)m * (double)n * (double)k;
  const size_t longer = m > n ? m : n;
  size_t parts = work < 8e6 ? 1 : work < 64e6 ? 2 : work < 512e6 ? 4 : 8;
  while (parts > 1 && longer / parts < 32) parts /= 2;
  return parts;
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
  typedef struct {                                                                                                   \
    const T *a, *b;                                                                                                  \
    T *c;                                                                                                            \
    size_t m, n, k;                                                                                                  \
    int ta, tb;                                                                                                      \
    size_t parts;                                                                                                    \
  } product_##S;                                                                                                     \
                                                                                                                     \
  static void multiply_part_##S(void *context, size_t part) {                                                        \
    const product_##S *p = context;                                                                                  \
    const size_t longer = p->m >= p->n ? p->m : p->n;                                                                \
    const size_t from = longer * part / p->parts, size = longer * (part + 1) / p->parts - from;                      \
    const int lda = (int)(p->ta ? p->m : p->k), ldb = (int)(p->tb ? p->k : p->n);                                    \
    const transpose_flag ta = p->ta ? TRANSPOSE : NO_TRANSPOSE, tb = p->tb ? TRANSPOSE : NO_TRANSPOSE;         \
    if (p->m >= p->n) {                                                                                              \
      GEMM(ROW_MAJOR, ta, tb, (int)size, (int)p->n, (int)p->k, (T)1, p->a + (p->ta ? from : from * p->k), lda, p->b, \
           ldb, (T)0, p->c + from * p->n, (int)p->n);                                                                \
    } else {                                                                                                         \
      GEMM(ROW_MAJOR, ta, tb, (int)p->m, (int)size, (int)p->k, (T)1, p->a, lda, p->b + (p->tb ? from * p->k : from), \
           ldb, (T)0, p->c + from, (int)p->n);                                                                       \
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
    product_##S work = {a, b, c, m, n, k, ta, tb, part_count(m, n, k)};                                              \
    ck_parallel(work.parts, multiply_part_##S, &work);                                                               \
  }

DEFINE_MATMUL(float, f32, sgemm)
DEFINE_MATMUL(double, f64, dgemm)
