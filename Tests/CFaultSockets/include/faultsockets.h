// `socket` and `connect` of the program this is linked into, which do what the system's do until told to fail.
//
// A program's own symbol comes before the C library's, so libcurl and libuv get these too. For programs that a test starts,
// never for the test program itself: its tests run beside each other. Counted are TCP sockets alone, from 1.
#pragma once

enum hs_fault_call { HS_FAULT_SOCKET = 1, HS_FAULT_CONNECT = 2 };

// From now on calls number `nth` to `nth + count - 1` of this kind fail with `error`, an errno. 0 never fails.
void hs_fault_sockets_arm(enum hs_fault_call call, int nth, int count, int error);
// How many of the armed kind have been asked for since `arm`, and how many of them failed.
int hs_fault_sockets_count(void);
int hs_fault_sockets_failed(void);
