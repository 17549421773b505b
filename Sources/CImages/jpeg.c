#include "CImages.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

typedef struct {
  struct jpeg_error_mgr base;
  jmp_buf escape;
  char *message;
} error_state;

static void fail(j_common_ptr info) {
  error_state *state = (error_state *)info->err;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  strncpy(state->message, text, CK_IMAGE_MESSAGE - 1);
  longjmp(state->escape, 1);
}

static void ignore(j_common_ptr info) { (void)info; }

int ck_jpeg_decode(const uint8_t *bytes, size_t size, uint32_t channels, uint32_t ratio, uint64_t most,
                   ck_image *image) {
  memset(image, 0, sizeof *image);
  struct jpeg_decompress_struct info;
  error_state state;
  info.err = jpeg_std_error(&state.base);
  state.base.error_exit = fail;
  state.base.output_message = ignore;
  state.message = image->message;
  uint8_t *volatile pixels = NULL;
  if (setjmp(state.escape)) {
    jpeg_destroy_decompress(&info);
    free(pixels);
    return 0;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, (unsigned long)size);
  jpeg_read_header(&info, TRUE);
  if (channels == 0) channels = info.num_components == 1 ? 1 : 3;
  info.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  info.scale_num = 1;
  info.scale_denom = ratio;
  jpeg_calc_output_dimensions(&info);
  if ((uint64_t)info.output_width * info.output_height > most) {
    strncpy(image->message, "the image has too many pixels", CK_IMAGE_MESSAGE - 1);
    jpeg_destroy_decompress(&info);
    return 0;
  }
  jpeg_start_decompress(&info);
  const size_t pitch = (size_t)info.output_width * channels;
  pixels = malloc(pitch * info.output_height + 1);
  if (!pixels) {
    strncpy(image->message, "out of memory", CK_IMAGE_MESSAGE - 1);
    jpeg_destroy_decompress(&info);
    return 0;
  }
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = pixels + info.output_scanline * pitch;
    jpeg_read_scanlines(&info, &row, 1);
  }
  image->rows = info.output_height;
  image->columns = info.output_width;
  image->channels = channels;
  image->bits = 8;
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  image->pixels = pixels;
  return 1;
}

uint8_t *ck_jpeg_encode(ck_image *image, int quality, int progressive, size_t *size) {
  struct jpeg_compress_struct info;
  error_state state;
  info.err = jpeg_std_error(&state.base);
  state.base.error_exit = fail;
  state.base.output_message = ignore;
  state.message = image->message;
  unsigned char *volatile out = NULL;
  unsigned long length = 0;
  if (setjmp(state.escape)) {
    jpeg_destroy_compress(&info);
    free(out);
    return NULL;
  }
  jpeg_create_compress(&info);
  jpeg_mem_dest(&info, (unsigned char **)&out, &length);
  info.image_width = image->columns;
  info.image_height = image->rows;
  info.input_components = (int)image->channels;
  info.in_color_space = image->channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, quality, TRUE);
  if (progressive) jpeg_simple_progression(&info);
  jpeg_start_compress(&info, TRUE);
  const size_t pitch = (size_t)image->columns * image->channels;
  while (info.next_scanline < info.image_height) {
    JSAMPROW row = (uint8_t *)image->pixels + info.next_scanline * pitch;
    jpeg_write_scanlines(&info, &row, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
  *size = length;
  return out;
}
