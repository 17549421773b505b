#include "parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { MOST_THREADS = 64 };

// Only one job is in the pool at a time: whoever holds `owner` may put one there.
static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work_came = PTHREAD_COND_INITIALIZER;
static pthread_cond_t work_done = PTHREAD_COND_INITIALIZER;
static atomic_size_t wanted_threads;

// The job, and who works on it; all behind `gate` but the number of the next task.
static ck_task job_task;
static void *job_context;
static size_t job_count, job_number, helpers_wanted, helpers_busy, helpers_made;
static atomic_size_t next_task;

static void take_tasks(ck_task task, void *context, size_t count) {
  for (size_t i = atomic_fetch_add(&next_task, 1); i < count; i = atomic_fetch_add(&next_task, 1)) task(context, i);
}

static void *help(void *unused) {
  (void)unused;
  size_t seen = 0;
  pthread_mutex_lock(&gate);
  for (;;) {
    while (job_number == seen || helpers_wanted == 0) {
      if (job_number != seen && helpers_wanted == 0) seen = job_number;
      pthread_cond_wait(&work_came, &gate);
    }
    seen = job_number;
    helpers_wanted--;
    helpers_busy++;
    const ck_task task = job_task;
    void *const context = job_context;
    const size_t count = job_count;
    pthread_mutex_unlock(&gate);
    take_tasks(task, context, count);
    pthread_mutex_lock(&gate);
    if (--helpers_busy == 0) pthread_cond_signal(&work_done);
  }
  return NULL;
}

size_t ck_threads(void) {
  size_t count = atomic_load(&wanted_threads);
  if (count > 0) return count;
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  count = processors < 1 ? 1 : processors > MOST_THREADS ? MOST_THREADS : (size_t)processors;
  atomic_store(&wanted_threads, count);
  return count;
}

void ck_set_threads(size_t count) {
  atomic_store(&wanted_threads, count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : count);
}

void ck_parallel(size_t count, ck_task task, void *context) {
  size_t threads = ck_threads();
  if (threads > count) threads = count;
  if (threads < 2 || pthread_mutex_trylock(&owner) != 0) {
    for (size_t i = 0; i < count; i++) task(context, i);
    return;
  }
  pthread_mutex_lock(&gate);
  while (helpers_made + 1 < threads) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, help, NULL) != 0) break;
    pthread_detach(thread);
    helpers_made++;
  }
  job_task = task;
  job_context = context;
  job_count = count;
  job_number++;
  helpers_wanted = threads - 1;
  atomic_store(&next_task, 0);
  pthread_cond_broadcast(&work_came);
  pthread_mutex_unlock(&gate);

  take_tasks(task, context, count);

  // Whoever has not begun by now need not; whoever has is waited for.
  pthread_mutex_lock(&gate);
  helpers_wanted = 0;
  while (helpers_busy > 0) pthread_cond_wait(&work_done, &gate);
  pthread_mutex_unlock(&gate);
  pthread_mutex_unlock(&owner);
}
