#define _GNU_SOURCE
#include "faultsockets.h"
#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// Armed before any thread is started, read by all.
static enum hs_fault_call armed;
static int first, last, fault;
static atomic_int asked, failed;

void hs_fault_sockets_arm(enum hs_fault_call call, int nth, int count, int error) {
    armed = call;
    first = nth;
    last = nth + count - 1;
    fault = error;
    atomic_store(&asked, 0);
    atomic_store(&failed, 0);
}
int hs_fault_sockets_count(void) { return atomic_load(&asked); }
int hs_fault_sockets_failed(void) { return atomic_load(&failed); }

static int fails(enum hs_fault_call call) {
    if (call != armed) return 0;
    int number = atomic_fetch_add(&asked, 1) + 1;
    if (first == 0 || number < first || number > last) return 0;
    atomic_fetch_add(&failed, 1);
    errno = fault;
    return 1;
}
static int is_tcp(int family, int type) {
    return (family == AF_INET || family == AF_INET6) && (type & 0xF) == SOCK_STREAM;
}

// The system calls themselves: there is no other `socket` to call from here.
int socket(int family, int type, int protocol) {
    if (is_tcp(family, type) && fails(HS_FAULT_SOCKET)) return -1;
    return (int)syscall(SYS_socket, family, type, protocol);
}
int connect(int descriptor, const struct sockaddr *address, socklen_t length) {
    int type = 0;
    socklen_t size = sizeof type;
    if (address && getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && is_tcp(address->sa_family, type)
        && fails(HS_FAULT_CONNECT))
        return -1;
    return (int)syscall(SYS_connect, descriptor, address, length);
}
