// Packing the points of a series into the bytes of a block (Sources/Catalog/Points/BlockCodec.swift tells the format),
// and summing them up on the way: about 2 ns a point.
#ifndef CK_BLOCK_H
#define CK_BLOCK_H

#include <stddef.h>
#include <stdint.h>

// A scalar as it was read. The low bits of `bits` are a float32, or it is a float64 or an int64.
typedef struct {
  int64_t step;
  double wall_time;
  uint64_t bits;
} ck_point;

// The type of the values; TensorFlow's numbers.
typedef enum { CK_BLOCK_FLOAT32 = 1, CK_BLOCK_FLOAT64 = 2, CK_BLOCK_INT64 = 9 } ck_precision;

// What is known of the points of a block. Steps and times: first, last, smallest, largest, and how many points lie below
// the one before. Times are taken to be numbers. Values: of the finite ones first, last, smallest and largest with the
// steps they stand at, of equal ones the first; an int64 is rounded to double. Without finite values these are 0.
typedef struct {
  int64_t first_step, last_step, min_step, max_step;
  double first_wall, last_wall, min_wall, max_wall;
  double first, last, min, max;
  int64_t first_at, last_at, min_at, max_at;
  uint64_t step_descents, wall_descents;
  uint64_t finite, nan, positive_infinity, negative_infinity;
} ck_block_summary;

// Points in a frame, and the most points a block may hold.
enum { CK_FRAME_POINTS = 256, CK_BLOCK_POINTS = 65536 };

// Bytes that `ck_block_pack` may write for so many points.
size_t ck_block_capacity(size_t count);

// Packs `count` points, 1 to CK_BLOCK_POINTS, to `output`; gives the bytes written.
size_t ck_block_pack(
    const ck_point *points, size_t count, ck_precision precision, uint8_t *output, ck_block_summary *summary);

// The same with the loops compiled for any processor (0), AVX2 (1) or AVX-512 (2), for tests; gives 0 where the processor
// has no such instructions.
size_t ck_block_pack_with(
    int level, const ck_point *points, size_t count, ck_precision precision, uint8_t *output,
    ck_block_summary *summary);

#endif
