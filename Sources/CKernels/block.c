#include "include/block.h"

#include <string.h>

// A block is a header of 20 bytes, an entry a frame, the columns of steps, wall times and values in frames of 256 lanes
// each, and 16 zeros. Loops over lanes are written so that the compiler turns them into vector instructions; they are
// compiled once for each set of instructions.

enum { HEADER = 20, SLACK = 16, FRAME_BYTES = 18 + CK_FRAME_POINTS * 8 + 16 };

static inline void store32(uint8_t *p, uint32_t v) { memcpy(p, &v, 4); }
static inline void store64(uint8_t *p, uint64_t v) { memcpy(p, &v, 8); }

static inline size_t entry_bytes(ck_precision precision) { return precision == CK_BLOCK_FLOAT32 ? 36 : 52; }

size_t ck_block_capacity(size_t count) {
  size_t frames = (count + CK_FRAME_POINTS - 1) / CK_FRAME_POINTS;
  return HEADER + SLACK + frames * (52 + 3 * (size_t)FRAME_BYTES);
}

// What the lanes of a frame span: as they are, and as differences to the lane before.
typedef struct {
  uint64_t low, high, varying;
  int64_t low_delta, high_delta;
  uint64_t varying_delta;
} span;

typedef struct {
  int width, shift;
} form;

static inline form form_of(uint64_t spread, uint64_t varying) {
  form f = {0, 0};
  if (spread == 0) return f;
  f.shift = __builtin_ctzll(varying);
  f.width = 64 - __builtin_clzll(spread >> f.shift);
  return f;
}

// A value's bits as an integer that orders as the value does, and back.
static inline int64_t ordered32(uint32_t bits) {
  int32_t s = (int32_t)bits;
  return (int32_t)(bits ^ ((uint32_t)(s >> 31) & 0x7FFFFFFFu));
}
static inline int64_t ordered64(uint64_t bits) {
  int64_t s = (int64_t)bits;
  return (int64_t)(bits ^ ((uint64_t)(s >> 63) & 0x7FFFFFFFFFFFFFFFull));
}

static inline double number(uint64_t bits, ck_precision precision) {
  if (precision == CK_BLOCK_FLOAT32) {
    float f;
    uint32_t low = (uint32_t)bits;
    memcpy(&f, &low, 4);
    return f;
  }
  if (precision == CK_BLOCK_INT64) return (double)(int64_t)bits;
  double d;
  memcpy(&d, &bits, 8);
  return d;
}

static inline int is_finite(uint64_t bits, ck_precision precision) {
  if (precision == CK_BLOCK_FLOAT32) return (bits & 0x7F800000u) != 0x7F800000u;
  if (precision == CK_BLOCK_FLOAT64) return (bits & 0x7FF0000000000000ull) != 0x7FF0000000000000ull;
  return 1;
}

static inline double unordered(int64_t key, ck_precision precision) {
  if (precision == CK_BLOCK_FLOAT32) return number((uint32_t)ordered32((uint32_t)key), precision);
  if (precision == CK_BLOCK_FLOAT64) return number((uint64_t)ordered64((uint64_t)key), precision);
  return number((uint64_t)key, precision);
}

// Packs residuals of `width` bits, lowest bits first.
static inline size_t pack_bits(const uint64_t *residuals, size_t count, int width, uint8_t *output) {
  uint64_t word = 0;
  int filled = 0;
  size_t position = 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t residual = residuals[i];
    word |= residual << filled;
    filled += width;
    if (filled >= 64) {
      store64(output + position, word);
      position += 8;
      filled -= 64;
      word = filled == 0 ? 0 : residual >> (width - filled);
    }
  }
  store64(output + position, word);
  return position + (size_t)(filled + 7) / 8;
}

typedef struct {
  double first, last, min, max;
  uint64_t finite;
  int64_t last_step;
  size_t starts[3];
} frame_info;

// The frames that hold the smallest and the largest value of a block.
typedef struct {
  const ck_point *min, *max;
} extreme_frames;

static void write_entry(uint8_t *p, const frame_info *f, size_t n, ck_precision precision) {
  for (int c = 0; c < 3; c++) store32(p + 4 * c, (uint32_t)f->starts[c]);
  store64(p + 12, (uint64_t)f->last_step);
  double values[4] = {f->first, f->last, f->min, f->max};
  if (f->finite < n) {
    for (int i = 0; i < 4; i++) values[i] = __builtin_nan("");
  }
  if (precision == CK_BLOCK_FLOAT32) {
    for (int i = 0; i < 4; i++) {
      float v = (float)values[i];
      memcpy(p + 20 + 4 * i, &v, 4);
    }
  } else {
    for (int i = 0; i < 4; i++) memcpy(p + 20 + 8 * i, &values[i], 8);
  }
}

// Steps and times that do not go back, as nearly all, need no second look: differences that are small and not negative
// add up to no overflow.
static inline int ascends(const span *s, uint64_t first) {
  int64_t start = (int64_t)first;
  const int64_t limit = (int64_t)0x7F00000000000000;
  return s->low_delta >= 0 && s->high_delta < (int64_t)1 << 44 && start > -limit && start < limit;
}

static void sum_up_steps(const uint64_t *lanes, size_t n, const span *s, int64_t before, int is_first,
                         ck_block_summary *b) {
  int64_t low = (int64_t)lanes[0], high = (int64_t)lanes[n - 1];
  uint64_t descents = !is_first && (int64_t)lanes[0] < before;
  if (n > 1 && !ascends(s, lanes[0])) {
    high = low;
    for (size_t i = 1; i < n; i++) {
      int64_t v = (int64_t)lanes[i];
      low = v < low ? v : low;
      high = v > high ? v : high;
      descents += v < (int64_t)lanes[i - 1];
    }
  }
  b->min_step = is_first || low < b->min_step ? low : b->min_step;
  b->max_step = is_first || high > b->max_step ? high : b->max_step;
  b->step_descents += descents;
}

static void sum_up_times(const ck_point *p, const uint64_t *lanes, size_t n, const span *s, double before, int is_first,
                         ck_block_summary *b) {
  double low = p[0].wall_time, high = p[n - 1].wall_time;
  uint64_t descents = !is_first && !(low >= before);
  // The bits of numbers from 0 on are ordered as the numbers are.
  if (n > 1 && !((int64_t)lanes[0] >= 0 && ascends(s, lanes[0]))) {
    high = low;
    for (size_t i = 1; i < n; i++) {
      double v = p[i].wall_time;
      low = v < low ? v : low;
      high = v > high ? v : high;
      descents += !(v >= p[i - 1].wall_time);
    }
  }
  b->min_wall = is_first || low < b->min_wall ? low : b->min_wall;
  b->max_wall = is_first || high > b->max_wall ? high : b->max_wall;
  b->wall_descents += descents;
}

// A frame some of whose values are not finite.
static void sum_up_odd_values(const ck_point *p, size_t n, ck_precision precision, frame_info *f, ck_block_summary *b) {
  for (size_t i = 0; i < n; i++) {
    double v = number(p[i].bits, precision);
    if (is_finite(p[i].bits, precision)) {
      if (f->finite == 0) f->first = f->min = f->max = v;
      f->last = v;
      f->min = v < f->min ? v : f->min;
      f->max = v > f->max ? v : f->max;
      f->finite++;
    } else if (v != v) {
      b->nan++;
    } else if (v > 0) {
      b->positive_infinity++;
    } else {
      b->negative_infinity++;
    }
  }
}

// Where the first or last finite value, or the first that equals `value`, stands.
static int64_t step_of(
    const ck_point *p, const ck_point *end, ck_precision precision, int any, double value, int backwards) {
  size_t n = (size_t)(end - p);
  for (size_t k = 0; k < n; k++) {
    size_t i = backwards ? n - 1 - k : k;
    if (is_finite(p[i].bits, precision) && (any || number(p[i].bits, precision) == value)) return p[i].step;
  }
  return 0;
}

// Takes the values of a frame into the summary of its block.
static void add_frame(ck_block_summary *b, const frame_info *f, const ck_point *p, extreme_frames *extremes) {
  if (f->finite == 0) return;
  if (b->finite == 0) b->first = f->first;
  b->last = f->last;
  if (b->finite == 0 || f->min < b->min) {
    b->min = f->min;
    extremes->min = p;
  }
  if (b->finite == 0 || f->max > b->max) {
    b->max = f->max;
    extremes->max = p;
  }
  b->finite += f->finite;
}

static size_t finish(const ck_point *points, size_t count, ck_precision precision, uint8_t *output, uint8_t *start,
                     uint8_t *const columns[3], const size_t lengths[3], const extreme_frames *extremes,
                     ck_block_summary *b) {
  memmove(start + lengths[0], columns[1], lengths[1]);
  memmove(start + lengths[0] + lengths[1], columns[2], lengths[2]);
  uint8_t *end = start + lengths[0] + lengths[1] + lengths[2];
  memset(end, 0, SLACK);
  output[0] = 2;
  output[1] = (uint8_t)precision;
  output[2] = output[3] = 0;
  store32(output + 4, (uint32_t)count);
  for (int c = 0; c < 3; c++) store32(output + 8 + 4 * c, (uint32_t)lengths[c]);
  b->first_step = points[0].step;
  b->last_step = points[count - 1].step;
  b->first_wall = points[0].wall_time;
  b->last_wall = points[count - 1].wall_time;
  if (b->finite) {
    const ck_point *last = points + count;
    b->first_at = step_of(points, last, precision, 1, 0, 0);
    b->last_at = step_of(points, last, precision, 1, 0, 1);
    b->min_at = step_of(extremes->min, last, precision, 0, b->min, 0);
    b->max_at = step_of(extremes->max, last, precision, 0, b->max, 0);
  }
  return (size_t)(end + SLACK - output);
}

#define LOOPS(level, attributes)                                                                                     \
  attributes static void lanes_##level(const ck_point *p, size_t n, ck_precision precision, uint64_t *steps,         \
                                       uint64_t *times, uint64_t *values) {                                          \
    for (size_t i = 0; i < n; i++) steps[i] = (uint64_t)p[i].step;                                                   \
    for (size_t i = 0; i < n; i++) memcpy(&times[i], &p[i].wall_time, 8);                                            \
    if (precision == CK_BLOCK_FLOAT32) {                                                                             \
      for (size_t i = 0; i < n; i++) {                                                                               \
        uint32_t bits = (uint32_t)p[i].bits;                                                                         \
        values[i] = (uint32_t)(bits << 1 | bits >> 31);                                                              \
      }                                                                                                              \
    } else if (precision == CK_BLOCK_FLOAT64) {                                                                      \
      for (size_t i = 0; i < n; i++) values[i] = p[i].bits << 1 | p[i].bits >> 63;                                   \
    } else {                                                                                                         \
      for (size_t i = 0; i < n; i++) values[i] = p[i].bits;                                                          \
    }                                                                                                                \
  }                                                                                                                  \
  attributes static void span_##level(const uint64_t *v, size_t n, span *s) {                                        \
    uint64_t first = v[0], low = first, high = first, varying = 0;                                                   \
    uint64_t first_delta = n > 1 ? v[1] - first : 0, varying_delta = 0;                                              \
    int64_t low_delta = INT64_MAX, high_delta = INT64_MIN;                                                           \
    for (size_t i = 1; i < n; i++) {                                                                                 \
      uint64_t lane = v[i];                                                                                          \
      low = lane < low ? lane : low;                                                                                 \
      high = lane > high ? lane : high;                                                                              \
      varying |= lane ^ first;                                                                                       \
      uint64_t delta = lane - v[i - 1];                                                                              \
      low_delta = (int64_t)delta < low_delta ? (int64_t)delta : low_delta;                                           \
      high_delta = (int64_t)delta > high_delta ? (int64_t)delta : high_delta;                                        \
      varying_delta |= delta ^ first_delta;                                                                          \
    }                                                                                                                \
    *s = (span){low, high, varying, low_delta, high_delta, varying_delta};                                           \
  }                                                                                                                  \
  attributes static void residuals_##level(const uint64_t *v, size_t n, uint64_t base, int shift, uint64_t *r) {     \
    for (size_t i = 0; i < n; i++) r[i] = (v[i] - base) >> shift;                                                    \
  }                                                                                                                  \
  attributes static void delta_residuals_##level(const uint64_t *v, size_t n, uint64_t base, int shift,              \
                                                 uint64_t *r) {                                                      \
    for (size_t i = 1; i < n; i++) r[i - 1] = (v[i] - v[i - 1] - base) >> shift;                                     \
  }                                                                                                                  \
  /* Smallest and largest value of a frame, and whether all are finite. */                                           \
  attributes static int extremes_##level(const uint64_t *values, size_t n, ck_precision precision, double *min,      \
                                         double *max) {                                                              \
    int64_t low = INT64_MAX, high = INT64_MIN;                                                                       \
    uint64_t odd = 0;                                                                                                \
    if (precision == CK_BLOCK_FLOAT32) {                                                                             \
      int32_t l = INT32_MAX, h = INT32_MIN;                                                                          \
      uint32_t bad = 0;                                                                                              \
      for (size_t i = 0; i < n; i++) {                                                                               \
        uint32_t lane = (uint32_t)values[i];                                                                         \
        uint32_t bits = lane >> 1 | lane << 31;                                                                      \
        int32_t key = (int32_t)ordered32(bits);                                                                      \
        l = key < l ? key : l;                                                                                       \
        h = key > h ? key : h;                                                                                       \
        bad |= (bits & 0x7F800000u) == 0x7F800000u;                                                                  \
      }                                                                                                              \
      low = l;                                                                                                       \
      high = h;                                                                                                      \
      odd = bad;                                                                                                     \
    } else if (precision == CK_BLOCK_FLOAT64) {                                                                      \
      for (size_t i = 0; i < n; i++) {                                                                               \
        uint64_t bits = values[i] >> 1 | values[i] << 63;                                                            \
        int64_t key = ordered64(bits);                                                                               \
        low = key < low ? key : low;                                                                                 \
        high = key > high ? key : high;                                                                              \
        odd |= (bits & 0x7FF0000000000000ull) == 0x7FF0000000000000ull;                                              \
      }                                                                                                              \
    } else {                                                                                                         \
      for (size_t i = 0; i < n; i++) {                                                                               \
        int64_t key = (int64_t)values[i];                                                                            \
        low = key < low ? key : low;                                                                                 \
        high = key > high ? key : high;                                                                              \
      }                                                                                                              \
    }                                                                                                                \
    *min = unordered(low, precision);                                                                                \
    *max = unordered(high, precision);                                                                               \
    return odd == 0;                                                                                                 \
  }                                                                                                                  \
  attributes static size_t frame_##level(const uint64_t *v, size_t n, const span *s, uint8_t *output) {              \
    form plain = form_of(s->high - s->low, s->varying);                                                              \
    form delta = n > 1 ? form_of((uint64_t)s->high_delta - (uint64_t)s->low_delta, s->varying_delta) : plain;        \
    int uses_deltas = n > 1 && (size_t)delta.width * (n - 1) + 64 < (size_t)plain.width * n;                         \
    form f = uses_deltas ? delta : plain;                                                                            \
    uint64_t base = uses_deltas ? (uint64_t)s->low_delta : s->low;                                                   \
    output[0] = (uint8_t)(f.width | (uses_deltas ? 0x80 : 0));                                                       \
    output[1] = (uint8_t)f.shift;                                                                                    \
    store64(output + 2, base);                                                                                       \
    size_t position = 10;                                                                                            \
    if (uses_deltas) {                                                                                               \
      store64(output + 10, v[0]);                                                                                    \
      position = 18;                                                                                                 \
    }                                                                                                                \
    if (f.width == 0) return position;                                                                               \
    uint64_t residuals[CK_FRAME_POINTS];                                                                             \
    if (uses_deltas) {                                                                                               \
      delta_residuals_##level(v, n, base, f.shift, residuals);                                                       \
      return position + pack_bits(residuals, n - 1, f.width, output + position);                                     \
    }                                                                                                                \
    residuals_##level(v, n, base, f.shift, residuals);                                                               \
    return position + pack_bits(residuals, n, f.width, output + position);                                           \
  }                                                                                                                  \
  attributes static size_t pack_##level(const ck_point *points, size_t count, ck_precision precision,                \
                                        uint8_t *output, ck_block_summary *b) {                                      \
    size_t frames = (count + CK_FRAME_POINTS - 1) / CK_FRAME_POINTS;                                                 \
    size_t entry = entry_bytes(precision);                                                                           \
    uint8_t *start = output + HEADER + frames * entry;                                                               \
    uint64_t lanes[3][CK_FRAME_POINTS];                                                                              \
    size_t lengths[3] = {0, 0, 0};                                                                                   \
    extreme_frames extremes = {points, points};                                                                      \
    memset(b, 0, sizeof *b);                                                                                         \
    /* The columns grow side by side; the second and third are moved up against the first at the end. */             \
    size_t room = frames * (size_t)FRAME_BYTES;                                                                      \
    uint8_t *columns[3] = {start, start + room, start + 2 * room};                                                   \
    for (size_t f = 0; f < frames; f++) {                                                                            \
      const ck_point *p = points + f * CK_FRAME_POINTS;                                                              \
      size_t left = count - f * CK_FRAME_POINTS;                                                                     \
      size_t n = left < CK_FRAME_POINTS ? left : CK_FRAME_POINTS;                                                    \
      frame_info info = {0, 0, 0, 0, 0, p[n - 1].step, {lengths[0], lengths[1], lengths[2]}};                        \
      lanes_##level(p, n, precision, lanes[0], lanes[1], lanes[2]);                                                  \
      for (int c = 0; c < 3; c++) {                                                                                  \
        span s;                                                                                                      \
        span_##level(lanes[c], n, &s);                                                                               \
        if (c == 0) sum_up_steps(lanes[0], n, &s, f ? p[-1].step : 0, f == 0, b);                                    \
        if (c == 1) sum_up_times(p, lanes[1], n, &s, f ? p[-1].wall_time : 0, f == 0, b);                            \
        lengths[c] += frame_##level(lanes[c], n, &s, columns[c] + lengths[c]);                                       \
      }                                                                                                              \
      if (extremes_##level(lanes[2], n, precision, &info.min, &info.max)) {                                          \
        info.first = number(p[0].bits, precision);                                                                   \
        info.last = number(p[n - 1].bits, precision);                                                                \
        info.finite = n;                                                                                             \
      } else {                                                                                                       \
        info.min = info.max = 0;                                                                                     \
        sum_up_odd_values(p, n, precision, &info, b);                                                                \
      }                                                                                                              \
      add_frame(b, &info, p, &extremes);                                                                             \
      write_entry(output + HEADER + f * entry, &info, n, precision);                                                 \
    }                                                                                                                \
    return finish(points, count, precision, output, start, columns, lengths, &extremes, b);                          \
  }

typedef size_t (*pack_function)(const ck_point *, size_t, ck_precision, uint8_t *, ck_block_summary *);

LOOPS(plain, )
#if defined(__x86_64__)
LOOPS(avx2, __attribute__((target("avx2"))))
LOOPS(avx512, __attribute__((target("avx512f,avx512dq,avx512bw,avx512vl"))))
#endif

static pack_function function_for(int level) {
#if defined(__x86_64__)
  if (level == 2) {
    int has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq")
              && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    return has ? pack_avx512 : 0;
  }
  if (level == 1) return __builtin_cpu_supports("avx2") ? pack_avx2 : 0;
#endif
  return level == 0 ? pack_plain : 0;
}

static pack_function best = pack_plain;

__attribute__((constructor)) static void choose(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  for (int level = 1; level <= 2; level++) {
    pack_function f = function_for(level);
    if (f) best = f;
  }
#endif
}

size_t ck_block_pack(
    const ck_point *points, size_t count, ck_precision precision, uint8_t *output, ck_block_summary *summary) {
  return best(points, count, precision, output, summary);
}

size_t ck_block_pack_with(
    int level, const ck_point *points, size_t count, ck_precision precision, uint8_t *output,
    ck_block_summary *summary) {
  pack_function f = function_for(level);
  return f ? f(points, count, precision, output, summary) : 0;
}
