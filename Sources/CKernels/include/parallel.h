// Work shared among threads. One pool serves the process; whoever finds it busy does all of its work itself, so runs
// in several threads never wait for each other. How work is cut does not depend on the number of threads.
#ifndef CKERNELS_PARALLEL_H
#define CKERNELS_PARALLEL_H

#include <stddef.h>

typedef void (*ck_task)(void *context, size_t index);

// Calls task(context, i) for each i below `count`, in any order and on any of the pool's threads, and returns when all
// are done.
void ck_parallel(size_t count, ck_task task, void *context);

// How many threads take part, the caller included; at the start as many as there are processors. At most 64.
size_t ck_threads(void);
void ck_set_threads(size_t count);

#endif
