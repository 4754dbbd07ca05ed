// SQLite as Debian ships it. Swift cannot reach SQLITE_TRANSIENT (a cast of -1 to a function pointer), nor the variadic
// sqlite3_db_config; each has a wrapper here, and a structure whose layout is C's. No logic.
#pragma once
#include <sqlite3.h>

static inline int hs_sqlite3_bind_text_copy(sqlite3_stmt *s, int i, const char *text, int length) {
    return sqlite3_bind_text(s, i, text, length, SQLITE_TRANSIENT);
}
static inline int hs_sqlite3_bind_blob_copy(sqlite3_stmt *s, int i, const void *bytes, int length) {
    return sqlite3_bind_blob(s, i, bytes, length, SQLITE_TRANSIENT);
}
static inline int hs_sqlite3_bind_text_borrowed(sqlite3_stmt *s, int i, const char *text, int length) {
    return sqlite3_bind_text(s, i, text, length, SQLITE_STATIC);
}
static inline int hs_sqlite3_bind_blob_borrowed(sqlite3_stmt *s, int i, const void *bytes, int length) {
    return sqlite3_bind_blob(s, i, bytes, length, SQLITE_STATIC);
}
static inline int hs_sqlite3_defensive(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)0);
}
/* The methods of a write-ahead log's file with a buffer before it; see LogBuffer.swift. */
struct hs_log_buffer {
    sqlite3_io_methods methods;        /* first: a file's pMethods leads here */
    const sqlite3_io_methods *inner;   /* the file's own */
    unsigned char *bytes;              /* what is to be written at `start` */
    sqlite3_int64 start;
    int count;
};
