// OpenBLAS, loaded when it is first needed and not linked: so its kernels can be chosen for processors that the
// library is too old to know (Debian 12's version falls back to AVX2 on newer ones and loses half the speed), and a
// machine without it still trains, with the plain loops below.
//
// Matrices are dense and row-major. Every function may be called from any thread.
#ifndef COPENBLAS_H
#define COPENBLAS_H

#include <stddef.h>

// c[m, n] = op(a)[m, k] * op(b)[k, n], where op transposes if its flag is set: a is stored [k, m] then, b [n, k].
void ck_matmul_f32(const float *a, const float *b, float *c, size_t m, size_t n, size_t k, int transpose_a,
                   int transpose_b);
void ck_matmul_f64(const double *a, const double *b, double *c, size_t m, size_t n, size_t k, int transpose_a,
                   int transpose_b);

// The same without the library, for tests and for machines that lack it.
void ck_matmul_plain_f32(const float *a, const float *b, float *c, size_t m, size_t n, size_t k, int transpose_a,
                         int transpose_b);
void ck_matmul_plain_f64(const double *a, const double *b, double *c, size_t m, size_t n, size_t k, int transpose_a,
                         int transpose_b);

#endif
