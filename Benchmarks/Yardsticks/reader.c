/* Yardstick for the manager stream: every header of every event split off, a table of channels kept, hangups counted.
 *
 *   reader PORT          from a socket, as a client of pbx
 *   reader FILE ROUNDS   from memory
 */
#include "stream.h"

struct entry { struct entry *next; char id[32], name[64]; int length; long events; };
static struct entry *table[65536];
static long events, hangups, alive;

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

static void begin(void) { events = hangups = 0; }
static void report(double seconds) {
    printf("{\"events\": %ld, \"hangups\": %ld, \"alive\": %ld", events, hangups, alive);
    if (seconds >= 0) printf(", \"events_s\": %.0f", (double)events / seconds);
    puts("}");
}
