/* The program of a yardstick that reads a manager stream: `PORT` from a socket, as a client of pbx, `FILE ROUNDS` from memory. */
#include "yardstick.h"

static inline char *whole_file(const char *path, size_t *size) {
    struct stat file;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &file)) fail(path);
    char *all = malloc(*size = (size_t)file.st_size);
    for (size_t got = 0; got < *size;) {
        ssize_t n = read(fd, all + got, *size - got);
        if (n <= 0) fail("read");
        got += (size_t)n;
    }
    close(fd);
    return all;
}
/* Of the program that includes this. */
static int over; /* set at the last message */
static void begin(void); /* forgets what was counted */
static void on_event(const struct header *, int);
static void report(double seconds); /* of processor time; negative where they were not measured */

int main(int argc, char **argv) {
    static char buffer[1 << 19];
    const size_t most = 262144;
    if (argc < 2) return 2;
    if (argc > 2) {
        size_t size;
        char *all = whole_file(argv[1], &size);
        for (int round = atoi(argv[2]); round > 0; round--) {
            double began = processor_seconds();
            begin();
            /* In reads of 256 KiB, as from a socket: what is left over is read again with the next. */
            for (size_t at = 0, used; at < size; at += used)
                if (!(used = each_message(all + at, size - at < most ? size - at : most, on_event))) break;
            report(processor_seconds() - began);
        }
        return 0;
    }
    int fd = connect_to(atoi(argv[1]));
    send_all(fd, LOGIN, strlen(LOGIN));
    for (size_t have = 0; !over;) {
        ssize_t got = read(fd, buffer + have, most);
        if (got <= 0) fail("read");
        have += (size_t)got;
        size_t used = each_message(buffer, have, on_event);
        memmove(buffer, buffer + used, have -= used);
    }
    send_all(fd, HANDLED_ALL, strlen(HANDLED_ALL));
    report(-1);
    usleep(20000);
    return 0;
}
