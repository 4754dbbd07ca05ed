#include "faultvfs.h"
#include <pthread.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

// The counters are shared by the writer's and the readers' threads.
struct hs_fault_vfs {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    pthread_mutex_t mutex;
    int kinds, nth, sticky, count;
    enum hs_fault_error error;
};
struct fault_file {
    sqlite3_file base;
    struct hs_fault_vfs *owner;
    sqlite3_file *real;
};

// Whether this operation is the one to fail.
static int fails(struct hs_fault_vfs *v, int kind) {
    pthread_mutex_lock(&v->mutex);
    int hit = 0;
    if (v->kinds & kind) {
        v->count++;
        hit = v->nth > 0 && (v->count == v->nth || (v->sticky && v->count > v->nth));
    }
    pthread_mutex_unlock(&v->mutex);
    return hit;
}

static sqlite3_file *real_of(sqlite3_file *f) { return ((struct fault_file *)f)->real; }
static struct hs_fault_vfs *owner_of(sqlite3_file *f) { return ((struct fault_file *)f)->owner; }

static int f_close(sqlite3_file *f) {
    struct fault_file *file = (struct fault_file *)f;
    int code = file->real->pMethods ? file->real->pMethods->xClose(file->real) : SQLITE_OK;
    free(file->real);
    file->real = 0;
    return code;
}
static int f_read(sqlite3_file *f, void *to, int n, sqlite3_int64 at) {
    if (fails(owner_of(f), HS_FAULT_READ)) return SQLITE_IOERR_READ;
    return real_of(f)->pMethods->xRead(real_of(f), to, n, at);
}
static int f_write(sqlite3_file *f, const void *from, int n, sqlite3_int64 at) {
    if (fails(owner_of(f), HS_FAULT_WRITE)) {
        // Half of it gets there: a torn write is what a dying disk leaves.
        real_of(f)->pMethods->xWrite(real_of(f), from, n / 2, at);
        return owner_of(f)->error == HS_FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return real_of(f)->pMethods->xWrite(real_of(f), from, n, at);
}
static int f_truncate(sqlite3_file *f, sqlite3_int64 size) {
    if (fails(owner_of(f), HS_FAULT_WRITE)) return SQLITE_IOERR_TRUNCATE;
    return real_of(f)->pMethods->xTruncate(real_of(f), size);
}
static int f_sync(sqlite3_file *f, int flags) {
    if (fails(owner_of(f), HS_FAULT_SYNC)) return SQLITE_IOERR_FSYNC;
    return real_of(f)->pMethods->xSync(real_of(f), flags);
}
static int f_size(sqlite3_file *f, sqlite3_int64 *size) { return real_of(f)->pMethods->xFileSize(real_of(f), size); }
static int f_lock(sqlite3_file *f, int l) { return real_of(f)->pMethods->xLock(real_of(f), l); }
static int f_unlock(sqlite3_file *f, int l) { return real_of(f)->pMethods->xUnlock(real_of(f), l); }
static int f_check(sqlite3_file *f, int *out) { return real_of(f)->pMethods->xCheckReservedLock(real_of(f), out); }
static int f_control(sqlite3_file *f, int op, void *arg) { return real_of(f)->pMethods->xFileControl(real_of(f), op, arg); }
static int f_sector(sqlite3_file *f) { return real_of(f)->pMethods->xSectorSize(real_of(f)); }
static int f_device(sqlite3_file *f) { return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f)); }
static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out) {
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, out);
}
static int f_shm_lock(sqlite3_file *f, int at, int n, int flags) {
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}
static void f_shm_barrier(sqlite3_file *f) { real_of(f)->pMethods->xShmBarrier(real_of(f)); }
static int f_shm_unmap(sqlite3_file *f, int del) { return real_of(f)->pMethods->xShmUnmap(real_of(f), del); }

static const sqlite3_io_methods methods = {
    2, f_close, f_read, f_write, f_truncate, f_sync, f_size, f_lock, f_unlock, f_check, f_control, f_sector, f_device,
    f_shm_map, f_shm_lock, f_shm_barrier, f_shm_unmap, 0, 0,
};

static int v_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out) {
    struct hs_fault_vfs *v = (struct hs_fault_vfs *)vfs;
    struct fault_file *file = (struct fault_file *)f;
    memset(file, 0, sizeof *file);
    if (fails(v, HS_FAULT_OPEN)) return SQLITE_CANTOPEN;
    file->owner = v;
    file->real = calloc(1, (size_t)v->real->szOsFile);
    if (!file->real) return SQLITE_NOMEM;
    int code = v->real->xOpen(v->real, name, file->real, flags, out);
    if (code != SQLITE_OK) {
        free(file->real);
        file->real = 0;
        return code;
    }
    file->base.pMethods = &methods;
    return SQLITE_OK;
}
static sqlite3_vfs *below(sqlite3_vfs *vfs) { return ((struct hs_fault_vfs *)vfs)->real; }
static int v_delete(sqlite3_vfs *v, const char *n, int s) { return below(v)->xDelete(below(v), n, s); }
static int v_access(sqlite3_vfs *v, const char *n, int f, int *o) { return below(v)->xAccess(below(v), n, f, o); }
static int v_path(sqlite3_vfs *v, const char *n, int l, char *o) { return below(v)->xFullPathname(below(v), n, l, o); }
static int v_random(sqlite3_vfs *v, int n, char *o) { return below(v)->xRandomness(below(v), n, o); }
static int v_sleep(sqlite3_vfs *v, int us) { return below(v)->xSleep(below(v), us); }
static int v_time(sqlite3_vfs *v, double *o) { return below(v)->xCurrentTime(below(v), o); }
static int v_error(sqlite3_vfs *v, int n, char *o) { return below(v)->xGetLastError(below(v), n, o); }
static int v_time64(sqlite3_vfs *v, sqlite3_int64 *o) { return below(v)->xCurrentTimeInt64(below(v), o); }

struct hs_fault_vfs *hs_fault_vfs_create(const char *name) {
    struct hs_fault_vfs *v = calloc(1, sizeof *v);
    v->real = sqlite3_vfs_find(0);
    pthread_mutex_init(&v->mutex, 0);
    v->vfs.iVersion = 2;
    v->vfs.szOsFile = sizeof(struct fault_file);
    v->vfs.mxPathname = v->real->mxPathname;
    v->vfs.zName = strdup(name);
    v->vfs.xOpen = v_open;
    v->vfs.xDelete = v_delete;
    v->vfs.xAccess = v_access;
    v->vfs.xFullPathname = v_path;
    v->vfs.xRandomness = v_random;
    v->vfs.xSleep = v_sleep;
    v->vfs.xCurrentTime = v_time;
    v->vfs.xGetLastError = v_error;
    v->vfs.xCurrentTimeInt64 = v_time64;
    sqlite3_vfs_register(&v->vfs, 0);
    return v;
}
void hs_fault_vfs_arm(struct hs_fault_vfs *v, int kinds, int nth, int sticky, enum hs_fault_error error) {
    pthread_mutex_lock(&v->mutex);
    v->kinds = kinds;
    v->nth = nth;
    v->sticky = sticky;
    v->error = error;
    v->count = 0;
    pthread_mutex_unlock(&v->mutex);
}
int hs_fault_vfs_count(struct hs_fault_vfs *v) {
    pthread_mutex_lock(&v->mutex);
    int count = v->count;
    pthread_mutex_unlock(&v->mutex);
    return count;
}
