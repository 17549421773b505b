// CRC-32C in four forms. The mathematics of the fast ones: a block of bytes is a polynomial over GF(2); its checksum
// is the remainder modulo P after multiplying by x^32. Moving a remainder over D following bytes multiplies it by
// x^(8D), so independent streams can be joined with one carry-less multiplication by a constant x^n mod P. Constants
// are written reflected, as the crc32 instruction uses them. A product of two reflected 32-bit values comes out
// multiplied by x^33 once crc32 has reduced it, hence the exponents 8D-33 (and 8D+31 for the high half of 128 bits).

#include "crc32c.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif
#if defined(__aarch64__)
#include <arm_acle.h>
#if defined(__linux__)
#include <sys/auxv.h>
#endif
#endif

static inline uint64_t load64(const uint8_t *p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}

static inline uint32_t load32(const uint8_t *p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

// MARK: plain

static uint32_t tables[8][256];

static void fill_tables(void) {
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t r = i;
    for (int bit = 0; bit < 8; bit++) r = (r >> 1) ^ (r & 1 ? 0x82F63B78u : 0);
    tables[0][i] = r;
  }
  for (int t = 1; t < 8; t++)
    for (int i = 0; i < 256; i++) tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 255];
}

// All forms take and give the inner register, inverted at both ends by the callers.
static uint32_t run_plain(uint32_t r, const uint8_t *p, size_t n) {
  while (n >= 8) {
    uint64_t v = load64(p) ^ r;
    r = tables[7][v & 255] ^ tables[6][(v >> 8) & 255] ^ tables[5][(v >> 16) & 255] ^ tables[4][(v >> 24) & 255]
        ^ tables[3][(v >> 32) & 255] ^ tables[2][(v >> 40) & 255] ^ tables[1][(v >> 48) & 255] ^ tables[0][v >> 56];
    p += 8;
    n -= 8;
  }
  while (n--) r = (r >> 8) ^ tables[0][(r ^ *p++) & 255];
  return r;
}

typedef ck_frame_state (*frame_function)(const uint8_t *, size_t, uint64_t *);
typedef uint32_t (*run_function)(uint32_t, const uint8_t *, size_t);

// The frame check is compiled once a form, so that the short checksums of headers are inlined.
#define FRAME_CHECK(name, attributes, run)                                                        \
  attributes static ck_frame_state name(const uint8_t *p, size_t available, uint64_t *length) {   \
    if (available < 12) return CK_FRAME_SHORT_HEADER;                                             \
    if (load32(p + 8) != masked(~run(~0u, p, 8))) return CK_FRAME_BAD_LENGTH;                     \
    uint64_t n = load64(p);                                                                       \
    *length = n;                                                                                  \
    if (available < 16 || n > available - 16) return CK_FRAME_SHORT_PAYLOAD;                      \
    if (load32(p + 12 + n) != masked(~run(~0u, p + 12, n))) return CK_FRAME_BAD_PAYLOAD;          \
    return CK_FRAME_GOOD;                                                                         \
  }

static inline uint32_t masked(uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u; }

FRAME_CHECK(frame_plain, , run_plain)

// MARK: x86

#if defined(__x86_64__)

#define SSE42 __attribute__((target("sse4.2,pclmul")))
#define AVX512 __attribute__((target("sse4.2,pclmul,avx512f,avx512vl,avx512bw,avx512dq,vpclmulqdq")))

#define SERIAL_BODY                                                       \
  uint64_t r64 = r;                                                       \
  while (n >= 8) {                                                        \
    r64 = _mm_crc32_u64(r64, load64(p));                                  \
    p += 8;                                                               \
    n -= 8;                                                               \
  }                                                                       \
  r = (uint32_t)r64;                                                      \
  if (n & 4) {                                                            \
    r = _mm_crc32_u32(r, load32(p));                                      \
    p += 4;                                                               \
  }                                                                       \
  if (n & 2) {                                                            \
    uint16_t v;                                                           \
    memcpy(&v, p, 2);                                                     \
    r = _mm_crc32_u16(r, v);                                              \
    p += 2;                                                               \
  }                                                                       \
  if (n & 1) r = _mm_crc32_u8(r, *p);                                     \
  return r;

SSE42 static inline uint32_t serial_sse42(uint32_t r, const uint8_t *p, size_t n) { SERIAL_BODY }

// crc * constant * x^33 mod P: the remainder `crc` moved over the bytes the constant stands for.
SSE42 static inline uint32_t moved(uint32_t crc, uint32_t constant) {
  __m128i product = _mm_clmulepi64_si128(_mm_cvtsi32_si128((int)crc), _mm_cvtsi32_si128((int)constant), 0);
  return (uint32_t)_mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

// Three streams of D bytes hide the three cycles of latency of crc32. The prefetch matters beyond the caches: without
// it one core reads memory at two thirds of the speed.
#define THREE_STREAMS(D, K1, K2)                                                          \
  while (n >= 3 * (D)) {                                                                  \
    uint64_t a = r, b = 0, c = 0;                                                         \
    for (size_t i = 0; i < (D); i += 8) {                                                 \
      if ((i & 63) == 0) {                                                                \
        _mm_prefetch((const char *)p + i + 3 * (D), _MM_HINT_T0);                         \
        _mm_prefetch((const char *)p + i + 4 * (D), _MM_HINT_T0);                         \
        _mm_prefetch((const char *)p + i + 5 * (D), _MM_HINT_T0);                         \
      }                                                                                   \
      a = _mm_crc32_u64(a, load64(p + i));                                                \
      b = _mm_crc32_u64(b, load64(p + (D) + i));                                          \
      c = _mm_crc32_u64(c, load64(p + 2 * (D) + i));                                      \
    }                                                                                     \
    r = moved((uint32_t)a, K2) ^ moved((uint32_t)b, K1) ^ (uint32_t)c;                    \
    p += 3 * (D);                                                                         \
    n -= 3 * (D);                                                                         \
  }

SSE42 static uint32_t run_sse42(uint32_t r, const uint8_t *p, size_t n) {
  if (n >= 384) {
    THREE_STREAMS(1024, 0x170076FAu, 0xA51B6135u)  // x^(8*1024-33), x^(8*2048-33)
    THREE_STREAMS(128, 0x0D3B6092u, 0xB9E02B86u)   // x^(8*128-33), x^(8*256-33)
  }
  return serial_sse42(r, p, n);
}

AVX512 static inline __m512i fold(__m512i value, __m512i constants, __m512i next) {
  return _mm512_ternarylogic_epi64(
      _mm512_clmulepi64_epi128(value, constants, 0x00), _mm512_clmulepi64_epi128(value, constants, 0x11), next, 0x96);
}

AVX512 static inline __m512i fold_constants(uint32_t low, uint32_t high) {
  return _mm512_broadcast_i32x4(_mm_set_epi64x((long long)high, (long long)low));
}

AVX512 static inline __m128i fold128(__m128i value, uint32_t low, uint32_t high, __m128i next) {
  __m128i constants = _mm_set_epi64x((long long)high, (long long)low);
  return _mm_xor_si128(
      _mm_xor_si128(_mm_clmulepi64_si128(value, constants, 0x00), _mm_clmulepi64_si128(value, constants, 0x11)), next);
}

AVX512 static inline uint32_t serial_avx512(uint32_t r, const uint8_t *p, size_t n) { SERIAL_BODY }

AVX512 __attribute__((noinline)) static uint32_t fold_avx512(uint32_t r, const uint8_t *p, size_t n) {
  // Four registers of 64 bytes; the running checksum is added to the first bytes of the message.
  __m512i a = _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)r)));
  __m512i b = _mm512_loadu_si512(p + 64);
  __m512i c = _mm512_loadu_si512(p + 128);
  __m512i d = _mm512_loadu_si512(p + 192);
  p += 256;
  n -= 256;
  const __m512i by256 = fold_constants(0xDCB17AA4u, 0xB9E02B86u);
  while (n >= 256) {
    _mm_prefetch((const char *)p + 2048, _MM_HINT_T0);
    _mm_prefetch((const char *)p + 2048 + 64, _MM_HINT_T0);
    _mm_prefetch((const char *)p + 2048 + 128, _MM_HINT_T0);
    _mm_prefetch((const char *)p + 2048 + 192, _MM_HINT_T0);
    a = fold(a, by256, _mm512_loadu_si512(p));
    b = fold(b, by256, _mm512_loadu_si512(p + 64));
    c = fold(c, by256, _mm512_loadu_si512(p + 128));
    d = fold(d, by256, _mm512_loadu_si512(p + 192));
    p += 256;
    n -= 256;
  }
  const __m512i by64 = fold_constants(0x740EEF02u, 0x9E4ADDF8u);
  b = fold(a, by64, b);
  c = fold(b, by64, c);
  d = fold(c, by64, d);
  while (n >= 64) {
    d = fold(d, by64, _mm512_loadu_si512(p));
    p += 64;
    n -= 64;
  }
  __m128i last = _mm512_extracti32x4_epi32(d, 3);
  last = fold128(_mm512_extracti32x4_epi32(d, 2), 0xF20C0DFEu, 0x493C7D27u, last);  // 16 bytes
  last = fold128(_mm512_extracti32x4_epi32(d, 1), 0x3DA6D0CBu, 0xBA4FC28Eu, last);  // 32 bytes
  last = fold128(_mm512_castsi512_si128(d), 0x1C291D04u, 0xDDC0152Bu, last);        // 48 bytes
  uint64_t crc = _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(last));
  crc = _mm_crc32_u64(crc, (uint64_t)_mm_extract_epi64(last, 1));
  return serial_avx512((uint32_t)crc, p, n);
}

AVX512 static inline uint32_t run_avx512(uint32_t r, const uint8_t *p, size_t n) {
  return n >= 256 ? fold_avx512(r, p, n) : serial_avx512(r, p, n);
}

FRAME_CHECK(frame_sse42, SSE42, run_sse42)
FRAME_CHECK(frame_avx512, AVX512, run_avx512)

#endif

// MARK: ARM

#if defined(__aarch64__)

__attribute__((target("crc"))) static uint32_t run_arm(uint32_t r, const uint8_t *p, size_t n) {
  while (n >= 8) {
    r = __crc32cd(r, load64(p));
    p += 8;
    n -= 8;
  }
  while (n--) r = __crc32cb(r, *p++);
  return r;
}

FRAME_CHECK(frame_arm, __attribute__((target("crc"))), run_arm)

#endif

// MARK: choice

static run_function best_run = run_plain;
static frame_function best_frame = frame_plain;
static int has_form[4] = {1, 0, 0, 0};

// Runs before main and before any other thread exists; nothing writes these afterwards.
__attribute__((constructor)) static void choose(void) {
  fill_tables();
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
    has_form[CK_CRC32C_SSE42] = 1;
    best_run = run_sse42;
    best_frame = frame_sse42;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("vpclmulqdq")) {
      has_form[CK_CRC32C_AVX512] = 1;
      best_run = run_avx512;
      best_frame = frame_avx512;
    }
  }
#elif defined(__aarch64__)
#if defined(__linux__)
  const unsigned long crc_bit = 1ul << 7;  // HWCAP_CRC32
  int has_crc = (getauxval(AT_HWCAP) & crc_bit) != 0;
#else
  int has_crc = 1;
#endif
  if (has_crc) {
    has_form[CK_CRC32C_ARM] = 1;
    best_run = run_arm;
    best_frame = frame_arm;
  }
#endif
}

uint32_t ck_crc32c_extend(uint32_t crc, const void *data, size_t count) {
  return ~best_run(~crc, (const uint8_t *)data, count);
}

int ck_crc32c_has(ck_crc32c_form form) { return (unsigned)form < 4 ? has_form[form] : 0; }

uint32_t ck_crc32c_extend_with(ck_crc32c_form form, uint32_t crc, const void *data, size_t count) {
  run_function run = run_plain;
  if (ck_crc32c_has(form)) {
#if defined(__x86_64__)
    if (form == CK_CRC32C_SSE42) run = run_sse42;
    if (form == CK_CRC32C_AVX512) run = run_avx512;
#elif defined(__aarch64__)
    if (form == CK_CRC32C_ARM) run = run_arm;
#endif
  }
  return ~run(~crc, (const uint8_t *)data, count);
}

ck_frame_state ck_frame_check(const void *bytes, size_t available, uint64_t *length) {
  return best_frame((const uint8_t *)bytes, available, length);
}

ptrdiff_t ck_frame_find_header(const void *bytes, size_t count, uint64_t limit) {
  const uint8_t *p = (const uint8_t *)bytes;
  for (size_t i = 0; i + 12 <= count; i++) {
    if (load64(p + i) > limit) continue;
    if (load32(p + i + 8) == masked(~best_run(~0u, p + i, 8))) return (ptrdiff_t)i;
  }
  return -1;
}
