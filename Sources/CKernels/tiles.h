// The innermost loops of convolutions and matrix products: a tile of pixels (or rows) × channels (or columns) that
// stays in registers. Not part of the module's interface.
#ifndef CKERNELS_TILES_H
#define CKERNELS_TILES_H

#include <stddef.h>

// Pixels (or filter places) in a tile.
enum { CK_TILE_PLACES = 6, CK_TILE_MOST_PIXELS = 12, CK_TILE_MOST_LANES = 64 };

// Multiplies the floats at x[j] + offsets[r] (`runs` runs of `length`) by rows of packed weights; out[j] gets a tile's
// channels, or has them added.
typedef void (*ck_forward_tile)(const float *const *x, const size_t *offsets, size_t runs, size_t length,
                                const float *weights, float *const *out, int adds);

// Sums x[j][pixel] * gradient[pixel] over the pixels of several images into sums[j][channel].
typedef struct {
  size_t images, rows, columns;
  // Steps of both pointers, in floats.
  size_t x_image, x_row, x_column, g_image, g_row, g_column;
} ck_walk;
typedef void (*ck_filter_tile)(const float *const *x, const float *gradient, const ck_walk *w, float *sums);

// The tiles of an instruction set; index 0 is for one vector of channels, 1 for two, 2 for four.
typedef struct {
  size_t lanes;
  int widest;
  ck_forward_tile forward[3];
  size_t pixels[3];
  ck_filter_tile filter[3];
} ck_tile_set;

const ck_tile_set *ck_tiles(void);

// The widest tile for this many channels: 1, 2 or 4 vectors.
int ck_tile_kind(const ck_tile_set *t, size_t channels);

#endif
