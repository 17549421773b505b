// Products of float matrices, dense and row-major.
#ifndef CKERNELS_PRODUCT_H
#define CKERNELS_PRODUCT_H

#include <stddef.h>

// Whether this processor has the instructions that make ck_product_f32 quick.
int ck_product_is_quick(void);

// c[m, n] = op(a)[m, k] * op(b)[k, n], where op transposes if its flag is set: a is stored [k, m] then, b [n, k]. Both
// flags together are not supported. The work is shared among the pool's threads; the sums do not depend on how. Answers
// 0 where there was no memory to work with, and has done nothing then.
int ck_product_f32(const float *a, const float *b, float *c, size_t m, size_t n, size_t k, int transpose_a,
                   int transpose_b);

#endif
