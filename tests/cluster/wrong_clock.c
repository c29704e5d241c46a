/* Preloaded into a host's processes: the time of day is AHEAD seconds ahead of the machine's, and the monotonic clock is right.
 *
 * Namespaces shift the monotonic clock alone. libfaketime 0.9.10 shifts the time of day, and with it Python's waits: sleeping fails
 * with EINVAL, or waiting never ends.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/time.h>
#include <time.h>

#ifndef AHEAD
#define AHEAD 7200
#endif

/* No machine has been up for so long: a time above it is a time of day. */
#define TIME_OF_DAY 1000000000L

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

int clock_gettime(clockid_t clock, struct timespec *found) {
    REAL(clock_gettime);
    int failed = real(clock, found);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) found->tv_sec += AHEAD;
    return failed;
}

int gettimeofday(struct timeval *restrict found, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    found->tv_sec = now.tv_sec;
    found->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *found) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (found) *found = now.tv_sec;
    return now.tv_sec;
}

/* The kernel waits by the machine's clock. */
static struct timespec by_the_machine(const struct timespec *until) {
    struct timespec right = *until;
    if (right.tv_sec > TIME_OF_DAY) right.tv_sec -= AHEAD;
    return right;
}

int pthread_cond_timedwait(pthread_cond_t *restrict condition, pthread_mutex_t *restrict mutex, const struct timespec *restrict until) {
    static __typeof__(&pthread_cond_timedwait) real;
    /* x86-64 has an older one of the same name, which dlsym would find. */
    if (!real) real = (__typeof__(&pthread_cond_timedwait))dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
    if (!real) real = (__typeof__(&pthread_cond_timedwait))dlsym(RTLD_NEXT, "pthread_cond_timedwait");
    struct timespec right = by_the_machine(until);
    return real(condition, mutex, &right);
}

int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict until) {
    REAL(sem_timedwait);
    struct timespec right = by_the_machine(until);
    return real(semaphore, &right);
}
