// Preloaded (LD_PRELOAD) into any program: its wall clock is wrong by the seconds in the file VIGIE_STEPPED_CLOCK, as
// tests/faults/stepped.py writes them. The monotonic clock, by which programs wait, is left alone.

#define _GNU_SOURCE
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const double *wrong;

__attribute__((constructor)) static void look_up(void) {
  const char *path = getenv("VIGIE_STEPPED_CLOCK");
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) {
    return;
  }
  void *mapped = mmap(NULL, sizeof(double), PROT_READ, MAP_SHARED, file, 0);
  wrong = mapped == MAP_FAILED ? NULL : mapped;
  close(file);
}

int clock_gettime(clockid_t which, struct timespec *now) {
  int failed = (int)syscall(SYS_clock_gettime, which, now);
  if (failed == 0 && wrong && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
    now->tv_sec += (time_t)llround(*wrong);
  }
  return failed;
}

int gettimeofday(struct timeval *now, void *zone) {
  struct timespec found;
  (void)zone;
  int failed = clock_gettime(CLOCK_REALTIME, &found);
  now->tv_sec = found.tv_sec;
  now->tv_usec = found.tv_nsec / 1000;
  return failed;
}

time_t time(time_t *now) {
  struct timespec found;
  clock_gettime(CLOCK_REALTIME, &found);
  if (now) {
    *now = found.tv_sec;
  }
  return found.tv_sec;
}
