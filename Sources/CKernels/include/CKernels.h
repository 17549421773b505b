// The few loops of Trainscope that need C: instructions are picked at run time, and each has a plain fallback.
// Every function works on plain memory, keeps no state of its own and may be called from any thread.
#ifndef CKERNELS_H
#define CKERNELS_H

#include "block.h"
#include "convolution.h"
#include "crc32c.h"
#include "histogram.h"
#include "parallel.h"
#include "pooling.h"
#include "product.h"
#include "sha256.h"
#include "statistics.h"
#include "vector_math.h"

#endif
