#include "product.h"

#include <stdlib.h>
#include <string.h>

#include "parallel.h"
#include "tiles.h"

// How it works. The columns of the result are cut into panels as wide as a tile; a panel of b, as many rows as stay in
// the second-level cache, is packed so that it is read from front to back, and every row of a meets it there.

enum { DEPTH = 1024 };

int ck_product_is_quick(void) { return ck_tiles()->lanes >= 8; }

typedef struct {
  const float *a, *b;
  float *c, *scratch;
  size_t m, n, k, scratch_size, row_parts, column_parts;
  int ta, tb;
} product;

// Rows [from, to) of b, columns [column, column + used), `width` wide with zeros.
static void pack(const product *p, size_t from, size_t to, size_t column, size_t used, size_t width, float *packed) {
  if (p->tb) {
    // Sixteen columns at a time: a cache line of each row of b, and a piece of the panel that stays near.
    for (size_t start = from; start < to; start += 16, packed += 16 * width) {
      const size_t end = to - start < 16 ? to : start + 16;
      for (size_t j = 0; j < width; j++) {
        const float *row = p->b + (column + j) * p->k;
        for (size_t i = start; i < end; i++) packed[(i - start) * width + j] = j < used ? row[i] : 0;
      }
    }
    return;
  }
  for (size_t i = from; i < to; i++, packed += width) {
    memcpy(packed, p->b + i * p->n + column, used * sizeof(float));
    memset(packed + used, 0, (width - used) * sizeof(float));
  }
}

static void multiply_rows(const product *p, int kind, size_t first, size_t last, size_t from, size_t to, size_t column,
                          size_t used, size_t width, const float *packed) {
  const ck_tile_set *t = ck_tiles();
  const size_t count = t->pixels[kind], offset = 0;
  float spare[CK_TILE_MOST_PIXELS * CK_TILE_MOST_LANES];
  for (size_t row = first; row < last; row += count) {
    const float *x[CK_TILE_MOST_PIXELS];
    float *out[CK_TILE_MOST_PIXELS];
    for (size_t j = 0; j < count; j++) {
      const int inside = row + j < last;
      x[j] = p->a + (inside ? row + j : row) * p->k + from;
      float *target = p->c + (row + j) * p->n + column;
      out[j] = inside && used == width ? target : spare + j * width;
      if (inside && used < width && from > 0) memcpy(out[j], target, used * sizeof(float));
    }
    t->forward[kind](x, &offset, 1, to - from, packed, out, from > 0);
    if (used < width)
      for (size_t j = 0; j < count && row + j < last; j++)
        memcpy(p->c + (row + j) * p->n + column, out[j], used * sizeof(float));
  }
}

// The same where a is stored by columns: a tile of its rows lies side by side.
static void multiply_columns(const product *p, int kind, size_t first, size_t last, size_t from, size_t to,
                             size_t column, size_t used, size_t width, const float *packed) {
  const ck_tile_set *t = ck_tiles();
  const ck_walk w = {1, 1, to - from, 0, 0, p->m, 0, 0, width};
  for (size_t row = first; row < last; row += CK_TILE_PLACES) {
    const float *x[CK_TILE_PLACES];
    float sums[CK_TILE_PLACES * CK_TILE_MOST_LANES];
    for (size_t j = 0; j < CK_TILE_PLACES; j++) x[j] = p->a + from * p->m + (row + j < last ? row + j : row);
    t->filter[kind](x, packed, &w, sums);
    for (size_t j = 0; j < CK_TILE_PLACES && row + j < last; j++) {
      float *to_row = p->c + (row + j) * p->n + column;
      if (from == 0) {
        memcpy(to_row, sums + j * width, used * sizeof(float));
      } else {
        for (size_t i = 0; i < used; i++) to_row[i] += sums[j * width + i];
      }
    }
  }
}

static void multiply_part(void *context, size_t part) {
  const product *p = context;
  const ck_tile_set *t = ck_tiles();
  float *packed = p->scratch + part * p->scratch_size;
  const size_t row_part = part / p->column_parts, column_part = part % p->column_parts;
  // Whole tiles of rows and of columns.
  const size_t row_tiles = (p->m + 11) / 12, panel = ((size_t)1 << t->widest) * t->lanes;
  const size_t panels = (p->n + panel - 1) / panel;
  const size_t first = row_tiles * row_part / p->row_parts * 12;
  size_t last = row_tiles * (row_part + 1) / p->row_parts * 12;
  if (last > p->m) last = p->m;
  size_t end = panels * (column_part + 1) / p->column_parts * panel;
  if (end > p->n) end = p->n;
  for (size_t column = panels * column_part / p->column_parts * panel; column < end;) {
    const int kind = ck_tile_kind(t, end - column);
    const size_t width = ((size_t)1 << kind) * t->lanes, used = end - column < width ? end - column : width;
    for (size_t from = 0; from < p->k; from += DEPTH) {
      const size_t to = p->k - from < DEPTH ? p->k : from + DEPTH;
      pack(p, from, to, column, used, width, packed);
      (p->ta ? multiply_columns : multiply_rows)(p, kind, first, last, from, to, column, used, width, packed);
    }
    column += used;
  }
}

int ck_product_f32(const float *a, const float *b, float *c, size_t m, size_t n, size_t k, int transpose_a,
                   int transpose_b) {
  product p = {a, b, c, NULL, m, n, k, 0, 1, 1, transpose_a, transpose_b};
  const size_t threads = (double)m * (double)n * (double)k < 2e6 ? 1 : ck_threads();
  // Columns are packed once if they are what is shared; rows are shared where there are more of them.
  if (m >= 2 * n) {
    p.row_parts = threads;
  } else {
    p.column_parts = threads;
  }
  p.scratch_size = (k < DEPTH ? k : DEPTH) * CK_TILE_MOST_LANES;
  // Aligned to a cache line, so that no vector lies across two.
  if (posix_memalign((void **)&p.scratch, 64, threads * p.scratch_size * sizeof(float)) != 0) return 0;
  ck_parallel(threads, multiply_part, &p);
  free(p.scratch);
  return 1;
}
