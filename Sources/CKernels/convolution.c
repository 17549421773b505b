#include "convolution.h"

#include <string.h>

#include "parallel.h"
#include "tiles.h"

// How it works. An image is copied once into a frame of zeros as wide as the filter needs, unless it needs none; then
// the floats under one row of the filter lie side by side, and so do the filter's (packed so that the output channels
// of a tile follow each other). The innermost loop keeps a tile of pixels × channels in registers, loads each weight
// vector once for all pixels and multiplies it by one float of each. No patch matrix is ever built.
//
// The gradient of the input is a convolution of the gradient with the filter turned round; with strides, one for each
// remainder of the position divided by the stride. The gradient of the filter keeps a tile of filter places × channels
// in registers while it walks over all pixels.

enum { PIXELS = CK_TILE_PLACES, MOST_PIXELS = CK_TILE_MOST_PIXELS, CHUNK_PIXELS = 256, MOST_CHUNK = 16 };

// Channels in all tiles together, the last one filled up.
static size_t padded_channels(size_t channels) {
  const ck_tile_set *t = ck_tiles();
  size_t width = 0;
  while (width < channels) width += ((size_t)1 << ck_tile_kind(t, channels - width)) * t->lanes;
  return width;
}

// A convolution with stride over one framed image: what the forward pass and each part of the input's gradient are.
typedef struct {
  // The image as it is, and where its first pixel lies in the frame (may be negative: the image is cut then).
  size_t in_rows, in_columns, channels;
  ptrdiff_t top, left;
  size_t taps_rows, taps_columns, row_dilation, column_dilation;
  size_t out_rows, out_columns, row_stride, column_stride, out_channels;
  // Where output pixels go, in floats.
  size_t out_row_step, out_column_step;
} pass;

static size_t frame_rows(const pass *p) {
  return (p->out_rows - 1) * p->row_stride + (p->taps_rows - 1) * p->row_dilation + 1;
}
static size_t frame_columns(const pass *p) {
  return (p->out_columns - 1) * p->column_stride + (p->taps_columns - 1) * p->column_dilation + 1;
}

static int needs_frame(const pass *p) {
  return p->top != 0 || p->left != 0 || frame_rows(p) > p->in_rows || frame_columns(p) > p->in_columns;
}

static void fill_frame(const pass *p, const float *image, float *frame) {
  const size_t rows = frame_rows(p), columns = frame_columns(p), channels = p->channels;
  const ptrdiff_t first = p->left > 0 ? p->left : 0;
  ptrdiff_t last = p->left + (ptrdiff_t)p->in_columns;
  if (last > (ptrdiff_t)columns) last = (ptrdiff_t)columns;
  for (size_t row = 0; row < rows; row++) {
    float *to = frame + row * columns * channels;
    const ptrdiff_t from = (ptrdiff_t)row - p->top;
    if (from < 0 || from >= (ptrdiff_t)p->in_rows || last <= first) {
      memset(to, 0, columns * channels * sizeof(float));
      continue;
    }
    memset(to, 0, (size_t)first * channels * sizeof(float));
    memcpy(to + (size_t)first * channels,
           image + ((size_t)from * p->in_columns + (size_t)(first - p->left)) * channels,
           (size_t)(last - first) * channels * sizeof(float));
    memset(to + (size_t)last * channels, 0, (columns - (size_t)last) * channels * sizeof(float));
  }
}

// One image. `weights` is packed tile after tile; `frame` is the image in its frame, or the image itself.
static void run_pass(const pass *p, const float *frame, size_t pitch, const float *weights, float *output) {
  const ck_tile_set *t = ck_tiles();
  size_t runs, length, offsets[1024];
  const int joined = p->column_dilation == 1;
  runs = joined ? p->taps_rows : p->taps_rows * p->taps_columns;
  length = joined ? p->taps_columns * p->channels : p->channels;
  for (size_t r = 0; r < runs; r++) {
    size_t row = joined ? r : r / p->taps_columns, column = joined ? 0 : r % p->taps_columns;
    offsets[r] = row * p->row_dilation * pitch + column * p->column_dilation * p->channels;
  }
  const size_t count = p->out_rows * p->out_columns, places = p->taps_rows * p->taps_columns * p->channels;
  float spare[MOST_PIXELS * CK_TILE_MOST_LANES];
  for (size_t channel = 0; channel < p->out_channels;) {
    const int kind = ck_tile_kind(t, p->out_channels - channel);
    const size_t width = ((size_t)1 << kind) * t->lanes, pixels = t->pixels[kind];
    const int whole = channel + width <= p->out_channels;
    size_t row = 0, column = 0;
    for (size_t first = 0; first < count; first += pixels) {
      const float *x[MOST_PIXELS];
      float *out[MOST_PIXELS], *target[MOST_PIXELS];
      for (size_t j = 0; j < pixels; j++) {
        if (first + j < count) {
          x[j] = frame + row * p->row_stride * pitch + column * p->column_stride * p->channels;
          target[j] = output + row * p->out_row_step + column * p->out_column_step + channel;
          out[j] = whole ? target[j] : spare + j * width;
          if (++column == p->out_columns) {
            column = 0;
            row++;
          }
        } else {
          // The last tile of an image computes some pixel again.
          x[j] = x[0];
          out[j] = spare + j * width;
          target[j] = NULL;
        }
      }
      t->forward[kind](x, offsets, runs, length, weights, out, 0);
      if (!whole)
        for (size_t j = 0; j < pixels && target[j]; j++)
          memcpy(target[j], out[j], (p->out_channels - channel) * sizeof(float));
    }
    weights += places * width;
    channel += width;
  }
}

static pass forward_pass(const ck_convolution *c) {
  return (pass){c->in_rows, c->in_columns, c->in_channels, (ptrdiff_t)c->pad_top, (ptrdiff_t)c->pad_left,
                c->filter_rows, c->filter_columns, c->row_dilation, c->column_dilation,
                c->out_rows, c->out_columns, c->row_stride, c->column_stride, c->out_channels,
                c->out_columns * c->out_channels, c->out_channels};
}

static int is_plain(const ck_convolution *c) {
  return c->filter_rows * c->filter_columns > 1024 ||
         ((c->row_stride > 1 || c->column_stride > 1) && (c->row_dilation > 1 || c->column_dilation > 1));
}

size_t ck_convolution_scratch(const ck_convolution *c) {
  pass p = forward_pass(c);
  return c->filter_rows * c->filter_columns * c->in_channels * padded_channels(c->out_channels) +
         frame_rows(&p) * frame_columns(&p) * c->in_channels;
}

void ck_convolution_f32(const ck_convolution *c, const float *input, const float *filter, float *output,
                        size_t images, float *scratch) {
  if (c->filter_rows * c->filter_columns > 1024) {
    ck_convolution_plain_f32(c, input, filter, output, images);
    return;
  }
  const ck_tile_set *t = ck_tiles();
  const size_t places = c->filter_rows * c->filter_columns * c->in_channels, channels = c->out_channels;
  float *packed = scratch;
  for (size_t channel = 0; channel < channels;) {
    const size_t width = ((size_t)1 << ck_tile_kind(t, channels - channel)) * t->lanes;
    const size_t used = channels - channel < width ? channels - channel : width;
    for (size_t place = 0; place < places; place++) {
      memcpy(packed, filter + place * channels + channel, used * sizeof(float));
      memset(packed + used, 0, (width - used) * sizeof(float));
      packed += width;
    }
    channel += width;
  }
  const pass p = forward_pass(c);
  const int framed = needs_frame(&p);
  const size_t pitch = (framed ? frame_columns(&p) : c->in_columns) * c->in_channels;
  for (size_t image = 0; image < images; image++) {
    const float *source = input + image * c->in_rows * c->in_columns * c->in_channels;
    if (framed) fill_frame(&p, source, packed);
    run_pass(&p, framed ? packed : source, pitch, scratch, output + image * c->out_rows * c->out_columns * channels);
  }
}

// MARK: Gradient of the input

// The part of the input's gradient at rows `row`, row + stride, … and columns alike: which filter rows and columns
// reach it (first, first + stride, …), and the convolution over the gradient that computes it.
typedef struct {
  pass pass;
  size_t first_row, first_column;
} phase;

static int make_phase(const ck_convolution *c, size_t row, size_t column, phase *out) {
  const size_t first_row = c->row_stride == 1 ? 0 : (row + c->pad_top) % c->row_stride;
  const size_t first_column = c->column_stride == 1 ? 0 : (column + c->pad_left) % c->column_stride;
  if (first_row >= c->filter_rows || first_column >= c->filter_columns) return 0;
  const size_t rows = (c->filter_rows - first_row - 1) / c->row_stride + 1;
  const size_t columns = (c->filter_columns - first_column - 1) / c->column_stride + 1;
  const size_t base_row = (row + c->pad_top - first_row) / c->row_stride;
  const size_t base_column = (column + c->pad_left - first_column) / c->column_stride;
  out->first_row = first_row;
  out->first_column = first_column;
  out->pass = (pass){c->out_rows, c->out_columns, c->out_channels,
                     (ptrdiff_t)((rows - 1) * c->row_dilation) - (ptrdiff_t)base_row,
                     (ptrdiff_t)((columns - 1) * c->column_dilation) - (ptrdiff_t)base_column,
                     rows, columns, c->row_dilation, c->column_dilation,
                     (c->in_rows - row - 1) / c->row_stride + 1, (c->in_columns - column - 1) / c->column_stride + 1,
                     1, 1, c->in_channels,
                     c->row_stride * c->in_columns * c->in_channels, c->column_stride * c->in_channels};
  return 1;
}

size_t ck_convolution_input_scratch(const ck_convolution *c) {
  const size_t rows = (c->in_rows - 1) / c->row_stride + 1 + (c->filter_rows - 1) * c->row_dilation;
  const size_t columns = (c->in_columns - 1) / c->column_stride + 1 + (c->filter_columns - 1) * c->column_dilation;
  return c->filter_rows * c->filter_columns * c->out_channels * padded_channels(c->in_channels) +
         rows * columns * c->out_channels;
}

// The taps of a phase, turned round and with input and output channels exchanged.
static float *pack_phase(const ck_convolution *c, const phase *f, const float *filter, float *packed) {
  const ck_tile_set *t = ck_tiles();
  const size_t in = c->in_channels, out = c->out_channels;
  for (size_t channel = 0; channel < in;) {
    const size_t width = ((size_t)1 << ck_tile_kind(t, in - channel)) * t->lanes;
    const size_t used = in - channel < width ? in - channel : width;
    for (size_t i = f->pass.taps_rows; i-- > 0;)
      for (size_t j = f->pass.taps_columns; j-- > 0;) {
        const size_t place = (f->first_row + i * c->row_stride) * c->filter_columns + f->first_column +
                             j * c->column_stride;
        const float *weights = filter + (place * in + channel) * out;
        for (size_t o = 0; o < out; o++) {
          for (size_t k = 0; k < used; k++) packed[k] = weights[k * out + o];
          for (size_t k = used; k < width; k++) packed[k] = 0;
          packed += width;
        }
      }
    channel += width;
  }
  return packed;
}

void ck_convolution_input_f32(const ck_convolution *c, const float *filter, const float *gradient, float *output,
                              size_t images, float *scratch) {
  if (is_plain(c)) {
    ck_convolution_input_plain_f32(c, filter, gradient, output, images);
    return;
  }
  const size_t image_size = c->in_rows * c->in_columns * c->in_channels;
  const size_t gradient_size = c->out_rows * c->out_columns * c->out_channels;
  // Places that no tap reaches stay zero.
  if (c->row_stride > c->filter_rows || c->column_stride > c->filter_columns)
    memset(output, 0, images * image_size * sizeof(float));
  for (size_t row = 0; row < c->row_stride && row < c->in_rows; row++)
    for (size_t column = 0; column < c->column_stride && column < c->in_columns; column++) {
      phase f;
      if (!make_phase(c, row, column, &f)) continue;
      float *frame = pack_phase(c, &f, filter, scratch);
      const int framed = needs_frame(&f.pass);
      const size_t pitch = (framed ? frame_columns(&f.pass) : c->out_columns) * c->out_channels;
      for (size_t image = 0; image < images; image++) {
        const float *source = gradient + image * gradient_size;
        if (framed) fill_frame(&f.pass, source, frame);
        run_pass(&f.pass, framed ? frame : source, pitch, scratch,
                 output + image * image_size + (row * c->in_columns + column) * c->in_channels);
      }
    }
}

// MARK: Gradient of the filter

static size_t chunk_size(const ck_convolution *c) {
  const size_t pixels = c->out_rows * c->out_columns;
  const size_t images = CHUNK_PIXELS / (pixels ? pixels : 1);
  return images < 1 ? 1 : images > MOST_CHUNK ? MOST_CHUNK : images;
}

size_t ck_convolution_filter_scratch(const ck_convolution *c) {
  pass p = forward_pass(c);
  return chunk_size(c) * (frame_rows(&p) * frame_columns(&p) * c->in_channels +
                          c->out_rows * c->out_columns * padded_channels(c->out_channels));
}

void ck_convolution_filter_f32(const ck_convolution *c, const float *input, const float *gradient, float *output,
                               size_t images, size_t first, size_t last, float *scratch) {
  const ck_tile_set *t = ck_tiles();
  const pass p = forward_pass(c);
  const size_t channels = c->out_channels, padded = padded_channels(channels);
  const int framed = needs_frame(&p), filled = padded != channels;
  const size_t columns = framed ? frame_columns(&p) : c->in_columns;
  const size_t image_size = c->in_rows * c->in_columns * c->in_channels;
  const size_t frame_size = framed ? frame_rows(&p) * columns * c->in_channels : image_size;
  const size_t pixels = c->out_rows * c->out_columns, chunk = chunk_size(c);
  float *frames = scratch, *filling = scratch + chunk * frame_rows(&p) * frame_columns(&p) * c->in_channels;
  const size_t row_places = c->filter_columns * c->in_channels;
  memset(output + first * channels, 0, (last - first) * channels * sizeof(float));
  for (size_t start = 0; start < images; start += chunk) {
    const size_t count = images - start < chunk ? images - start : chunk;
    const float *x = input + start * image_size, *g = gradient + start * pixels * channels;
    if (framed) {
      for (size_t image = 0; image < count; image++)
        fill_frame(&p, x + image * image_size, frames + image * frame_size);
      x = frames;
    }
    if (filled) {
      for (size_t pixel = 0; pixel < count * pixels; pixel++) {
        memcpy(filling + pixel * padded, g + pixel * channels, channels * sizeof(float));
        memset(filling + pixel * padded + channels, 0, (padded - channels) * sizeof(float));
      }
      g = filling;
    }
    const size_t pitch = filled ? padded : channels;
    const ck_walk w = {count, c->out_rows, c->out_columns,
                    frame_size, c->row_stride * columns * c->in_channels, c->column_stride * c->in_channels,
                    pixels * pitch, c->out_columns * pitch, pitch};
    for (size_t channel = 0; channel < channels;) {
      const int kind = ck_tile_kind(t, channels - channel);
      const size_t width = ((size_t)1 << kind) * t->lanes;
      const size_t used = channels - channel < width ? channels - channel : width;
      for (size_t place = first; place < last; place += PIXELS) {
        const float *at[PIXELS];
        for (size_t j = 0; j < PIXELS; j++) {
          const size_t k = place + j < last ? place + j : place;
          const size_t rest = k % row_places;
          at[j] = x + k / row_places * c->row_dilation * columns * c->in_channels +
                  rest / c->in_channels * c->column_dilation * c->in_channels + rest % c->in_channels;
        }
        float sums[PIXELS * CK_TILE_MOST_LANES];
        t->filter[kind](at, g + channel, &w, sums);
        for (size_t j = 0; j < PIXELS && place + j < last; j++) {
          float *to = output + (place + j) * channels + channel;
          for (size_t k = 0; k < used; k++) to[k] += sums[j * width + k];
        }
      }
      channel += width;
    }
  }
}

// MARK: Several threads

size_t ck_convolution_parts(const ck_convolution *c, size_t images) {
  // Below a million products a thread is not worth waking.
  const size_t products = c->out_rows * c->out_columns * c->out_channels * c->filter_rows * c->filter_columns;
  const size_t threads = ck_threads();
  if (threads < 2 || (double)products * (double)c->in_channels * (double)images < 1e6) return 1;
  return threads;
}

typedef struct {
  ck_convolution_kind kind;
  const ck_convolution *c;
  const float *first, *second;
  float *output, *scratch;
  size_t images, parts, scratch_size;
} shared_work;

static void run_part(void *context, size_t part) {
  const shared_work *w = context;
  const ck_convolution *c = w->c;
  float *scratch = w->scratch + part * w->scratch_size;
  if (w->kind == CK_CONVOLUTION_FILTER) {
    // Each part has its places of the filter, whole tiles of them.
    const size_t places = c->filter_rows * c->filter_columns * c->in_channels;
    const size_t tiles = (places + PIXELS - 1) / PIXELS;
    size_t from = tiles * part / w->parts * PIXELS, to = tiles * (part + 1) / w->parts * PIXELS;
    if (to > places) to = places;
    if (from < to) ck_convolution_filter_f32(c, w->first, w->second, w->output, w->images, from, to, scratch);
    return;
  }
  const size_t from = w->images * part / w->parts, to = w->images * (part + 1) / w->parts;
  if (from == to) return;
  const size_t input = c->in_rows * c->in_columns * c->in_channels;
  const size_t output = c->out_rows * c->out_columns * c->out_channels;
  if (w->kind == CK_CONVOLUTION) {
    ck_convolution_f32(c, w->first + from * input, w->second, w->output + from * output, to - from, scratch);
  } else {
    ck_convolution_input_f32(c, w->first, w->second + from * output, w->output + from * input, to - from, scratch);
  }
}

void ck_convolution_shared_f32(ck_convolution_kind kind, const ck_convolution *c, const float *first,
                               const float *second, float *output, size_t images, float *scratch) {
  const size_t size = kind == CK_CONVOLUTION         ? ck_convolution_scratch(c)
                      : kind == CK_CONVOLUTION_INPUT ? ck_convolution_input_scratch(c)
                                                     : ck_convolution_filter_scratch(c);
  shared_work work = {kind, c, first, second, output, scratch, images, ck_convolution_parts(c, images), size};
  ck_parallel(work.parts, run_part, &work);
}
