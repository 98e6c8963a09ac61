/* Faults at the line between a program and its files, for tests/fault_lab.py; loaded with LD_PRELOAD.

   Every call that changes something below one folder is counted. Armed, the process is killed before the
   k-th of them, or the disk is full after k bytes, or each is written to a log that can be played back. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { OFF, COUNT, KILL, FULL, LOG };
static int mode = OFF, log_fd = -1;
static long limit, calls, bytes;
static char root[PATH_MAX];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void lab_arm(int how, long k, const char *folder, const char *log)
{
    calls = bytes = 0;
    limit = k;
    snprintf(root, sizeof root, "%s", folder);
    if (log && *log) log_fd = REAL(open)(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    mode = how;
}

long lab_calls(void) { return calls; }
long lab_bytes(void) { return bytes; }

/* The whole path of a name, as far as it lies below the folder; NULL elsewhere. */
static const char *below(int dir, const char *path, char *out)
{
    char base[PATH_MAX] = "", link[64];
    if (mode == OFF) return NULL;
    if (path && path[0] == '/') snprintf(out, PATH_MAX, "%s", path);
    else {
        ssize_t n;
        if (dir == AT_FDCWD) { if (!getcwd(base, sizeof base)) return NULL; }
        else {
            snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
            n = readlink(link, base, sizeof base - 1);
            if (n < 0) return NULL;
            base[n] = 0;
        }
        if (path) snprintf(out, PATH_MAX, "%.2000s/%.2000s", base, path);
        else snprintf(out, PATH_MAX, "%s", base);
    }
    size_t n = strlen(root);
    return strncmp(out, root, n) == 0 && (out[n] == '/' || !out[n]) ? out : NULL;
}

static void note(const char *what, const char *one, const char *two, long at, const void *data, size_t n)
{
    if (++calls == limit && mode == KILL) kill(getpid(), SIGKILL);
    if (mode != LOG) return;
    char head[3 * PATH_MAX];
    int size = snprintf(head, sizeof head, "%s\t%s\t%s\t%ld\t%zu\n", what, one, two ? two : "", at, n);
    REAL(write)(log_fd, head, size);
    if (n) REAL(write)(log_fd, data, n);
}

/* How many of n bytes at this place of a file fit on the disk; what is written over takes no room. */
static size_t room(int fd, long at, size_t n)
{
    struct stat st;
    long old = fstat(fd, &st) == 0 && st.st_size > at ? st.st_size - at : 0;
    size_t over = (size_t)old < n ? (size_t)old : n, more = n - over;
    if (mode == FULL) {
        long left = limit - bytes;
        more = left <= 0 ? 0 : (size_t)left < more ? (size_t)left : more;
    }
    bytes += more;
    return over + more;
}

static ssize_t put(int fd, const void *data, size_t n, long at, int given)
{
    char path[PATH_MAX];
    if (mode != OFF && below(fd, NULL, path)) {
        if (!given) {
            struct stat st;
            at = fcntl(fd, F_GETFL) & O_APPEND && fstat(fd, &st) == 0 ? st.st_size : lseek(fd, 0, SEEK_CUR);
        }
        size_t fits = room(fd, at, n);
        if (!fits && n) { errno = ENOSPC; return -1; }
        n = fits;
        note("write", path, NULL, at, data, n);
    }
    return given ? REAL(pwrite64)(fd, data, n, at) : REAL(write)(fd, data, n);
}

ssize_t write(int fd, const void *data, size_t n) { return put(fd, data, n, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t n, off_t at) { return put(fd, data, n, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at) { return put(fd, data, n, at, 1); }

static int opened(int dir, const char *path, int flags, mode_t rights)
{
    char whole[PATH_MAX];
    if (mode != OFF && flags & (O_CREAT | O_TRUNC) && below(dir, path, whole)) {
        struct stat st;
        int there = fstatat(dir, path, &st, 0) == 0;
        if (!there && mode == FULL && bytes >= limit) { errno = ENOSPC; return -1; }
        if (!(there && flags & O_EXCL)) {
            if (!there) note("create", whole, NULL, 0, NULL, 0);
            else if (flags & O_TRUNC) note("truncate", whole, NULL, 0, NULL, 0);
        }
    }
    return REAL(openat)(dir, path, flags, rights);
}

#define RIGHTS mode_t rights = 0; va_list more; va_start(more, flags); rights = va_arg(more, mode_t); va_end(more)
int open(const char *path, int flags, ...) { RIGHTS; return opened(AT_FDCWD, path, flags, rights); }
int open64(const char *path, int flags, ...) { RIGHTS; return opened(AT_FDCWD, path, flags, rights); }
int openat(int dir, const char *path, int flags, ...) { RIGHTS; return opened(dir, path, flags, rights); }
int openat64(int dir, const char *path, int flags, ...) { RIGHTS; return opened(dir, path, flags, rights); }

static void names(const char *what, int da, const char *a, int db, const char *b)
{
    char one[PATH_MAX], two[PATH_MAX];
    const char *pa = below(da, a, one), *pb = b ? below(db, b, two) : NULL;
    if (pa || pb) note(what, pa ? pa : "", pb, 0, NULL, 0);
}

int rename(const char *a, const char *b) { names("rename", AT_FDCWD, a, AT_FDCWD, b); return REAL(rename)(a, b); }
int renameat(int da, const char *a, int db, const char *b) { names("rename", da, a, db, b); return REAL(renameat)(da, a, db, b); }
int renameat2(int da, const char *a, int db, const char *b, unsigned flags)
{
    names(flags & RENAME_EXCHANGE ? "exchange" : "rename", da, a, db, b);
    return REAL(renameat2)(da, a, db, b, flags);
}
int link(const char *a, const char *b) { names("link", AT_FDCWD, a, AT_FDCWD, b); return REAL(link)(a, b); }
int linkat(int da, const char *a, int db, const char *b, int f) { names("link", da, a, db, b); return REAL(linkat)(da, a, db, b, f); }
int unlink(const char *a) { names("remove", AT_FDCWD, a, 0, NULL); return REAL(unlink)(a); }
int unlinkat(int d, const char *a, int f) { names("remove", d, a, 0, NULL); return REAL(unlinkat)(d, a, f); }
int rmdir(const char *a) { names("remove", AT_FDCWD, a, 0, NULL); return REAL(rmdir)(a); }
int mkdir(const char *a, mode_t m) { names("mkdir", AT_FDCWD, a, 0, NULL); return REAL(mkdir)(a, m); }
int mkdirat(int d, const char *a, mode_t m) { names("mkdir", d, a, 0, NULL); return REAL(mkdirat)(d, a, m); }
int truncate(const char *a, off_t n) { char p[PATH_MAX]; if (below(AT_FDCWD, a, p)) note("truncate", p, NULL, n, NULL, 0); return REAL(truncate)(a, n); }
int truncate64(const char *a, off64_t n) { char p[PATH_MAX]; if (below(AT_FDCWD, a, p)) note("truncate", p, NULL, n, NULL, 0); return REAL(truncate64)(a, n); }
int ftruncate(int fd, off_t n) { char p[PATH_MAX]; if (below(fd, NULL, p)) note("truncate", p, NULL, n, NULL, 0); return REAL(ftruncate)(fd, n); }
int ftruncate64(int fd, off64_t n) { char p[PATH_MAX]; if (below(fd, NULL, p)) note("truncate", p, NULL, n, NULL, 0); return REAL(ftruncate64)(fd, n); }
int fsync(int fd) { char p[PATH_MAX]; if (below(fd, NULL, p)) note("sync", p, NULL, 0, NULL, 0); return REAL(fsync)(fd); }
int fdatasync(int fd) { char p[PATH_MAX]; if (below(fd, NULL, p)) note("sync", p, NULL, 0, NULL, 0); return REAL(fdatasync)(fd); }
