/* Yardstick for the whole way: events, a small record a call, one SQLite commit with synchronous=FULL, one POST a call.
 *
 *   whole PBX_PORT CRM_PORT CONNECTIONS DATABASE
 *
 * One thread. The calls that one read ended are committed together before the first of them is posted; delivered ones are
 * marked with the next commit. So a crash loses no call and repeats some POSTs: what Hookswitch promises, with less told.
 */
#include "yardstick.h"
#include <sqlite3.h>

struct call { struct call *next; int length, channels; char id[32], number[32], dialled[32], recording[160], agent[64], status[16], cause[8]; };
struct job { char *body; int length; sqlite3_int64 row; };
struct connection { int fd; struct job job; };
static struct call *table[65536];
static struct job *jobs;
static size_t taken, committed, made, room;
static sqlite3_int64 *delivered;
static size_t delivered_count, delivered_room;
static sqlite3 *database;
static sqlite3_stmt *insert, *mark;
static int over;
static long posts;

static void keep(char *to, size_t size, const struct header *from) {
    size_t n = from ? (size_t)from->value_length : 0;
    if (n >= size) n = size - 1;
    if (n) memcpy(to, from->value, n);
    to[n] = 0;
}
static void tell(const struct call *c) {
    if (made == room) jobs = realloc(jobs, (room = room * 2 + 4096) * sizeof *jobs);
    struct job job = {malloc(640), 0, 0};
    job.length = snprintf(job.body, 640, "{\"linkedid\":\"%s\",\"caller\":\"%s\",\"callee\":\"%s\",\"recording\":\"%s\",\"agent\":\"%s\",\"disposition\":\"%s\",\"cause\":\"%s\"}",
                          c->id, c->number, c->dialled, c->recording, c->agent, c->status, c->cause);
    jobs[made++] = job;
}
static void on_event(const struct header *h, int n) {
    const struct header *event = find_header(h, n, "Event"), *id = find_header(h, n, "Linkedid");
    if (!event) return;
    if (!id || id->value_length > 31) {
        over |= says(event, "UserEvent");
        return;
    }
    struct call **place = &table[hash_of(id->value, id->value_length)], *c;
    while (*place && !((*place)->length == id->value_length && !memcmp((*place)->id, id->value, (size_t)id->value_length))) place = &(*place)->next;
    c = *place;
    if (says(event, "Newchannel")) {
        if (!c) {
            *place = c = calloc(1, sizeof *c);
            keep(c->id, sizeof c->id, id);
            c->length = id->value_length;
            keep(c->number, sizeof c->number, find_header(h, n, "CallerIDNum"));
            keep(c->dialled, sizeof c->dialled, find_header(h, n, "Exten"));
        }
        c->channels++;
    } else if (!c) return;
    else if (says(event, "VarSet")) {
        if (says(find_header(h, n, "Variable"), "MIXMONITOR_FILENAME")) keep(c->recording, sizeof c->recording, find_header(h, n, "Value"));
    } else if (says(event, "DialEnd")) {
        keep(c->status, sizeof c->status, find_header(h, n, "DialStatus"));
        keep(c->agent, sizeof c->agent, find_header(h, n, "DestChannel"));
    } else if (says(event, "Hangup")) {
        keep(c->cause, sizeof c->cause, find_header(h, n, "Cause"));
        if (--c->channels) return;
        tell(c);
        *place = c->next;
        free(c);
    }
}
static void run(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL)) { fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(database)); exit(1); }
}
static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) { fprintf(stderr, "%s\n", sqlite3_errmsg(database)); exit(1); }
    sqlite3_reset(statement);
}
static void commit(void) {
    if (committed == made && !delivered_count) return;
    run("BEGIN IMMEDIATE");
    while (delivered_count) (sqlite3_bind_int64(mark, 1, delivered[--delivered_count]), step(mark));
    for (; committed < made; committed++) {
        sqlite3_bind_text(insert, 1, jobs[committed].body, jobs[committed].length, SQLITE_STATIC);
        step(insert);
        jobs[committed].row = sqlite3_last_insert_rowid(database);
    }
    run("COMMIT");
}

int main(int argc, char **argv) {
    if (argc < 5) return 2;
    int count = atoi(argv[3]), idle = count, poller = epoll_create1(0);
    if (sqlite3_open(argv[4], &database)) return 1;
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("CREATE TABLE calls(id INTEGER PRIMARY KEY, is_delivered INTEGER, body TEXT)");
    sqlite3_prepare_v2(database, "INSERT INTO calls(is_delivered, body) VALUES (0, ?)", -1, &insert, NULL);
    sqlite3_prepare_v2(database, "UPDATE calls SET is_delivered = 1 WHERE id = ?", -1, &mark, NULL);
    struct connection *all = calloc((size_t)count, sizeof *all), **free_ones = calloc((size_t)count, sizeof *free_ones);
    for (int i = 0; i < count; i++) {
        free_ones[i] = all + i;
        all[i].fd = connect_to(atoi(argv[2]));
        watch(poller, EPOLL_CTL_ADD, all[i].fd, EPOLLIN, all + i);
    }
    int pbx = connect_to(atoi(argv[1]));
    watch(poller, EPOLL_CTL_ADD, pbx, EPOLLIN, NULL);
    send_all(pbx, LOGIN, strlen(LOGIN));
    static char buffer[1 << 19], text[2048];
    size_t have = 0;
    struct epoll_event ready[256];
    while (!(over && taken == made && idle == count)) {
        int n = epoll_wait(poller, ready, 256, 10000);
        if (n <= 0) fail("epoll_wait");
        for (int i = 0; i < n; i++) {
            struct connection *c = ready[i].data.ptr;
            if (c) {
                if (read(c->fd, text, sizeof text) < 12 || memcmp(text, "HTTP/1.1 200", 12)) fail("answer");
                posts++;
                if (delivered_count == delivered_room) delivered = realloc(delivered, (delivered_room = delivered_room * 2 + 1024) * sizeof *delivered);
                delivered[delivered_count++] = c->job.row;
                free(c->job.body);
                free_ones[idle++] = c;
                continue;
            }
            ssize_t got = read(pbx, buffer + have, 65536);
            if (got <= 0) fail("pbx");
            have += (size_t)got;
            size_t used = each_message(buffer, have, on_event);
            memmove(buffer, buffer + used, have -= used);
            commit();
        }
        while (idle && taken < committed) {
            struct connection *c = free_ones[--idle];
            c->job = jobs[taken++];
            int length = snprintf(text, sizeof text, "POST /crm HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", c->job.length, c->job.body);
            send_all(c->fd, text, (size_t)length);
        }
    }
    commit();
    send_all(pbx, HANDLED_ALL, strlen(HANDLED_ALL));
    printf("{\"posts\": %ld}\n", posts);
    usleep(20000);
    return 0;
}
