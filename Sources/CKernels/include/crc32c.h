// CRC-32C (Castagnoli): reflected polynomial 0x82F63B78, start and end inverted; "123456789" gives 0xE3069283.
#ifndef CKERNELS_CRC32C_H
#define CKERNELS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

// The forms of the loop. `ck_crc32c_extend` uses the fastest one the processor has.
typedef enum {
  CK_CRC32C_PLAIN = 0,      // slicing by eight tables, anywhere
  CK_CRC32C_SSE42 = 1,      // x86 crc32 instruction, three streams joined with PCLMULQDQ
  CK_CRC32C_AVX512 = 2,     // VPCLMULQDQ folding, 256 bytes a step
  CK_CRC32C_ARM = 3,        // ARMv8 crc32c instructions
} ck_crc32c_form;

// The checksum of a message whose first part has checksum `crc` (0 for none) and whose rest is `data`.
uint32_t ck_crc32c_extend(uint32_t crc, const void *data, size_t count);

// The same with one given form, for tests and benchmarks. A form the processor lacks runs as CK_CRC32C_PLAIN.
uint32_t ck_crc32c_extend_with(ck_crc32c_form form, uint32_t crc, const void *data, size_t count);

// Whether the processor can run a form.
int ck_crc32c_has(ck_crc32c_form form);

// What the bytes at the start of a TFRecord frame are:
// uint64 length | uint32 masked CRC of the length bytes | payload | uint32 masked CRC of the payload, little-endian.
typedef enum {
  CK_FRAME_GOOD = 0,
  CK_FRAME_SHORT_HEADER = 1,    // fewer than 12 bytes are there
  CK_FRAME_BAD_LENGTH = 2,      // the length's checksum is wrong: `length` means nothing
  CK_FRAME_SHORT_PAYLOAD = 3,   // the length is good, but payload and footer are not all there
  CK_FRAME_BAD_PAYLOAD = 4,     // the payload's checksum is wrong
} ck_frame_state;

// Looks at the frame at `bytes`, of which `available` bytes can be read, and verifies both checksums.
// `length` gets the payload's length, except after SHORT_HEADER and BAD_LENGTH.
ck_frame_state ck_frame_check(const void *bytes, size_t available, uint64_t *length);

// The first offset in [0, count - 12] whose 12 bytes are a header with a good checksum and a length of at most
// `limit`; -1 where there is none.
ptrdiff_t ck_frame_find_header(const void *bytes, size_t count, uint64_t limit);

#endif
