// Images as files: PNG through libpng, JPEG through libjpeg. Both libraries leave a damaged file by a long jump, which
// only C may catch; these functions turn it into a message.
#ifndef CIMAGES_H
#define CIMAGES_H

#include <stddef.h>
#include <stdint.h>

enum { CK_IMAGE_MESSAGE = 256 };

typedef struct {
  uint32_t rows, columns, channels;
  // 8 or 16; of 16 the bytes are in the machine's order.
  uint32_t bits;
  // Row after row, released with ck_image_free; NULL where decoding failed.
  void *pixels;
  char message[CK_IMAGE_MESSAGE];
} ck_image;

// Decodes a whole file. `channels` 1 to 4 asks for grey, grey and alpha, red-green-blue, and these with alpha; 0 takes
// what the file has. `bits` is 8 or 16. An image with more than `most` pixels is refused. Answers 1 on success.
int ck_png_decode(const uint8_t *bytes, size_t size, uint32_t channels, uint32_t bits, uint64_t most, ck_image *image);

// The same for JPEG, which has 1 or 3 channels of 8 bits; `ratio` 1, 2, 4 or 8 makes it smaller.
int ck_jpeg_decode(const uint8_t *bytes, size_t size, uint32_t channels, uint32_t ratio, uint64_t most,
                   ck_image *image);

void ck_image_free(void *pixels);

// Encodes pixels; `level` is zlib's, -1 its default. The file is released with ck_image_free; NULL with a message in
// `image` where that fails.
uint8_t *ck_png_encode(ck_image *image, int level, size_t *size);
uint8_t *ck_jpeg_encode(ck_image *image, int quality, int progressive, size_t *size);

#endif
