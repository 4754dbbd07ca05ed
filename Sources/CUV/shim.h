// CUV: libuv's header, and what Swift cannot reach by itself.
//
// `accept4` is hidden behind _GNU_SOURCE, which must not be defined in an imported header (it breaks Glibc's module), so
// its prototype is repeated here (Linux accept(2)). SOCK_NONBLOCK and SOCK_CLOEXEC save two system calls a connection.
#pragma once
#include <malloc.h>  // malloc_trim, which Swift's Glibc lacks
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <uv.h>

extern int accept4(int descriptor, struct sockaddr *restrict address, socklen_t *restrict length, int flags);

static inline int cuv_accept(int descriptor, struct sockaddr_storage *address) {
    socklen_t length = sizeof *address;
    return accept4(descriptor, (struct sockaddr *)address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

// Swift's Glibc lacks eventfd(2).
static inline int cuv_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
