/* Asterisk's side of FastAGI: sessions that send their environment, answer every command, and end when the server ends them.
 *
 *   dialplan PORT SESSIONS AT_ONCE
 *
 * A session's time is from connect to close. One that was sent no command failed.
 */
#include "yardstick.h"

struct session { int fd, told, commands, have; long number; uint64_t began; char line[1024]; };
static int poller, port;
static long begun, over, failed, commands;
static uint64_t *times;

static void begin(struct session *s) {
    int on = 1;
    /* Eight source addresses in turn: ports in TIME_WAIT would run out at one. */
    struct sockaddr_in from = here(0), to = here(port);
    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(begun & 7));
    *s = (struct session){.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), .number = begun++, .began = nanoseconds()};
    no_delay(s->fd);
    setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(s->fd, (struct sockaddr *)&from, sizeof from)) fail("bind");
    if (connect(s->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) fail("connect");
    watch(poller, EPOLL_CTL_ADD, s->fd, EPOLLOUT, s);
}
static void tell(struct session *s) {
    char text[1600];
    int n = snprintf(text, sizeof text,
        "agi_network: yes\nagi_network_script: call-complete\nagi_request: agi://127.0.0.1:%d/call-complete\nagi_channel: PJSIP/trunk-in-%08lx\n"
        "agi_language: en\nagi_type: PJSIP\nagi_uniqueid: 1795000000.%ld\nagi_version: 22.1.0\nagi_callerid: +1555%07ld\nagi_calleridname: ACME Widgets Ltd\n"
        "agi_callingpres: 0\nagi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 18005550100\nagi_rdnis: unknown\nagi_context: from-trunk\n"
        "agi_extension: 18005550100\nagi_priority: 1\nagi_enhanced: 0.0\nagi_accountcode: sales\nagi_threadid: 139872000001\nagi_arg_1: missed=0\n\n",
        port, s->number, 2 * s->number, s->number % 10000000);
    if (write(s->fd, text, (size_t)n) != n) failed++;
    s->told = 1;
    watch(poller, EPOLL_CTL_MOD, s->fd, EPOLLIN, s);
}
static void answer(struct session *s, const char *command) {
    char text[160];
    int n = strncasecmp(command, "GET", 3) ? snprintf(text, sizeof text, "200 result=1\n")
                                           : snprintf(text, sizeof text, "200 result=1 (%ld of %.40s)\n", s->number, command + 13);
    s->commands++;
    if (write(s->fd, text, (size_t)n) != n) failed++;
}
static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    port = atoi(argv[1]);
    long sessions = atol(argv[2]), at_once = atol(argv[3]);
    signal(SIGPIPE, SIG_IGN);
    poller = epoll_create1(0);
    times = malloc(sizeof *times * (size_t)sessions);
    struct session *all = calloc((size_t)at_once, sizeof *all);
    struct epoll_event ready[256];
    uint64_t began = nanoseconds(), idle = began;
    for (long i = 0; i < at_once && begun < sessions; i++) begin(all + i);
    while (over < sessions && nanoseconds() - idle < 10000000000u) {
        int n = epoll_wait(poller, ready, 256, 1000);
        if (n > 0) idle = nanoseconds();
        for (int i = 0; i < n; i++) {
            struct session *s = ready[i].data.ptr;
            if (!s->told) { tell(s); continue; }
            ssize_t got = read(s->fd, s->line + s->have, sizeof s->line - 1 - (size_t)s->have);
            if (got <= 0) {
                close(s->fd);
                failed += !s->commands;
                commands += s->commands;
                times[over++] = nanoseconds() - s->began;
                if (begun < sessions) begin(s);
                continue;
            }
            s->have += (int)got;
            char *line = s->line, *feed;
            while ((feed = memchr(line, '\n', (size_t)(s->line + s->have - line)))) {
                *feed = 0;
                answer(s, line);
                line = feed + 1;
            }
            memmove(s->line, line, (size_t)(s->have -= (int)(line - s->line)));
        }
    }
    double span = (double)(nanoseconds() - began) / 1e9;
    qsort(times, (size_t)over, sizeof *times, by_size);
    printf("{\"sessions\": %ld, \"failed\": %ld, \"commands\": %ld, \"sessions_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f}\n", over,
           failed + sessions - over, commands, (double)over / span, over ? (double)times[over / 2] / 1e6 : 0, over ? (double)times[over * 99 / 100] / 1e6 : 0);
    return 0;
}
