/* Asterisk's side of the manager: answers a login and any action, then streams calls.
 *
 *   pbx -p PORT -n CALLS [-u] [-w WINDOW] [-r RATE] [-g MS] [-H MS] [-l LOG] [-d FILE]
 *
 *   -u  the calls are not recorded: other events stand where recording is told
 *   -w  calls in progress at once, their events interleaved (50)
 *   -r  calls ended a second; without it, as fast as the reader takes them
 *   -g  begin MS after the login; without it, when the reader pings with "Step: go"
 *   -H  bring all calls up at once, hold them for MS, then end them
 *   -l  a line a call: its number, and when its last event was written (CLOCK_MONOTONIC, ns)
 *   -d  write the stream to FILE and exit
 *
 * A call is 36 events: an inbound trunk call, recorded, dialled to an agent, answered, bridged, hung up, its Cdr last.
 * Its events are a tenth of a second apart by their timestamps, and the last call ends now: a long stream began a while ago. Ids and
 * Cdr go by the same clock, in UTC. Call k's channels have the counters 2k and 2k+1, so that a receiver finds k in any body with an id.
 */
#include "yardstick.h"
#include <poll.h>
#define EVENTS 36
/* The events that a Cdr counts from, as cdr.c does: the caller's Newchannel, Newstate (up) and Hangup. */
enum { BEGINS = 0, CALLS = 9, IS_ANSWERED = 19, ENDS = 34 };
#define STEP_US 100000

static struct { char *bytes; size_t length, room; } stream, reply;
static void add(__typeof__(stream) *to, const char *format, ...) {
    va_list list;
    if (to->room - to->length < 8192) to->bytes = realloc(to->bytes, to->room = to->room * 2 + 16384);
    va_start(list, format);
    to->length += (size_t)vsnprintf(to->bytes + to->length, 8192, format, list);
    va_end(list);
}

/* ---- one call's events ---- */
struct call { long k; int64_t began_us; char trunk[64], phone[64], first[48], second[48], number[24], agent[8], bridge[48]; };
enum { TRUNK, PHONE };
static int unrecorded;
static int64_t clock_us; /* of the event being written */

static struct call named(long k, int64_t began_us) {
    struct call c = {.k = k, .began_us = began_us};
    snprintf(c.trunk, sizeof c.trunk, "PJSIP/trunk-in-%08lx", 2 * k);
    snprintf(c.phone, sizeof c.phone, "PJSIP/agent%02ld-%08lx", k % 60, 2 * k + 1);
    snprintf(c.first, sizeof c.first, "%lld.%ld", (long long)began_us / 1000000, 2 * k);
    snprintf(c.second, sizeof c.second, "%lld.%ld", (long long)(began_us + CALLS * STEP_US) / 1000000, 2 * k + 1);
    snprintf(c.number, sizeof c.number, "+1555%07ld", k % 10000000);
    snprintf(c.agent, sizeof c.agent, "11%02ld", k % 60);
    snprintf(c.bridge, sizeof c.bridge, "%08lx-7b1d-4c0e-8a55-%012lx", (k * 2654435761u) & 0xFFFFFFFF, k);
    return c;
}
/* The channel snapshot as Asterisk writes it; `as` is the header prefix. */
static void channel(const struct call *c, const char *as, int who, int state, int priority) {
    static const char *words[] = {"Down", "Rsrvd", "OffHook", "Dialing", "Ring", "Ringing", "Up"};
    int trunk = who == TRUNK, up = state == 6;
    add(&stream, "%sChannel: %s\r\n%sChannelState: %d\r\n%sChannelStateDesc: %s\r\n", as, trunk ? c->trunk : c->phone, as, state, as, words[state]);
    add(&stream, "%sCallerIDNum: %s\r\n%sCallerIDName: %s\r\n", as, trunk ? c->number : c->agent, as, trunk ? "ACME Widgets Ltd" : "Agent Smith");
    add(&stream, "%sConnectedLineNum: %s\r\n%sConnectedLineName: %s\r\n", as, trunk ? up ? c->agent : "<unknown>" : c->number,
        as, trunk ? up ? "Agent Smith" : "<unknown>" : "ACME Widgets Ltd");
    add(&stream, "%sLanguage: en\r\n%sAccountCode: sales\r\n%sContext: %s\r\n%sExten: %s\r\n%sPriority: %d\r\n%sUniqueid: %s\r\n%sLinkedid: %s\r\n",
        as, as, as, trunk ? "from-trunk" : "from-internal", as, trunk ? "18005550100" : c->agent, as, priority,
        as, trunk ? c->first : c->second, as, c->first);
}
static void event(const char *name) {
    int is_dialplan = !strcmp(name, "VarSet") || !strcmp(name, "Newexten"), is_cdr = !strcmp(name, "Cdr");
    add(&stream, "Event: %s\r\nPrivilege: %s,all\r\nTimestamp: %lld.%06lld\r\n", name, is_cdr ? "cdr" : is_dialplan ? "dialplan" : "call",
        (long long)clock_us / 1000000, (long long)clock_us % 1000000);
}
/* The second of a step of the call, as a Cdr writes it. */
static const char *civil(const struct call *c, int step) {
    static char texts[4][32];
    static int next;
    time_t at = (c->began_us + step * STEP_US) / 1000000;
    char *text = texts[next++ % 4];
    strftime(text, sizeof *texts, "%Y-%m-%d %H:%M:%S", gmtime(&at));
    return text;
}
static void about(const struct call *c, const char *name, int who, int state, int priority) {
    event(name);
    channel(c, "", who, state, priority);
}
static void variable(const struct call *c, int who, int state, int priority, const char *name, const char *value) {
    about(c, "VarSet", who, state, priority);
    add(&stream, "Variable: %s\r\nValue: %s\r\n", name, value);
}
static void runs(const struct call *c, int priority, const char *application, const char *data) {
    about(c, "Newexten", TRUNK, 4, priority);
    add(&stream, "Extension: 18005550100\r\nApplication: %s\r\nAppData: %s\r\n", application, data);
}
static void bridge(const struct call *c, const char *name, int channels) {
    event(name);
    add(&stream, "BridgeUniqueid: %s\r\nBridgeType: basic\r\nBridgeTechnology: simple_bridge\r\nBridgeCreator: <unknown>\r\n"
        "BridgeName: <unknown>\r\nBridgeNumChannels: %d\r\nBridgeVideoSourceMode: none\r\n", c->bridge, channels);
}
static void dial(const struct call *c, const char *name, int phone_state) {
    about(c, name, TRUNK, 4, 3);
    channel(c, "Dest", PHONE, phone_state, 1);
}
static void device(const char *name, const char *state) {
    event("DeviceStateChange");
    add(&stream, "Device: PJSIP/%s\r\nState: %s\r\n", name, state);
}
static void one_event(long k, int64_t began_us, int step) {
    struct call call = named(k, began_us), *c = &call;
    char text[160], agent[16];
    snprintf(agent, sizeof agent, "agent%02ld", k % 60);
    if (step == 8) snprintf(text, sizeof text, "PJSIP/%s,30,tT", agent);
    else snprintf(text, sizeof text, "%s2026/11/21/in-%.23s-%010ld.wav%s", step == 6 ? "/var/spool/asterisk/monitor/" : "", c->number, k, step == 5 ? ",b" : "");
    switch (step) {
    case BEGINS: about(c, "Newchannel", TRUNK, 4, 1); break;
    case 1: device("trunk-in", "INUSE"); break;
    case 2: variable(c, TRUNK, 4, 1, "SIPDOMAIN", "pbx.example.com"); break;
    case 3: runs(c, 1, "Set", "CRM_LEAD=L-00042"); break;
    case 4: variable(c, TRUNK, 4, 1, "CRM_LEAD", "L-00042"); break;
    case 5: runs(c, 2, "MixMonitor", text); break;
    case 6: variable(c, TRUNK, 4, 2, unrecorded ? "CRM_FILENAME" : "MIXMONITOR_FILENAME", text); break;
    case 7: about(c, unrecorded ? "NewConnectedLine" : "MixMonitorStart", TRUNK, 4, 2); break;
    case 8: runs(c, 3, "Dial", text); break;
    case CALLS: about(c, "Newchannel", PHONE, 0, 1); break;
    case 10: about(c, "NewConnectedLine", PHONE, 0, 1); break;
    case 11: variable(c, PHONE, 0, 1, "DIALEDPEERNUMBER", c->agent); break;
    case 12: dial(c, "DialBegin", 0); add(&stream, "DialString: %s\r\n", agent); break;
    case 13: about(c, "Newstate", PHONE, 5, 1); break;
    case 14: dial(c, "DialState", 5); add(&stream, "DialStatus: RINGING\r\n"); break;
    case 15: device(agent, "RINGING"); break;
    case 16: about(c, "Newstate", PHONE, 6, 1); break;
    case 17: about(c, "NewConnectedLine", TRUNK, 4, 3); break;
    case 18: dial(c, "DialEnd", 6); add(&stream, "DialStatus: ANSWER\r\n"); break;
    case IS_ANSWERED: about(c, "Newstate", TRUNK, 6, 3); break;
    case 20: variable(c, TRUNK, 6, 3, "DIALSTATUS", "ANSWER"); break;
    case 21: variable(c, TRUNK, 6, 3, "DIALEDPEERNAME", c->phone); break;
    case 22: bridge(c, "BridgeCreate", 0); break;
    case 23: bridge(c, "BridgeEnter", 1); channel(c, "", PHONE, 6, 1); break;
    case 24: bridge(c, "BridgeEnter", 2); channel(c, "", TRUNK, 6, 3); break;
    case 25: variable(c, TRUNK, 6, 3, "BRIDGEPEER", c->phone); break;
    case 26: variable(c, PHONE, 6, 1, "BRIDGEPEER", c->trunk); break;
    case 27: about(c, "HangupRequest", PHONE, 6, 1); add(&stream, "Cause: 16\r\n"); break;
    case 28: bridge(c, "BridgeLeave", 1); channel(c, "", PHONE, 6, 1); break;
    case 29: bridge(c, "BridgeLeave", 0); channel(c, "", TRUNK, 6, 3); break;
    case 30: bridge(c, "BridgeDestroy", 0); break;
    case 31: snprintf(text, sizeof text, "%d", (31 - IS_ANSWERED) * STEP_US / 1000000); variable(c, TRUNK, 6, 3, "ANSWEREDTIME", text); break;
    case 32: about(c, unrecorded ? "NewConnectedLine" : "MixMonitorStop", TRUNK, 6, 3); break;
    case 33: case ENDS: about(c, "Hangup", step == 33 ? PHONE : TRUNK, 6, step == 33 ? 1 : 3);
             add(&stream, "Cause: 16\r\nCause-txt: Normal Clearing\r\n"); break;
    case 35:
        event("Cdr");
        add(&stream, "AccountCode: sales\r\nSource: %s\r\nDestination: 18005550100\r\nDestinationContext: from-trunk\r\n"
            "CallerID: \"ACME Widgets Ltd\" <%s>\r\nChannel: %s\r\nDestinationChannel: %s\r\nLastApplication: Dial\r\nLastData: PJSIP/%s,30,tT\r\n"
            "StartTime: %s\r\nAnswerTime: %s\r\nEndTime: %s\r\nDuration: %d\r\nBillableSeconds: %d\r\n"
            "Disposition: ANSWERED\r\nAMAFlags: DOCUMENTATION\r\nUniqueID: %s\r\nUserField: \r\n", c->number, c->number, c->trunk, c->phone, agent,
            civil(c, BEGINS), civil(c, IS_ANSWERED), civil(c, ENDS), (ENDS - BEGINS) * STEP_US / 1000000, (ENDS - IS_ANSWERED) * STEP_US / 1000000, c->first);
        break;
    }
    add(&stream, "\r\n");
}

/* ---- the whole stream ---- */
static struct { long k; size_t end; uint64_t written; } *ends;
static long ended;
static size_t hold_at;

static void generate(long calls, long window, int hold) {
    long *k = malloc(sizeof *k * (size_t)window), next = 0, turns = (calls / window + 2) * EVENTS;
    int64_t *began = malloc(sizeof *began * (size_t)window), start = (int64_t)time(NULL) * 1000000 - turns * STEP_US;
    int *step = malloc(sizeof *step * (size_t)window);
    ends = calloc((size_t)calls + 1, sizeof *ends);
    /* A call starts where the one before it in its place ended; at first the places start one after another. */
    for (long i = 0; i < window; i++) (k[i] = -1, step[i] = hold ? 0 : -(int)(i * EVENTS / window));
    for (int turn = 0; ended < calls; turn++) {
        if (hold && turn == 27) hold_at = stream.length;
        for (long i = 0; i < window; i++) {
            if (k[i] < 0) {
                if (step[i] < 0) { step[i]++; continue; }
                if (next == calls) continue;
                k[i] = next++;
                began[i] = start + (int64_t)turn * STEP_US + i * STEP_US / window;
            }
            clock_us = start + (int64_t)turn * STEP_US + i * STEP_US / window;
            one_event(k[i], began[i], step[i]);
            /* The Cdr follows the last Hangup at once. */
            if (step[i] == ENDS) one_event(k[i], began[i], ++step[i]);
            if (++step[i] < EVENTS) continue;
            ends[ended].k = k[i];
            ends[ended++].end = stream.length;
            k[i] = -1;
            step[i] = 0;
        }
    }
    add(&stream, "Event: UserEvent\r\nPrivilege: user,all\r\nUserEvent: AllSent\r\n\r\n");
    free(began);
    free(k);
    free(step);
}

/* ---- actions ---- */
static int logged_in, go, handled;
static uint64_t login_at;

static void on_action(const struct header *h, int n) {
    const struct header *action = find_header(h, n, "Action"), *id = find_header(h, n, "ActionID");
    char tag[300] = "";
    if (!action) return;
    if (id) snprintf(tag, sizeof tag, "ActionID: %.*s\r\n", id->value_length > 250 ? 250 : id->value_length, id->value);
    if (says(action, "Login")) {
        add(&reply, "Response: Success\r\n%sMessage: Authentication accepted\r\n\r\n", tag);
        logged_in = 1;
        login_at = nanoseconds();
        fprintf(stderr, "login %llu\n", (unsigned long long)login_at);
    } else if (says(action, "Challenge")) add(&reply, "Response: Success\r\n%sChallenge: 271828182\r\n\r\n", tag);
    else if (says(action, "Ping")) {
        add(&reply, "Response: Success\r\n%sPing: Pong\r\nTimestamp: %ld.000000\r\n\r\n", tag, (long)time(NULL));
        if (says(find_header(h, n, "Step"), "go")) go = 1;
        if (says(find_header(h, n, "Step"), "all-handled")) handled = 1;
    } else if (says(action, "CoreShowChannels") || says(action, "Status") || says(action, "BridgeList") || says(action, "ParkedCalls"))
        add(&reply, "Response: Success\r\n%sEventList: start\r\nMessage: Follows\r\n\r\nEvent: %.*s%s\r\n%sEventList: Complete\r\nListItems: 0\r\n\r\n",
            tag, action->value_length, action->value, "Complete", tag);
    else if (says(action, "CoreSettings"))
        add(&reply, "Response: Success\r\n%sAMIversion: 11.0.0\r\nAsteriskVersion: 22.1.0\r\nSystemName: \r\nCoreCDRenabled: Yes\r\n\r\n", tag);
    else if (says(action, "CoreStatus"))
        add(&reply, "Response: Success\r\n%sCoreStartupDate: 2026-11-18\r\nCoreStartupTime: 00:00:01\r\nCoreCurrentCalls: 0\r\n\r\n", tag);
    else add(&reply, "Response: Success\r\n%sMessage: OK\r\n\r\n", tag);
}

int main(int argc, char **argv) {
    int port = 0, option;
    long calls = 0, window = 50, gap = -1, hold = -1;
    double rate = 0;
    const char *log = NULL, *dump = NULL;
    while ((option = getopt(argc, argv, "p:n:uw:r:g:H:l:d:")) > 0) switch (option) {
        case 'p': port = atoi(optarg); break;
        case 'n': calls = atol(optarg); break;
        case 'u': unrecorded = 1; break;
        case 'w': window = atol(optarg); break;
        case 'r': rate = atof(optarg); break;
        case 'g': gap = atol(optarg); break;
        case 'H': hold = atol(optarg); break;
        case 'l': log = optarg; break;
        case 'd': dump = optarg; break;
        default: return 2;
        }
    signal(SIGPIPE, SIG_IGN);
    generate(calls, hold >= 0 ? calls : window, hold >= 0);
    if (dump) {
        FILE *file = fopen(dump, "w");
        if (!file || fwrite(stream.bytes, 1, stream.length, file) != stream.length || fclose(file)) fail(dump);
        printf("{\"calls\": %ld, \"events\": %ld, \"bytes\": %zu}\n", calls, calls * EVENTS + 1, stream.length);
        return 0;
    }
    int listener = listen_at(port, 0);
    fprintf(stderr, "ready\n");
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
    close(listener);
    no_delay(fd);
    add(&reply, "Asterisk Call Manager/11.0.0\r\n");

    static char input[65536];
    size_t have = 0, sent = 0, allowed = 0;
    long logged = 0;
    int booted = 0;
    uint64_t begun = 0, written = 0, all_handled = 0, hold_until = 0;
    while (!(written && all_handled && !reply.length)) {
        uint64_t now = nanoseconds();
        if (logged_in && !booted && now - login_at > 3000000) {
            add(&reply, "Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 4242\r\nLastReload: 4242\r\nStatus: Fully Booted\r\n\r\n");
            booted = 1;
        }
        if (!begun && booted && !reply.length && calls && (go || (gap >= 0 && now - login_at > (uint64_t)gap * 1000000))) begun = now;
        if (begun && sent < stream.length) {
            long due = rate > 0 ? (long)((double)(now - begun) / 1e9 * rate) : calls;
            allowed = due >= calls ? stream.length : due ? ends[due - 1].end : 0;
            if (hold >= 0 && !hold_until) {
                if (sent == hold_at) {
                    hold_until = now + (uint64_t)hold * 1000000;
                    fprintf(stderr, "holding %llu\n", (unsigned long long)now);
                }
                allowed = hold_at;
            }
            if (hold_until && now < hold_until) allowed = hold_at;
        }
        int wants = reply.length || (begun && sent < allowed);
        struct pollfd p = {.fd = fd, .events = (short)(POLLIN | (wants ? POLLOUT : 0))};
        poll(&p, 1, wants ? 1000 : begun && !written ? 1 : 10);
        if (p.revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t got = read(fd, input + have, sizeof input - have);
            if (got == 0 || (got < 0 && errno != EAGAIN)) break;
            if (got > 0) {
                have += (size_t)got;
                size_t used = each_message(input, have, on_action);
                memmove(input, input + used, have -= used);
            }
            if (handled && !all_handled) all_handled = nanoseconds();
        }
        if (!(p.revents & POLLOUT)) continue;
        /* An answer goes between two messages. */
        int between = sent == 0 || sent == stream.length || !memcmp(stream.bytes + sent - 4, "\r\n\r\n", 4);
        if (reply.length && between) {
            ssize_t took = write(fd, reply.bytes, reply.length);
            if (took > 0) memmove(reply.bytes, reply.bytes + took, reply.length -= (size_t)took);
        } else if (begun && sent < stream.length) {
            size_t end = allowed;
            if (reply.length) end = (size_t)((char *)memmem(stream.bytes + sent - 3, stream.length - sent + 3, "\r\n\r\n", 4) + 4 - stream.bytes);
            if (end <= sent) continue;
            ssize_t took = write(fd, stream.bytes + sent, end - sent > 262144 ? 262144 : end - sent);
            if (took < 0) continue;
            sent += (size_t)took;
            now = nanoseconds();
            while (logged < ended && ends[logged].end <= sent) ends[logged++].written = now;
            if (sent == stream.length) written = now;
        }
    }
    double span = all_handled ? (double)(all_handled - begun) / 1e9 : 0;
    printf("{\"calls\": %ld, \"bytes\": %zu, \"begun_ns\": %llu, \"written_ns\": %llu, \"events_s\": %.0f}\n", calls, sent,
           (unsigned long long)begun, (unsigned long long)written, span > 0 ? (double)(calls * EVENTS + 1) / span : 0);
    if (log) {
        FILE *file = fopen(log, "w");
        if (!file) fail(log);
        for (long i = 0; i < logged; i++) fprintf(file, "%ld,%llu\n", ends[i].k, (unsigned long long)ends[i].written);
        fclose(file);
    }
    return 0;
}
