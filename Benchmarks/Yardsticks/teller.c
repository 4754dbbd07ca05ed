/* Yardstick for the fold: what Hookswitch does to a manager stream, done plainly in C. Doubtful events are refused, a table of
 * channels is kept with what each event shows of them, and of each call that is over a record is put together: legs, dials,
 * who spoke when, outcome, and which event decided each field.
 *
 *   teller PORT          from a socket, as a client of pbx
 *   teller FILE ROUNDS   from memory
 *
 * It knows only the plain call (no transfer, queue, parking, conference, Local channel), and its texts are UTF-8 unseen.
 */
#include "stream.h"

struct mark { uint64_t at, offset; };
struct span { struct mark from, to; char *bridge; };
struct channel {
    struct channel *next;
    struct call *call;
    char *id, *linked, *name, *number, *caller, *account, *context, *exten, *asked, *cause_text;
    int id_length, state, cause, stays;
    struct mark created, ringing, up, requested, end;
    struct span stay[8];
};
struct dial { struct channel *from, *to; char *text, *status; struct mark begin, end; };
struct call {
    struct call *next;
    struct channel *channels[16];
    struct dial dials[16];
    char *id, *recording;
    int id_length, count, dialled, alive;
};
/* What is told: texts are the record's own. */
struct leg { char *id, *channel, *number, *name, *status, *cause; const char *role; uint64_t started, rang, answered, ended, bridged_from, bridged_to; };
struct evidence { const char *field, *event, *reason; struct mark mark; };
struct record {
    char *id, *caller, *caller_name, *callee, *answered_by, *agent, *recording, *account;
    const char *direction, *disposition, *ended_by;
    uint64_t started, answered, ended, talk, ring, billable;
    int cause, leg_count, evidence_count;
    struct leg legs[16];
    struct evidence evidence[16];
};

static struct channel *channels[65536];
static struct call *calls[65536];
static long events, told, refused, checked;
static uint64_t clock_now, position;

static char *copy(const struct header *from) {
    if (!from || !from->value_length || (from->value[0] == '<' && from->value_length < 10)) return NULL;
    char *text = malloc((size_t)from->value_length + 1);
    memcpy(text, from->value, (size_t)from->value_length);
    text[from->value_length] = 0;
    return text;
}
static char *again(const char *text) { return text ? strdup(text) : NULL; }
static void renew(char **text, const struct header *from) {
    if (!from) return;
    if (*text && says(from, *text)) return;
    free(*text);
    *text = copy(from);
}
static int number_in(const struct header *from) { return from ? atoi(from->value) : 0; }
/* Microseconds; 0 for no time. */
static uint64_t time_in(const struct header *from) {
    uint64_t time = 0;
    for (int i = 0; from && i < from->value_length; i++)
        if (from->value[i] != '.') time = time * 10 + (uint64_t)(from->value[i] - '0');
    return time;
}
static struct mark now(void) { return (struct mark){clock_now, position}; }

/* A header twice, or no Privilege behind the name: forged, or two events run together. */
static int is_doubtful(const struct header *h, int n) {
    uint64_t seen[4] = {0};
    if (n < 2 || h[1].name_length != 9 || memcmp(h[1].name, "Privilege", 9)) return 1;
    for (int i = 0; i < n; i++) {
        const char *name = h[i].name;
        int length = h[i].name_length;
        uint32_t place = length ? (uint32_t)(length * 37 + name[0] * 11 + name[length / 2] * 5 + name[length - 1]) & 255 : 0;
        if (seen[place / 64] >> (place % 64) & 1)
            for (int j = 0; j < i; j++)
                if (h[j].name_length == h[i].name_length && !memcmp(h[j].name, h[i].name, (size_t)h[i].name_length)) return 1;
        seen[place / 64] |= 1ull << (place % 64);
    }
    return 0;
}
static struct channel **channel_place(const struct header *id) {
    struct channel **place = &channels[hash_of(id->value, id->value_length)];
    while (*place && !((*place)->id_length == id->value_length && !memcmp((*place)->id, id->value, (size_t)id->value_length))) place = &(*place)->next;
    return place;
}
static struct call **call_place(const char *id, int length) {
    struct call **place = &calls[hash_of(id, length)];
    while (*place && !((*place)->id_length == length && !memcmp((*place)->id, id, (size_t)length))) place = &(*place)->next;
    return place;
}
static struct channel *new_channel(const struct header *h, int n, const struct header *id, const struct header *linked) {
    struct call **place = call_place(linked->value, linked->value_length), *call = *place;
    if (!call) {
        *place = call = calloc(1, sizeof *call);
        call->id = copy(linked);
        call->id_length = linked->value_length;
    }
    if (call->count == 16) return NULL;
    struct channel *c = calloc(1, sizeof *c);
    c->call = call;
    c->id = copy(id);
    c->id_length = id->value_length;
    c->linked = copy(linked);
    c->name = copy(find_header(h, n, "Channel"));
    c->asked = copy(find_header(h, n, "Exten"));
    c->created = now();
    call->channels[call->count++] = c;
    call->alive++;
    *channel_place(id) = c;
    return c;
}
/* What an event shows of its channel. */
static void look(struct channel *c, const struct header *h, int n) {
    c->state = number_in(find_header(h, n, "ChannelState"));
    if (c->state == 5 && !c->ringing.at) c->ringing = now();
    if (c->state == 6 && !c->up.at) c->up = now();
    renew(&c->number, find_header(h, n, "CallerIDNum"));
    renew(&c->caller, find_header(h, n, "CallerIDName"));
    renew(&c->account, find_header(h, n, "AccountCode"));
    renew(&c->context, find_header(h, n, "Context"));
    renew(&c->exten, find_header(h, n, "Exten"));
}

static void note(struct record *r, const char *field, const char *event, struct mark mark, const char *reason) {
    r->evidence[r->evidence_count++] = (struct evidence){field, event, reason, mark};
}
static int is_long(const char *number) { return number && (number[0] == '+' || strlen(number) > 6); }
static struct record *tell(const struct call *call) {
    struct record *r = calloc(1, sizeof *r);
    struct channel *first = call->channels[0], *other = NULL;
    for (int i = 0; i < call->dialled; i++) {
        const struct dial *d = call->dials + i;
        if (d->status && !strcmp(d->status, "ANSWER") && !other) other = d->to;
        uint64_t from = d->to->ringing.at ? d->to->ringing.at : d->begin.at;
        if (d->end.at > from) r->ring += d->end.at - from;
    }
    for (int i = 0; other && i < first->stays; i++)
        for (int j = 0; j < other->stays; j++) {
            const struct span *a = first->stay + i, *b = other->stay + j;
            uint64_t from = a->from.at > b->from.at ? a->from.at : b->from.at, to = a->to.at < b->to.at ? a->to.at : b->to.at;
            if (a->bridge && b->bridge && !strcmp(a->bridge, b->bridge) && to > from) r->talk += to - from;
        }
    struct mark end = first->requested.at ? first->requested : first->end;
    struct channel *who = NULL;
    for (int i = 0; i < call->count; i++) {
        struct channel *c = call->channels[i];
        if (c->requested.at && (!who || c->requested.at < who->requested.at)) who = c;
        if (c->up.at && c->end.at > end.at) end = c->end;
        struct leg *leg = r->legs + r->leg_count++;
        *leg = (struct leg){again(c->id), again(c->name), again(c->number), again(c->caller), NULL, again(c->cause_text),
                            c == first ? "caller" : c == other ? "callee" : "rung", c->created.at, c->ringing.at, c->up.at, c->end.at, 0, 0};
        if (c->stays) leg->bridged_from = c->stay[0].from.at, leg->bridged_to = c->stay[c->stays - 1].to.at;
        for (int d = 0; d < call->dialled; d++) if (call->dials[d].to == c) leg->status = again(call->dials[d].status);
    }
    r->id = again(call->id);
    r->direction = is_long(first->number) ? "inbound" : is_long(first->asked) ? "outbound" : "internal";
    r->disposition = other ? "ANSWERED" : first->requested.at ? "CANCELED" : "NO_ANSWER";
    r->ended_by = !who ? "system" : who == first ? "caller" : "callee";
    r->caller = again(first->number);
    r->caller_name = again(first->caller);
    r->callee = again(first->asked);
    r->answered_by = other ? again(other->number) : NULL;
    r->agent = other ? again(other->name) : NULL;
    r->recording = again(call->recording);
    r->account = again(first->account);
    r->started = first->created.at;
    r->answered = first->up.at;
    r->ended = end.at;
    r->billable = first->up.at ? end.at - first->up.at : 0;
    r->cause = first->cause;
    note(r, "started_at", "Newchannel", first->created, "the call's first channel");
    note(r, "direction", "Newchannel", first->created, "the first line leads outside");
    note(r, "caller", "Newchannel", first->created, "caller id of the first line of the call");
    note(r, "callee", "Newchannel", first->created, "the extension at the call's start");
    if (first->up.at) note(r, "answered_at", "Newstate", first->up, "first time up");
    if (other) note(r, "answered_by", "BridgeEnter", other->up, "the first person heard");
    note(r, "disposition", "DialEnd", other ? other->up : end, "somebody was reached, or not");
    note(r, "ended_at", "Hangup", end, "the last party left");
    note(r, "hungup_by", "HangupRequest", who ? who->requested : end, "the first side to hang up");
    note(r, "hangup_cause", "Hangup", first->end, "cause of the first channel");
    if (call->recording) note(r, "recordings", "MixMonitorStart", first->created, "recording began");
    return r;
}
static void drop(struct record *r) {
    char *texts[] = {r->id, r->caller, r->caller_name, r->callee, r->answered_by, r->agent, r->recording, r->account};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    for (int i = 0; i < r->leg_count; i++) {
        struct leg *l = r->legs + i;
        free(l->id), free(l->channel), free(l->number), free(l->name), free(l->status), free(l->cause);
    }
    free(r);
}
static void finish(struct call *call) {
    struct record *r = tell(call);
    checked += r->leg_count + r->evidence_count;
    drop(r);
    told++;
    for (int i = 0; i < call->count; i++) {
        struct channel *c = call->channels[i], **place = &channels[hash_of(c->id, c->id_length)];
        while (*place != c) place = &(*place)->next;
        *place = c->next;
        for (int s = 0; s < c->stays; s++) free(c->stay[s].bridge);
        free(c->id), free(c->linked), free(c->name), free(c->number), free(c->caller), free(c->account);
        free(c->context), free(c->exten), free(c->asked), free(c->cause_text), free(c);
    }
    for (int i = 0; i < call->dialled; i++) free(call->dials[i].text), free(call->dials[i].status);
    *call_place(call->id, call->id_length) = call->next;
    free(call->id), free(call->recording), free(call);
}

static void on_event(const struct header *h, int n) {
    const struct header *event = find_header(h, n, "Event"), *id, *linked;
    events++;
    position += 400; /* where it stands, as evidence has it */
    if (!event) return;
    if (says(event, "UserEvent")) {
        over |= says(find_header(h, n, "UserEvent"), "AllSent");
        return;
    }
    if (says(event, "Cdr")) {
        id = find_header(h, n, "UniqueID");
        struct channel *c = id ? *channel_place(id) : NULL;
        if (c && !c->call->alive) finish(c->call);
        return;
    }
    int is_dial = says(event, "DialBegin") || says(event, "DialEnd") || says(event, "DialState");
    id = find_header(h, n, is_dial ? "DestUniqueid" : "Uniqueid");
    linked = find_header(h, n, is_dial ? "DestLinkedid" : "Linkedid");
    if (!id || !linked) return;
    if (is_doubtful(h, n)) {
        refused++;
        return;
    }
    clock_now = time_in(find_header(h, n, "Timestamp"));
    struct channel *c = *channel_place(id);
    if (says(event, "Newchannel")) {
        if (!c && (c = new_channel(h, n, id, linked))) look(c, h, n);
        return;
    }
    if (!c) return;
    if (is_dial) {
        struct call *call = c->call;
        const struct header *from = find_header(h, n, "Uniqueid");
        if (says(event, "DialBegin") && call->dialled < 16)
            call->dials[call->dialled++] = (struct dial){from ? *channel_place(from) : NULL, c, copy(find_header(h, n, "DialString")), NULL, now(), {0, 0}};
        for (int i = 0; says(event, "DialEnd") && i < call->dialled; i++)
            if (call->dials[i].to == c && !call->dials[i].status) call->dials[i].status = copy(find_header(h, n, "DialStatus")), call->dials[i].end = now();
        return;
    }
    look(c, h, n);
    if (says(event, "BridgeEnter") && c->stays < 8)
        c->stay[c->stays++] = (struct span){now(), {0, 0}, copy(find_header(h, n, "BridgeUniqueid"))};
    else if (says(event, "BridgeLeave") && c->stays) c->stay[c->stays - 1].to = now();
    else if (says(event, "HangupRequest")) c->requested = now();
    else if (says(event, "VarSet")) {
        if (says(find_header(h, n, "Variable"), "MIXMONITOR_FILENAME")) renew(&c->call->recording, find_header(h, n, "Value"));
    } else if (says(event, "Hangup")) {
        c->end = now();
        c->cause = number_in(find_header(h, n, "Cause"));
        c->cause_text = copy(find_header(h, n, "Cause-txt"));
        c->call->alive--;
    }
}

static void begin(void) { events = told = refused = 0; }
static void report(double seconds) {
    printf("{\"events\": %ld, \"calls\": %ld, \"refused\": %ld", events, told, refused);
    if (seconds >= 0) printf(", \"events_s\": %.0f", (double)events / seconds);
    else printf(", \"parts\": %ld", checked);
    puts("}");
}
