/* What the load generators and the C yardsticks share: the clock, loopback sockets, and one way to cut a manager stream. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

static inline void fail(const char *what) {
    perror(what);
    exit(1);
}
static inline uint64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
/* Seconds of this process's processor time: what else runs on the machine does not count. */
static inline double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
static inline struct sockaddr_in here(int port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}
static inline void no_delay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
static inline int listen_at(int port, int flags) {
    int fd = socket(AF_INET, SOCK_STREAM | flags, 0), on = 1;
    struct sockaddr_in address = here(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 4096)) fail("listen");
    return fd;
}
static inline int connect_to(int port) {
    struct sockaddr_in address = here(port);
    for (int attempt = 0; attempt < 500; attempt++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (!connect(fd, (struct sockaddr *)&address, sizeof address)) {
            no_delay(fd);
            return fd;
        }
        close(fd);
        usleep(10000); /* the other side may not be ready yet */
    }
    fail("connect");
    return -1;
}
static inline void watch(int epoll, int operation, int fd, uint32_t events, void *whose) {
    struct epoll_event event = {.events = events, .data.ptr = whose};
    if (epoll_ctl(epoll, operation, fd, &event)) fail("epoll_ctl");
}
static inline void send_all(int fd, const char *text, size_t length) {
    while (length) {
        ssize_t sent = write(fd, text, length);
        if (sent < 0) fail("write");
        text += sent;
        length -= (size_t)sent;
    }
}

/* One header of a message: two slices of the bytes it came in. */
struct header {
    const char *name, *value;
    int name_length, value_length;
};
#define MAX_HEADERS 64

static inline const struct header *find_header(const struct header *all, int count, const char *name) {
    int length = (int)strlen(name);
    for (int i = 0; i < count; i++)
        if (all[i].name_length == length && !memcmp(all[i].name, name, (size_t)length)) return all + i;
    return NULL;
}
static inline int says(const struct header *header, const char *text) {
    return header && header->value_length == (int)strlen(text) && !memcmp(header->value, text, (size_t)header->value_length);
}
/* Splits every complete message in `bytes` into its headers and hands them out; returns how many bytes that took. */
static inline size_t each_message(const char *bytes, size_t length, void (*handle)(const struct header *, int)) {
    struct header headers[MAX_HEADERS];
    const char *line = bytes, *end = bytes + length, *done = bytes, *feed;
    int count = 0;
    while (line < end && (feed = memchr(line, '\n', (size_t)(end - line)))) {
        if (feed - line < 2) {
            if (count) handle(headers, count);
            count = 0;
            done = feed + 1;
        } else {
            const char *colon = memchr(line, ':', (size_t)(feed - line));
            if (colon && count < MAX_HEADERS)
                headers[count++] = (struct header){line, colon + 2, (int)(colon - line), (int)(feed - 1 - (colon + 2))};
        }
        line = feed + 1;
    }
    return (size_t)(done - bytes);
}
static inline uint32_t hash_of(const char *text, int length) {
    uint32_t hash = 2166136261u;
    while (length--) hash = (hash ^ (uint8_t)*text++) * 16777619u;
    return hash & 0xFFFF;
}
#define LOGIN "Action: Login\r\nActionID: 1\r\nUsername: bench\r\nSecret: bench\r\nEvents: on\r\n\r\nAction: Ping\r\nActionID: 2\r\nStep: go\r\n\r\n"
#define HANDLED_ALL "Action: Ping\r\nActionID: 3\r\nStep: all-handled\r\n\r\n"
