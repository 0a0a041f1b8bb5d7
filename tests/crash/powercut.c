/* Logs what a process does to the files below one folder: preloaded, between the program (and SQLite) and libc.
 *
 * POWERCUT_ROOT is the folder, POWERCUT_LOG the file that takes the records; tests/crash/replay.py reads them. A change
 * and its record are one step under a lock, so the log has the order in which the kernel saw them. A sync stands where
 * it returned, and says how many records stood before it began: only those it promises. What cannot be logged aborts.
 * Files that end in -shm are left out: SQLite maps them, and makes them again.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OPEN = 1, WRITE, SIZE, GROW, RENAME, LINK, UNLINK, MKDIR, RMDIR, SYNC };
enum { MOST_FILES = 65536 };

struct record {
    int64_t a, b, mono_ns;
    int32_t kind, fd;
    uint32_t first_bytes, second_bytes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned char watched[MOST_FILES];
static int64_t records;
static int log_fd = -1;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

static void unlogged(const char *what) {
    dprintf(2, "powercut: %s cannot be logged\n", what);
    abort();
}

static int is_watched(int fd) { return fd >= 0 && fd < MOST_FILES && watched[fd]; }

static int below_root(const char *path) {
    const char *root = getenv("POWERCUT_ROOT");
    size_t length = root ? strlen(root) : 0;
    size_t bytes = strlen(path);
    if (!length || strncmp(path, root, length) || (path[length] && path[length] != '/')) return 0;
    return bytes < 4 || strcmp(path + bytes - 4, "-shm");
}

/* The absolute path in `out`; true when it is ours to log. */
static int resolve(int folder, const char *path, char out[PATH_MAX]) {
    char base[PATH_MAX] = "", link[64];
    if (path[0] != '/') {
        snprintf(link, sizeof link, folder == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, base, sizeof base - 2);
        if (length < 0) return 0;
        base[length] = '/';
        base[length + 1] = 0;
    }
    if (snprintf(out, PATH_MAX, "%s%s", base, path) >= PATH_MAX) return 0;
    return below_root(out);
}

static void put(const void *data, size_t size) {
    const char *at = data;
    while (size) {
        ssize_t done = syscall(SYS_write, log_fd, at, size);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) abort();
        at += done;
        size -= (size_t)done;
    }
}

/* Called with the lock held. */
static void record(int kind, int fd, int64_t a, int64_t b, const char *path, const void *data, size_t size) {
    struct timespec now;
    if (log_fd < 0) log_fd = REAL(open)(getenv("POWERCUT_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (log_fd < 0) abort();
    clock_gettime(CLOCK_MONOTONIC, &now);
    struct record head = {a, b, now.tv_sec * 1000000000LL + now.tv_nsec, kind, fd, path ? (uint32_t)strlen(path) : 0,
                          (uint32_t)size};
    put(&head, sizeof head);
    put(path, head.first_bytes);
    put(data, size);
    records++;
}

static void begin(void) { pthread_mutex_lock(&lock); }

static void end(void) {
    int kept = errno;
    pthread_mutex_unlock(&lock);
    errno = kept;
}

static int opened(int fd, int flags, const char *path) {
    if (fd < 0) return fd;
    if (fd >= MOST_FILES || (flags & O_TMPFILE) == O_TMPFILE) unlogged("such an open");
    watched[fd] = path != NULL;
    if (path) record(OPEN, fd, (flags & O_CREAT) != 0, (flags & O_TRUNC) != 0, path, NULL, 0);
    return fd;
}

#define OPENS(name, parameters, folder, call) \
    int name parameters { \
        char full[PATH_MAX]; \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        int ours = resolve(folder, path, full); \
        begin(); \
        int fd = opened(REAL(name) call, flags, ours ? full : NULL); \
        end(); \
        return fd; \
    }
OPENS(open, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), AT_FDCWD, (path, flags, mode))
OPENS(openat, (int folder, const char *path, int flags, ...), folder, (folder, path, flags, mode))
OPENS(openat64, (int folder, const char *path, int flags, ...), folder, (folder, path, flags, mode))

int close(int fd) {
    if (fd >= 0 && fd < MOST_FILES) watched[fd] = 0;
    return REAL(close)(fd);
}

/* The bytes that went to `at`; -1: where the file stands now ends with them. */
static ssize_t wrote(int fd, ssize_t done, int64_t at, const void *data) {
    if (done > 0) {
        if (at < 0) at = lseek(fd, 0, SEEK_CUR) - done;
        record(WRITE, fd, at, 0, NULL, data, (size_t)done);
    }
    return done;
}

static ssize_t wrote_pieces(int fd, ssize_t done, int64_t at, const struct iovec *pieces) {
    for (ssize_t left = done; left > 0; pieces++) {
        ssize_t step = left < (ssize_t)pieces->iov_len ? left : (ssize_t)pieces->iov_len;
        wrote(fd, step, at < 0 ? lseek(fd, 0, SEEK_CUR) - left : at + done - left, pieces->iov_base);
        left -= step;
    }
    return done;
}

#define WRITES(result, name, parameters, call, fd, log) \
    result name parameters { \
        if (!is_watched(fd)) return REAL(name) call; \
        begin(); \
        result done = REAL(name) call; \
        log; \
        end(); \
        return done; \
    }
WRITES(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), fd, wrote(fd, done, -1, data))
WRITES(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at), fd,
       wrote(fd, done, at, data))
WRITES(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at), fd,
       wrote(fd, done, at, data))
WRITES(ssize_t, writev, (int fd, const struct iovec *p, int n), (fd, p, n), fd, wrote_pieces(fd, done, -1, p))
WRITES(ssize_t, pwritev, (int fd, const struct iovec *p, int n, off_t at), (fd, p, n, at), fd,
       wrote_pieces(fd, done, at, p))
WRITES(ssize_t, pwritev64, (int fd, const struct iovec *p, int n, off64_t at), (fd, p, n, at), fd,
       wrote_pieces(fd, done, at, p))
WRITES(ssize_t, pwritev2, (int fd, const struct iovec *p, int n, off_t at, int flags), (fd, p, n, at, flags), fd,
       wrote_pieces(fd, done, at, p))
WRITES(ssize_t, pwritev64v2, (int fd, const struct iovec *p, int n, off64_t at, int flags), (fd, p, n, at, flags), fd,
       wrote_pieces(fd, done, at, p))

#define SIZED(kind, bytes) if (!done) record(kind, fd, bytes, 0, NULL, NULL, 0)
#define PLAIN(mode) if (mode) unlogged("such a fallocate")
WRITES(int, ftruncate, (int fd, off_t size), (fd, size), fd, SIZED(SIZE, size))
WRITES(int, ftruncate64, (int fd, off64_t size), (fd, size), fd, SIZED(SIZE, size))
WRITES(int, posix_fallocate, (int fd, off_t at, off_t size), (fd, at, size), fd, SIZED(GROW, at + size))
WRITES(int, posix_fallocate64, (int fd, off64_t at, off64_t size), (fd, at, size), fd, SIZED(GROW, at + size))
WRITES(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size), fd,
       PLAIN(mode); SIZED(GROW, at + size))
WRITES(int, fallocate64, (int fd, int mode, off64_t at, off64_t size), (fd, mode, at, size), fd,
       PLAIN(mode); SIZED(GROW, at + size))

#define SYNCS(name) \
    int name(int fd) { \
        if (!is_watched(fd)) return REAL(name)(fd); \
        begin(); \
        int64_t before = records; \
        end(); \
        int failed = REAL(name)(fd); \
        begin(); \
        if (!failed) record(SYNC, fd, before, 0, NULL, NULL, 0); \
        end(); \
        return failed; \
    }
SYNCS(fsync)
SYNCS(fdatasync)

/* One name changes, or two. */
static int named(int failed, int kind, const char *from, const char *to) {
    if (!failed) record(kind, -1, 0, 0, from, to, to ? strlen(to) : 0);
    return failed;
}

#define NAMES(name, parameters, call, kind, folder, path) \
    int name parameters { \
        char full[PATH_MAX]; \
        if (!resolve(folder, path, full)) return REAL(name) call; \
        begin(); \
        int failed = named(REAL(name) call, kind, full, NULL); \
        end(); \
        return failed; \
    }
NAMES(unlink, (const char *path), (path), UNLINK, AT_FDCWD, path)
NAMES(unlinkat, (int folder, const char *path, int flags), (folder, path, flags),
      (flags & AT_REMOVEDIR) ? RMDIR : UNLINK, folder, path)
NAMES(mkdir, (const char *path, mode_t mode), (path, mode), MKDIR, AT_FDCWD, path)
NAMES(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), MKDIR, folder, path)
NAMES(rmdir, (const char *path), (path), RMDIR, AT_FDCWD, path)

#define PAIRS(name, parameters, call, kind, folder1, path1, folder2, path2) \
    int name parameters { \
        char from[PATH_MAX], to[PATH_MAX]; \
        int ours = resolve(folder1, path1, from) + resolve(folder2, path2, to); \
        if (!ours) return REAL(name) call; \
        if (ours != 2) unlogged("a name that crosses the border"); \
        begin(); \
        int failed = named(REAL(name) call, kind, from, to); \
        end(); \
        return failed; \
    }
PAIRS(rename, (const char *a, const char *b), (a, b), RENAME, AT_FDCWD, a, AT_FDCWD, b)
PAIRS(renameat, (int f, const char *a, int g, const char *b), (f, a, g, b), RENAME, f, a, g, b)
PAIRS(link, (const char *a, const char *b), (a, b), LINK, AT_FDCWD, a, AT_FDCWD, b)
PAIRS(linkat, (int f, const char *a, int g, const char *b, int flags), (f, a, g, b, flags), LINK, f, a, g, b)

/* Who copies with these has another way when the system refuses. */
#define REFUSES(name, parameters, call, fd) \
    ssize_t name parameters { \
        if (!is_watched(fd)) return REAL(name) call; \
        errno = EINVAL; \
        return -1; \
    }
REFUSES(sendfile, (int out, int in, off_t *at, size_t size), (out, in, at, size), out)
REFUSES(sendfile64, (int out, int in, off64_t *at, size_t size), (out, in, at, size), out)
REFUSES(copy_file_range, (int in, off64_t *a, int out, off64_t *b, size_t size, unsigned flags),
        (in, a, out, b, size, flags), out)

#define MAPS(name, offset) \
    void *name(void *where, size_t size, int rights, int flags, int fd, offset at) { \
        if (is_watched(fd) && (rights & PROT_WRITE) && (flags & MAP_SHARED)) unlogged("a writable mapping"); \
        return REAL(name)(where, size, rights, flags, fd, at); \
    }
MAPS(mmap, off_t)
MAPS(mmap64, off64_t)
