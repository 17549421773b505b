// The compression function of SHA-256 (FIPS 180-4, 6.2.2).
#ifndef CKERNELS_SHA256_H
#define CKERNELS_SHA256_H

#include <stddef.h>
#include <stdint.h>

// Folds `blocks` blocks of 64 bytes into `state`. Uses the processor's SHA instructions where it has them.
void ck_sha256_blocks(uint32_t state[8], const void *data, size_t blocks);

// The plain form of the same, for tests.
void ck_sha256_blocks_plain(uint32_t state[8], const void *data, size_t blocks);

#endif
