/* The receiver: answers every POST at once with 200.
 *
 *   crm PORT [N [LOG]]
 *
 * Ends after N POSTs or at SIGTERM. LOG gets a line a POST: its call's number and when it was received
 * (CLOCK_MONOTONIC, ns). The call is found by the first id in the body: ten digits, a dot, and 2k or 2k+1.
 */
#include "yardstick.h"

struct connection { int fd; size_t have, room; char *bytes; };
struct post { long k; uint64_t at; };
static struct post *posts;
static size_t count, room, body_bytes;
static volatile sig_atomic_t stop;
static void on_signal(int number) { (void)number; stop = 1; }

static long call_in(const char *body, size_t length) {
    const char *dot = body - 1, *end = body + length, *digit;
    while ((dot = memchr(dot + 1, '.', (size_t)(end - dot - 1)))) {
        long k = 0;
        for (digit = dot; digit > body && dot - digit < 10 && digit[-1] >= '0' && digit[-1] <= '9';) digit--;
        if (dot - digit < 10) continue;
        for (digit = dot + 1; digit < end && *digit >= '0' && *digit <= '9'; digit++) k = k * 10 + (*digit - '0');
        return k / 2;
    }
    return -1;
}
/* Answers each whole request in the buffer; 0 where the connection must end. */
static int serve(struct connection *c) {
    static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    size_t at = 0;
    char *end;
    while ((end = memmem(c->bytes + at, c->have - at, "\r\n\r\n", 4))) {
        size_t head = (size_t)(end + 4 - (c->bytes + at)), length = 0;
        for (char *line = c->bytes + at; (line = memchr(line, '\n', (size_t)(end - line))); line++)
            if (!strncasecmp(line + 1, "content-length:", 15)) length = strtoul(line + 16, NULL, 10);
        if (c->have - at < head + length) break;
        if (count == room) posts = realloc(posts, (room = room * 2 + 65536) * sizeof *posts);
        posts[count++] = (struct post){call_in(c->bytes + at + head, length), nanoseconds()};
        body_bytes += length;
        at += head + length;
        if (write(c->fd, ok, sizeof ok - 1) < 0) return 0;
    }
    memmove(c->bytes, c->bytes + at, c->have -= at);
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    size_t wanted = argc > 2 ? strtoul(argv[2], NULL, 10) : (size_t)-1;
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_at(atoi(argv[1]), SOCK_NONBLOCK), poller = epoll_create1(0), fd;
    long connections = 0;
    struct epoll_event ready[256];
    watch(poller, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    fprintf(stderr, "ready\n");
    while (!stop && count < wanted) {
        int n = epoll_wait(poller, ready, 256, 500);
        for (int i = 0; i < n; i++) {
            struct connection *c = ready[i].data.ptr;
            if (!c) {
                while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    no_delay(fd);
                    connections++;
                    c = calloc(1, sizeof *c);
                    c->fd = fd;
                    watch(poller, EPOLL_CTL_ADD, fd, EPOLLIN, c);
                }
                continue;
            }
            if (c->room - c->have < 16384) c->bytes = realloc(c->bytes, c->room = c->room * 2 + 65536);
            ssize_t got = read(c->fd, c->bytes + c->have, c->room - c->have);
            if (got > 0) c->have += (size_t)got;
            if (got <= 0 || !serve(c)) {
                close(c->fd);
                free(c->bytes);
                free(c);
            }
        }
    }
    long highest = -1, repeats = 0;
    for (size_t i = 0; i < count; i++) if (posts[i].k > highest) highest = posts[i].k;
    char *seen = calloc((size_t)highest + 2, 1);
    for (size_t i = 0; i < count; i++) if (posts[i].k >= 0 && seen[posts[i].k]++) repeats++;
    printf("{\"posts\": %zu, \"repeats\": %ld, \"connections\": %ld, \"body_bytes\": %zu, \"first_ns\": %llu, \"last_ns\": %llu}\n", count, repeats, connections,
           count ? body_bytes / count : 0, count ? (unsigned long long)posts[0].at : 0, count ? (unsigned long long)posts[count - 1].at : 0);
    if (argc > 3) {
        FILE *file = fopen(argv[3], "w");
        if (!file) fail(argv[3]);
        for (size_t i = 0; i < count; i++) fprintf(file, "%ld,%llu\n", posts[i].k, (unsigned long long)posts[i].at);
        fclose(file);
    }
    return 0;
}
