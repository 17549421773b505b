#include "CImages.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

void ck_image_free(void *pixels) { free(pixels); }

// What the library's callbacks work on.
typedef struct {
  const uint8_t *bytes;
  size_t size, at;
  uint8_t *out;
  size_t capacity;
  char *message;
} stream;

static void fail(png_structp png, png_const_charp text) {
  stream *s = png_get_error_ptr(png);
  strncpy(s->message, text, CK_IMAGE_MESSAGE - 1);
  longjmp(png_jmpbuf(png), 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep target, png_size_t count) {
  stream *s = png_get_io_ptr(png);
  if (count > s->size - s->at) png_error(png, "the file ends too early");
  memcpy(target, s->bytes + s->at, count);
  s->at += count;
}

static void write_bytes(png_structp png, png_bytep source, png_size_t count) {
  stream *s = png_get_io_ptr(png);
  if (s->size + count > s->capacity) {
    size_t capacity = (s->size + count) * 2;
    uint8_t *grown = realloc(s->out, capacity);
    if (!grown) png_error(png, "out of memory");
    s->out = grown;
    s->capacity = capacity;
  }
  memcpy(s->out + s->size, source, count);
  s->size += count;
}

static void flush(png_structp png) { (void)png; }

int ck_png_decode(const uint8_t *bytes, size_t size, uint32_t channels, uint32_t bits, uint64_t most,
                  ck_image *image) {
  memset(image, 0, sizeof *image);
  stream s = {bytes, size, 0, NULL, 0, image->message};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &s, fail, ignore);
  if (!png) return 0;
  png_infop info = png_create_info_struct(png);
  // Changed after setjmp and read after a jump.
  uint8_t *volatile pixels = NULL;
  png_bytep *volatile rows = NULL;
  if (!info || setjmp(png_jmpbuf(png))) {
    free(pixels);
    free((void *)rows);
    png_destroy_read_struct(&png, &info, NULL);
    return 0;
  }
  png_set_read_fn(png, &s, read_bytes);
  png_read_info(png, info);
  image->rows = png_get_image_height(png, info);
  image->columns = png_get_image_width(png, info);
  if ((uint64_t)image->rows * image->columns > most) png_error(png, "the image has too many pixels");
  const int type = png_get_color_type(png, info);
  const int transparent = png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  int alpha = (type & PNG_COLOR_MASK_ALPHA) != 0 || transparent;
  if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
  if (png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
  if (transparent) png_set_tRNS_to_alpha(png);
  if (channels == 0) channels = ((type & PNG_COLOR_MASK_COLOR) ? 3 : 1) + (alpha ? 1 : 0);
  const int wants_alpha = channels == 2 || channels == 4;
  if (alpha && !wants_alpha) png_set_strip_alpha(png);
  if (!alpha && wants_alpha) png_set_add_alpha(png, bits == 16 ? 0xffff : 0xff, PNG_FILLER_AFTER);
  if (channels <= 2 && (type & PNG_COLOR_MASK_COLOR)) png_set_rgb_to_gray(png, 1, 0.299, 0.587);
  if (channels >= 3 && !(type & PNG_COLOR_MASK_COLOR)) png_set_gray_to_rgb(png);
  if (bits == 8 && png_get_bit_depth(png, info) == 16) png_set_strip_16(png);
  if (bits == 16) {
    if (png_get_bit_depth(png, info) < 16) png_set_expand_16(png);
    const uint16_t one = 1;
    if (*(const uint8_t *)&one) png_set_swap(png);
  }
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const size_t pitch = png_get_rowbytes(png, info);
  if (pitch != (size_t)image->columns * channels * (bits / 8)) png_error(png, "the rows are of an unexpected length");
  pixels = malloc(pitch * image->rows + 1);
  rows = malloc(sizeof(png_bytep) * image->rows + 1);
  if (!pixels || !rows) png_error(png, "out of memory");
  for (uint32_t row = 0; row < image->rows; row++) ((png_bytep *)rows)[row] = pixels + row * pitch;
  png_read_image(png, (png_bytepp)rows);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  free((void *)rows);
  image->channels = channels;
  image->bits = bits;
  image->pixels = pixels;
  return 1;
}

uint8_t *ck_png_encode(ck_image *image, int level, size_t *size) {
  stream s = {NULL, 0, 0, NULL, 0, image->message};
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &s, fail, ignore);
  if (!png) return NULL;
  png_infop info = png_create_info_struct(png);
  if (!info || setjmp(png_jmpbuf(png))) {
    free(s.out);
    png_destroy_write_struct(&png, &info);
    return NULL;
  }
  static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                              PNG_COLOR_TYPE_RGB_ALPHA};
  png_set_write_fn(png, &s, write_bytes, flush);
  png_set_IHDR(png, info, image->columns, image->rows, (int)image->bits, types[image->channels], PNG_INTERLACE_NONE,
               PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_compression_level(png, level);
  png_write_info(png, info);
  const uint16_t one = 1;
  if (image->bits == 16 && *(const uint8_t *)&one) png_set_swap(png);
  const size_t pitch = (size_t)image->columns * image->channels * (image->bits / 8);
  for (uint32_t row = 0; row < image->rows; row++)
    png_write_row(png, (const uint8_t *)image->pixels + row * pitch);
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  *size = s.size;
  return s.out;
}
