/* A disk that fails, for whoever loads this before libc: writes, syncs and truncations of files whose name contains
 * FAULT_NAME fail with FAULT_ERRNO, from the FAULT_FIRST-th on for FAULT_COUNT times, or for as long as the file FAULT_WHILE
 * exists. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls;

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

static int fails(int fd)
{
    static const char *wanted, *whilst;
    static long first, count, code;
    static atomic_int ready;
    char link[64], path[4096];
    ssize_t length;

    if (!ready) {
        wanted = getenv("FAULT_NAME");
        whilst = getenv("FAULT_WHILE");
        first = number("FAULT_FIRST", 0);
        count = number("FAULT_COUNT", 1);
        code = number("FAULT_ERRNO", EIO);
        ready = 1;
    }
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (!wanted || length <= 0)
        return 0;
    path[length] = 0;
    if (!strstr(path, wanted))
        return 0;
    long call = ++calls;
    if ((first > 0 && call >= first && call < first + count) || (whilst && access(whilst, F_OK) == 0)) {
        errno = (int)code;
        return 1;
    }
    return 0;
}

#define CALL(name, result, declared, given)                      \
    result name declared                                         \
    {                                                            \
        static result (*real) declared;                          \
        if (!real)                                               \
            real = (result(*) declared)dlsym(RTLD_NEXT, #name);  \
        return fails(fd) ? -1 : real given;                      \
    }

CALL(write, ssize_t, (int fd, const void *data, size_t size), (fd, data, size))
CALL(pwrite, ssize_t, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
CALL(pwrite64, ssize_t, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
CALL(fsync, int, (int fd), (fd))
CALL(fdatasync, int, (int fd), (fd))
CALL(ftruncate, int, (int fd, off_t size), (fd, size))
CALL(ftruncate64, int, (int fd, off64_t size), (fd, size))
