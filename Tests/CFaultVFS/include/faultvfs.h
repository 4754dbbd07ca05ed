// A SQLite VFS that does what the system's does until told to fail: the n-th operation of a kind, or all from the n-th on.
//
// Each has a name of its own, so that tests run beside each other. Operations are counted over all files of the VFS:
// opening for writing, write, truncate, sync, read. Not counted: shared memory, locks, look-ups of paths.
#pragma once

enum hs_fault_kind { HS_FAULT_OPEN = 1, HS_FAULT_WRITE = 2, HS_FAULT_SYNC = 4, HS_FAULT_READ = 8 };
enum hs_fault_error { HS_FAULT_IOERR, HS_FAULT_FULL };

struct hs_fault_vfs;

// Registers a VFS called `name` over the default one; lives for the rest of the process.
struct hs_fault_vfs *hs_fault_vfs_create(const char *name);
// From now on operation number `nth` (from 1) of any of `kinds` fails, and with `sticky` every later one too. 0 never fails.
void hs_fault_vfs_arm(struct hs_fault_vfs *vfs, int kinds, int nth, int sticky, enum hs_fault_error error);
// How many of the armed kinds have been asked for since `arm`.
int hs_fault_vfs_count(struct hs_fault_vfs *vfs);
