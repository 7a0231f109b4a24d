/*
 * Makes one chosen system call of a save go wrong. Preloaded before libc, armed from Python by ctypes.
 *
 * Every call that changes files below the armed folder is numbered 1, 2, 3, ...; a mode says what happens at number n.
 * Calls that only look (open for reading, stat) have numbers of their own, for races between a reader and a writer.
 *
 * Not seen: what stdio writes inside libc after fopen, stores through mmap, raw system calls, io_uring. The trace is
 * checked against the files that a save really leaves, so that a save that used these would be noticed.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The order is that of MODES in server.py. */
enum mode { OFF, TRACE, KILL, KILL_AFTER, TORN, FAIL, FAIL_FROM, SHORT, INTERRUPTED, CTRL_C, SWAP };

/* What a call does to a disk decides whether a full one refuses it. */
enum effect { TAKES_SPACE, WRITES, NEEDS_NO_SPACE, LOCKS };

enum verdict { GO, REFUSE, HALVE };

static enum mode mode = OFF;
static long target, calls, looks;
static int error_number, dies_after_this_call;
static char folder[PATH_MAX];
static size_t folder_length;
static int log_fd = -1, data_fd = -1;

/* For SWAP: at which look which file is moved onto which. */
static struct { long at; char from[PATH_MAX], to[PATH_MAX]; } swaps[2];

/* ------------------------------------------------------------------ control */

static int open_log(const char *path, const char *suffix) {
    char full[PATH_MAX + 8];
    snprintf(full, sizeof full, "%s%s", path, suffix);
    return (int)syscall(SYS_openat, AT_FDCWD, full, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
}

int fault_arm(const char *where, int new_mode, long n, int number, const char *log) {
    if (!realpath(where, folder)) return -1;
    folder_length = strlen(folder);
    target = n;
    calls = looks = 0;
    error_number = number;
    dies_after_this_call = 0;
    if (log && *log) {
        log_fd = open_log(log, "");
        data_fd = open_log(log, ".data");
        if (log_fd < 0 || data_fd < 0) return -1;
    }
    mode = (enum mode)new_mode;
    return 0;
}

void fault_swap(int which, long at, const char *from, const char *to) {
    swaps[which].at = at;
    snprintf(swaps[which].from, PATH_MAX, "%s", from);
    snprintf(swaps[which].to, PATH_MAX, "%s", to);
}

void fault_disarm(void) {
    mode = OFF;
    if (log_fd >= 0) syscall(SYS_close, log_fd);
    if (data_fd >= 0) syscall(SYS_close, data_fd);
    log_fd = data_fd = -1;
}

long fault_calls(void) { return calls; }
long fault_looks(void) { return looks; }

/* ------------------------------------------------------------------ which calls count */

static int inside(const char *path) {
    return !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

/* The kernel knows what a descriptor is, however it was made or duplicated. */
static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int fd_counts(int fd, char *path) {
    if (mode == OFF || mode == SWAP) return 0;
    int before = errno, counts = path_of(fd, path) && inside(path);
    errno = before;
    return counts;
}

/* Give the absolute path: the folder part is resolved, the last part is not, since it may be a link itself. */
static int absolute(int at, const char *given, char *path) {
    char full[2 * PATH_MAX], base[PATH_MAX];
    if (!given || !*given) return 0;
    if (*given == '/') {
        snprintf(full, sizeof full, "%s", given);
    } else {
        if (at == AT_FDCWD ? syscall(SYS_getcwd, base, sizeof base) < 0 : !path_of(at, base)) return 0;
        snprintf(full, sizeof full, "%s/%s", base, given);
    }
    char *slash = strrchr(full, '/');
    *slash = 0;
    if (!realpath(*full ? full : "/", base)) return 0;
    return snprintf(path, PATH_MAX, "%s/%s", strcmp(base, "/") ? base : "", slash + 1) < PATH_MAX;
}

static int path_counts(int at, const char *given, char *path) {
    *path = 0;
    if (mode == OFF) return 0;
    int before = errno, counts = absolute(at, given, path) && inside(path);
    errno = before;
    return counts;
}

/* ------------------------------------------------------------------ what happens at a call */

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;) pause();
}

static enum verdict gate(enum effect effect) {
    int now = ++calls == target;
    switch (mode) {
    case KILL:
        if (now) die();
        return GO;
    case KILL_AFTER:
        dies_after_this_call = now;
        return GO;
    case TORN:
        if (now && effect != WRITES) die();
        dies_after_this_call = now;
        return now ? HALVE : GO;
    case FAIL:
        errno = error_number;
        return now ? REFUSE : GO;
    case FAIL_FROM:
        /* A lock is in memory, and a full disk still takes away names. */
        if (calls < target || effect == LOCKS) return GO;
        if (effect == NEEDS_NO_SPACE && (error_number == ENOSPC || error_number == EDQUOT)) return GO;
        errno = error_number;
        return REFUSE;
    case SHORT:
        return now && effect == WRITES ? HALVE : GO;
    case INTERRUPTED:
        errno = EINTR;
        return now ? REFUSE : GO;
    case CTRL_C:
        if (now) syscall(SYS_kill, getpid(), SIGINT);
        return GO;
    default:
        return GO;
    }
}

static void after(void) {
    if (dies_after_this_call) die();
}

static void look(int at, const char *given) {
    char path[PATH_MAX];
    if (mode != SWAP || !path_counts(at, given, path)) return;
    looks++;
    for (int i = 0; i < 2; i++)
        if (looks == swaps[i].at) syscall(SYS_renameat2, AT_FDCWD, swaps[i].from, AT_FDCWD, swaps[i].to, 0);
}

/* One line for each call that was made: what, inode, whether a folder, two paths, offset, length; data apart. */
static void record(const char *what, int fd, const char *one, const char *two, long long offset, const void *data,
                   size_t length) {
    if (mode != TRACE || log_fd < 0) return;
    int before = errno;
    struct stat found = {0};
    char line[3 * PATH_MAX];
    if (fd >= 0) fstat(fd, &found);
    for (size_t done = 0; data && done < length;) {
        ssize_t wrote = syscall(SYS_write, data_fd, (const char *)data + done, length - done);
        if (wrote <= 0) break;
        done += (size_t)wrote;
    }
    int size = snprintf(line, sizeof line, "%s\t%llu\t%d\t%s\t%s\t%lld\t%zu\n", what, (unsigned long long)found.st_ino,
                        S_ISDIR(found.st_mode) ? 1 : 0, one ? one : "", two ? two : "", offset, data ? length : 0);
    if (syscall(SYS_write, log_fd, line, (size_t)size) < 0) die();
    errno = before;
}

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) {
        fprintf(stderr, "no %s in libc\n", name);
        abort();
    }
    return found;
}

/* ------------------------------------------------------------------ opening */

static int opened(int at, const char *given, int flags, mode_t permissions) {
    char path[PATH_MAX];
    int changes = (flags & O_ACCMODE) != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    if (!changes) look(at, given);
    if (!changes || mode == SWAP || !path_counts(at, given, path)) return REAL(openat)(at, given, flags, permissions);
    if (gate(TAKES_SPACE) == REFUSE) return -1;
    int existed = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
    int fd = REAL(openat)(at, given, flags, permissions);
    if (fd >= 0) record(!existed ? "create" : flags & O_TRUNC ? "truncate" : "open", fd, path, 0, 0, 0, 0);
    after();
    return fd;
}

#define PERMISSIONS                                              \
    mode_t permissions = 0;                                      \
    if (flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE) {   \
        va_list rest;                                            \
        va_start(rest, flags);                                   \
        permissions = va_arg(rest, mode_t);                      \
        va_end(rest);                                            \
    }

int open(const char *path, int flags, ...) { PERMISSIONS return opened(AT_FDCWD, path, flags, permissions); }
int open64(const char *path, int flags, ...) { PERMISSIONS return opened(AT_FDCWD, path, flags, permissions); }
int openat(int at, const char *path, int flags, ...) { PERMISSIONS return opened(at, path, flags, permissions); }
int openat64(int at, const char *path, int flags, ...) { PERMISSIONS return opened(at, path, flags, permissions); }
int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __openat_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }
int __openat64_2(int at, const char *path, int flags) { return opened(at, path, flags, 0); }
int creat(const char *path, mode_t permissions) {
    return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, permissions);
}
int creat64(const char *path, mode_t permissions) { return creat(path, permissions); }

static FILE *stream(FILE *(*make)(const char *, const char *), const char *given, const char *how) {
    char path[PATH_MAX];
    if (!strpbrk(how, "wa+")) look(AT_FDCWD, given);
    if (!strpbrk(how, "wa+") || mode == SWAP || !path_counts(AT_FDCWD, given, path)) return make(given, how);
    if (gate(TAKES_SPACE) == REFUSE) return NULL;
    int existed = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0;
    FILE *file = make(given, how);
    if (file) record(!existed ? "create" : *how == 'w' ? "truncate" : "open", fileno(file), path, 0, 0, 0, 0);
    after();
    return file;
}
FILE *fopen(const char *path, const char *how) { return stream(REAL(fopen), path, how); }
FILE *fopen64(const char *path, const char *how) { return stream(REAL(fopen64), path, how); }

/* ------------------------------------------------------------------ writing */

static long long position(int fd) {
    struct stat found;
    if (fcntl(fd, F_GETFL) & O_APPEND && !fstat(fd, &found)) return found.st_size;
    return lseek(fd, 0, SEEK_CUR);
}

static size_t part_of(size_t size, enum verdict verdict) { return verdict == HALVE && size > 1 ? size / 2 : size; }

#define WRITING(fd, size, data, offset, call, all)               \
    char path[PATH_MAX];                                         \
    if (!fd_counts(fd, path)) return all;                        \
    enum verdict verdict = gate(WRITES);                         \
    if (verdict == REFUSE) return -1;                            \
    long long where = (offset);                                  \
    size_t part = part_of(size, verdict);                        \
    ssize_t wrote = call;                                        \
    if (wrote > 0) record("write", fd, path, 0, where, data, (size_t)wrote); \
    after();                                                     \
    return wrote;

ssize_t write(int fd, const void *data, size_t size) {
    WRITING(fd, size, data, position(fd), REAL(write)(fd, data, part), REAL(write)(fd, data, size))
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    WRITING(fd, size, data, offset, REAL(pwrite)(fd, data, part, offset), REAL(pwrite)(fd, data, size, offset))
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset) {
    WRITING(fd, size, data, offset, REAL(pwrite64)(fd, data, part, offset), REAL(pwrite64)(fd, data, size, offset))
}
ssize_t writev(int fd, const struct iovec *parts, int number) {
    /* Writing only the first part is a short write that POSIX allows, and leaves one piece to record. */
    WRITING(fd, parts[0].iov_len, parts[0].iov_base, position(fd), REAL(write)(fd, parts[0].iov_base, part),
            REAL(writev)(fd, parts, number))
}

/* What is copied inside the kernel cannot be recorded: callers fall back to write. */
#define COPYING(fd, all)                                         \
    char path[PATH_MAX];                                         \
    if (!fd_counts(fd, path)) return all;                        \
    if (gate(TAKES_SPACE) != REFUSE) errno = ENOSYS;             \
    after();                                                     \
    return -1;

ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t size, unsigned flags) {
    COPYING(out, REAL(copy_file_range)(in, from, out, to, size, flags))
}
ssize_t sendfile(int out, int in, off_t *from, size_t size) { COPYING(out, REAL(sendfile)(out, in, from, size)) }
ssize_t sendfile64(int out, int in, off64_t *from, size_t size) { COPYING(out, REAL(sendfile64)(out, in, from, size)) }

/* ------------------------------------------------------------------ other calls on descriptors */

#define ON_DESCRIPTOR(what, effect, fd, offset, call)            \
    char path[PATH_MAX];                                         \
    if (!fd_counts(fd, path)) return call;                       \
    if (gate(effect) == REFUSE) return -1;                       \
    int result = call;                                           \
    if (!result) record(what, fd, path, 0, offset, 0, 0);        \
    after();                                                     \
    return result;

int ftruncate(int fd, off_t size) {
    ON_DESCRIPTOR("resize", NEEDS_NO_SPACE, fd, size, REAL(ftruncate)(fd, size))
}
int ftruncate64(int fd, off64_t size) {
    ON_DESCRIPTOR("resize", NEEDS_NO_SPACE, fd, size, REAL(ftruncate64)(fd, size))
}
int fallocate(int fd, int how, off_t offset, off_t size) {
    ON_DESCRIPTOR("allocate", TAKES_SPACE, fd, offset + size, REAL(fallocate)(fd, how, offset, size))
}
int fallocate64(int fd, int how, off64_t offset, off64_t size) {
    ON_DESCRIPTOR("allocate", TAKES_SPACE, fd, offset + size, REAL(fallocate64)(fd, how, offset, size))
}
/* These two return the error instead of setting errno. */
#define ALLOCATING(call)                                         \
    char path[PATH_MAX];                                         \
    if (!fd_counts(fd, path)) return call;                       \
    if (gate(TAKES_SPACE) == REFUSE) return errno;               \
    int result = call;                                           \
    if (!result) record("allocate", fd, path, 0, offset + size, 0, 0); \
    after();                                                     \
    return result;
int posix_fallocate(int fd, off_t offset, off_t size) { ALLOCATING(REAL(posix_fallocate)(fd, offset, size)) }
int posix_fallocate64(int fd, off64_t offset, off64_t size) { ALLOCATING(REAL(posix_fallocate64)(fd, offset, size)) }

int fsync(int fd) { ON_DESCRIPTOR("fsync", TAKES_SPACE, fd, 0, REAL(fsync)(fd)) }
int fdatasync(int fd) { ON_DESCRIPTOR("fsync", TAKES_SPACE, fd, 0, REAL(fdatasync)(fd)) }
int fchmod(int fd, mode_t permissions) {
    ON_DESCRIPTOR("chmod", NEEDS_NO_SPACE, fd, 0, REAL(fchmod)(fd, permissions))
}
int flock(int fd, int how) { ON_DESCRIPTOR("lock", LOCKS, fd, 0, REAL(flock)(fd, how)) }

/* ------------------------------------------------------------------ calls on names */

#define ON_NAMES(what, effect, at_one, one, at_two, two, call)   \
    char first[PATH_MAX], second[PATH_MAX];                      \
    int counts = path_counts(at_one, one, first);                \
    counts |= path_counts(at_two, two, second);                  \
    if (!counts || mode == SWAP) return call;                    \
    if (gate(effect) == REFUSE) return -1;                       \
    int result = call;                                           \
    if (!result) record(what, -1, first, second, 0, 0, 0);       \
    after();                                                     \
    return result;

#define HERE AT_FDCWD

int rename(const char *one, const char *two) {
    ON_NAMES("rename", TAKES_SPACE, HERE, one, HERE, two, REAL(rename)(one, two))
}
int renameat(int a, const char *one, int b, const char *two) {
    ON_NAMES("rename", TAKES_SPACE, a, one, b, two, REAL(renameat)(a, one, b, two))
}
int renameat2(int a, const char *one, int b, const char *two, unsigned flags) {
    ON_NAMES(flags & RENAME_EXCHANGE ? "exchange" : "rename", TAKES_SPACE, a, one, b, two,
             REAL(renameat2)(a, one, b, two, flags))
}
int link(const char *one, const char *two) {
    ON_NAMES("link", TAKES_SPACE, HERE, one, HERE, two, REAL(link)(one, two))
}
int linkat(int a, const char *one, int b, const char *two, int flags) {
    ON_NAMES("link", TAKES_SPACE, a, one, b, two, REAL(linkat)(a, one, b, two, flags))
}
int symlink(const char *text, const char *path) {
    ON_NAMES("symlink", TAKES_SPACE, HERE, path, HERE, NULL, REAL(symlink)(text, path))
}
int symlinkat(const char *text, int at, const char *path) {
    ON_NAMES("symlink", TAKES_SPACE, at, path, HERE, NULL, REAL(symlinkat)(text, at, path))
}
int unlink(const char *path) { ON_NAMES("unlink", NEEDS_NO_SPACE, HERE, path, HERE, NULL, REAL(unlink)(path)) }
int unlinkat(int at, const char *path, int flags) {
    ON_NAMES("unlink", NEEDS_NO_SPACE, at, path, HERE, NULL, REAL(unlinkat)(at, path, flags))
}
int remove(const char *path) { ON_NAMES("unlink", NEEDS_NO_SPACE, HERE, path, HERE, NULL, REAL(remove)(path)) }
int mkdir(const char *path, mode_t permissions) {
    ON_NAMES("mkdir", TAKES_SPACE, HERE, path, HERE, NULL, REAL(mkdir)(path, permissions))
}
int mkdirat(int at, const char *path, mode_t permissions) {
    ON_NAMES("mkdir", TAKES_SPACE, at, path, HERE, NULL, REAL(mkdirat)(at, path, permissions))
}
int rmdir(const char *path) { ON_NAMES("rmdir", NEEDS_NO_SPACE, HERE, path, HERE, NULL, REAL(rmdir)(path)) }
int chmod(const char *path, mode_t permissions) {
    ON_NAMES("chmod", NEEDS_NO_SPACE, HERE, path, HERE, NULL, REAL(chmod)(path, permissions))
}
int fchmodat(int at, const char *path, mode_t permissions, int flags) {
    ON_NAMES("chmod", NEEDS_NO_SPACE, at, path, HERE, NULL, REAL(fchmodat)(at, path, permissions, flags))
}
int truncate(const char *path, off_t size) {
    ON_NAMES("unseen", NEEDS_NO_SPACE, HERE, path, HERE, NULL, REAL(truncate)(path, size))
}
int truncate64(const char *path, off64_t size) {
    ON_NAMES("unseen", NEEDS_NO_SPACE, HERE, path, HERE, NULL, REAL(truncate64)(path, size))
}

/* ------------------------------------------------------------------ looking */

#define LOOKING(at, path, call) { look(at, path); return call; }

int stat(const char *path, struct stat *to) LOOKING(HERE, path, REAL(stat)(path, to))
int stat64(const char *path, struct stat64 *to) LOOKING(HERE, path, REAL(stat64)(path, to))
int lstat(const char *path, struct stat *to) LOOKING(HERE, path, REAL(lstat)(path, to))
int lstat64(const char *path, struct stat64 *to) LOOKING(HERE, path, REAL(lstat64)(path, to))
int fstatat(int at, const char *path, struct stat *to, int flags) LOOKING(at, path, REAL(fstatat)(at, path, to, flags))
int fstatat64(int at, const char *path, struct stat64 *to, int flags)
    LOOKING(at, path, REAL(fstatat64)(at, path, to, flags))
int statx(int at, const char *path, int flags, unsigned mask, struct statx *to)
    LOOKING(at, path, REAL(statx)(at, path, flags, mask, to))

/* What programs that were linked against an older libc call. */
int __xstat(int version, const char *path, struct stat *to);
int __xstat64(int version, const char *path, struct stat64 *to);
int __lxstat(int version, const char *path, struct stat *to);
int __lxstat64(int version, const char *path, struct stat64 *to);
int __xstat(int version, const char *path, struct stat *to) LOOKING(HERE, path, REAL(__xstat)(version, path, to))
int __xstat64(int version, const char *path, struct stat64 *to) LOOKING(HERE, path, REAL(__xstat64)(version, path, to))
int __lxstat(int version, const char *path, struct stat *to) LOOKING(HERE, path, REAL(__lxstat)(version, path, to))
int __lxstat64(int version, const char *path, struct stat64 *to)
    LOOKING(HERE, path, REAL(__lxstat64)(version, path, to))
