/* Yardstick for the manager stream: every header of every event split off, a table of channels kept, hangups counted.
 *
 *   reader PORT          from a socket, as a client of pbx
 *   reader FILE ROUNDS   from memory
 */
#include "yardstick.h"

struct entry { struct entry *next; char id[32], name[64]; int length; long events; };
static struct entry *table[65536];
static long events, hangups, alive;
static int over;

static void on_event(const struct header *h, int n) {
    const struct header *event = find_header(h, n, "Event"), *id = find_header(h, n, "Uniqueid");
    events++;
    if (!event) return;
    if (says(event, "UserEvent")) over |= says(find_header(h, n, "UserEvent"), "AllSent");
    if (!id || id->value_length > 31) return;
    struct entry **place = &table[hash_of(id->value, id->value_length)];
    while (*place && !((*place)->length == id->value_length && !memcmp((*place)->id, id->value, (size_t)id->value_length))) place = &(*place)->next;
    if (says(event, "Newchannel")) {
        const struct header *name = find_header(h, n, "Channel");
        struct entry *new = calloc(1, sizeof *new);
        memcpy(new->id, id->value, (size_t)(new->length = id->value_length));
        if (name) memcpy(new->name, name->value, (size_t)(name->value_length < 63 ? name->value_length : 63));
        new->next = *place;
        *place = new;
        alive++;
    } else if (*place) {
        (*place)->events++;
        if (says(event, "Hangup")) {
            struct entry *gone = *place;
            *place = gone->next;
            free(gone);
            alive--;
            hangups++;
        }
    }
}

static char buffer[1 << 19];

int main(int argc, char **argv) {
    if (argc < 2) return 2;
    if (argc > 2) {
        int fd = open(argv[1], O_RDONLY);
        struct stat file;
        if (fd < 0 || fstat(fd, &file)) fail(argv[1]);
        char *all = malloc((size_t)file.st_size);
        for (off_t got = 0; got < file.st_size;) {
            ssize_t n = read(fd, all + got, (size_t)(file.st_size - got));
            if (n <= 0) fail("read");
            got += n;
        }
        for (int round = atoi(argv[2]); round > 0; round--) {
            double began = processor_seconds();
            events = hangups = 0;
            /* In reads of 256 KiB, as from a socket: what is left over is read again with the next. */
            for (size_t at = 0, size = (size_t)file.st_size; at < size;) {
                size_t take = size - at < 262144 ? size - at : 262144, used = each_message(all + at, take, on_event);
                if (!used) break;
                at += used;
            }
            double span = processor_seconds() - began;
            printf("{\"events\": %ld, \"hangups\": %ld, \"alive\": %ld, \"events_s\": %.0f}\n", events, hangups, alive, (double)events / span);
        }
        return 0;
    }
    int fd = connect_to(atoi(argv[1]));
    send_all(fd, LOGIN, strlen(LOGIN));
    size_t have = 0;
    while (!over) {
        ssize_t got = read(fd, buffer + have, 262144);
        if (got <= 0) fail("read");
        have += (size_t)got;
        size_t used = each_message(buffer, have, on_event);
        memmove(buffer, buffer + used, have -= used);
    }
    send_all(fd, HANDLED_ALL, strlen(HANDLED_ALL));
    printf("{\"events\": %ld, \"hangups\": %ld, \"alive\": %ld}\n", events, hangups, alive);
    usleep(20000);
    return 0;
}
