/* Yardstick for FastAGI: one thread on epoll, five commands a session, then the end.
 *
 *   agiserver PORT
 */
#include "yardstick.h"

struct session { int fd, step; size_t have; char input[4096]; };
static const char *const commands[5] = {"GET VARIABLE \"CALLERID(num)\"\n", "GET VARIABLE \"DIALSTATUS\"\n", "GET VARIABLE \"ANSWEREDTIME\"\n",
                                        "GET VARIABLE \"MIXMONITOR_FILENAME\"\n", "SET VARIABLE \"HOOKSWITCH_ID\" \"1\"\n"};

static int serve(struct session *s) {
    ssize_t got = read(s->fd, s->input + s->have, sizeof s->input - s->have);
    if (got <= 0) return 0;
    s->have += (size_t)got;
    /* The environment ends with an empty line, an answer with its line. */
    if (s->step ? s->input[s->have - 1] != '\n' : !memmem(s->input, s->have, "\n\n", 2)) return s->have < sizeof s->input;
    s->have = 0;
    if (s->step == 5) return 0;
    const char *command = commands[s->step++];
    return write(s->fd, command, strlen(command)) > 0;
}

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    signal(SIGPIPE, SIG_IGN);
    int listener = listen_at(atoi(argv[1]), SOCK_NONBLOCK), poller = epoll_create1(0), fd;
    struct epoll_event ready[256];
    watch(poller, EPOLL_CTL_ADD, listener, EPOLLIN, NULL);
    for (;;) {
        int n = epoll_wait(poller, ready, 256, -1);
        for (int i = 0; i < n; i++) {
            struct session *s = ready[i].data.ptr;
            if (s) {
                if (serve(s)) continue;
                close(s->fd);
                free(s);
            } else while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                no_delay(fd);
                s = malloc(sizeof *s);
                (s->fd = fd, s->step = 0, s->have = 0);
                watch(poller, EPOLL_CTL_ADD, fd, EPOLLIN, s);
            }
        }
    }
}
