/* The libca client that holds the clock in benchmarks/ca.py, the same one for every server.
 *
 * ca_client watch PREFIX N    connect PREFIX0 ... PREFIX(N-1), subscribe to all, print seconds until all have a value;
 *                             then for every line on stdin print events, lost updates and the lowest last value since,
 *                             and by how many ms the events came after their time stamps: p50, p99 and the worst
 * ca_client ping PV N         N puts, each waiting for its monitor event; print p50 and p99 in ms
 *
 * Values are counters: a step of more than one is that many updates less one lost.
 */
#include <cadef.h>
#include <epicsEvent.h>
#include <epicsMutex.h>
#include <epicsTime.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    int known;
    double last;
} Seen;

static Seen *seen;
static int wanted, first_values;
static long events, lost;
static epicsMutexId guard;
static epicsEventId arrived;
static double expected;

/* Latencies in bins of 10 us; the last bin has all from one second on. */
enum { BIN_US = 10, BINS = 100000 };
static long bins[BINS];

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + now.tv_nsec * 1e-9;
}

static int bin_of(epicsTimeStamp stamp) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    double late = (now.tv_sec - POSIX_TIME_AT_EPICS_EPOCH - (double)stamp.secPastEpoch) + (now.tv_nsec - (double)stamp.nsec) * 1e-9;
    double bin = late * 1e6 / BIN_US;
    return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : (int)bin;
}

/* Returns the latency in ms that a part of the events did not exceed. */
static double latency(double part) {
    long all = 0, below = 0;
    for (int i = 0; i < BINS; i++)
        all += bins[i];
    for (int i = 0; i < BINS; i++)
        if ((below += bins[i]) >= part * all)
            return (i + 1) * BIN_US * 1e-3;
    return 0;
}

static void on_event(struct event_handler_args args) {
    Seen *one = args.usr;
    if (args.status != ECA_NORMAL)
        return;
    const struct dbr_time_double *told = args.dbr;
    double value = told->value;
    int bin = bin_of(told->stamp);
    epicsMutexMustLock(guard);
    bins[bin] += one->known;
    if (!one->known) {
        one->known = 1;
        first_values++;
    } else {
        events++;
        if (value > one->last + 1)
            lost += (long)(value - one->last) - 1;
    }
    one->last = value;
    epicsMutexUnlock(guard);
}

static void on_connection(struct connection_handler_args args) {
    if (args.op == CA_OP_CONN_UP)
        ca_create_subscription(DBR_TIME_DOUBLE, 1, args.chid, DBE_VALUE | DBE_ALARM, on_event, ca_puser(args.chid), 0);
}

static int watch(const char *prefix, int number) {
    char name[64];
    seen = calloc(number, sizeof *seen);
    wanted = number;
    double start = seconds();
    for (int i = 0; i < number; i++) {
        chid channel;
        snprintf(name, sizeof name, "%s%d", prefix, i);
        SEVCHK(ca_create_channel(name, on_connection, &seen[i], 0, &channel), "create");
    }
    ca_flush_io();
    int have = 0;
    while (have < wanted && seconds() - start < 60) {
        usleep(500);
        ca_flush_io();
        epicsMutexMustLock(guard);
        have = first_values;
        epicsMutexUnlock(guard);
    }
    printf("{\"first_values\": %d, \"seconds\": %.4f}\n", have, seconds() - start);
    fflush(stdout);
    char line[64];
    while (fgets(line, sizeof line, stdin)) {
        double lowest = 1e300;
        epicsMutexMustLock(guard);
        for (int i = 0; i < number; i++)
            if (seen[i].last < lowest)
                lowest = seen[i].last;
        printf("{\"events\": %ld, \"lost\": %ld, \"lowest\": %.0f, \"p50\": %.2f, \"p99\": %.2f, \"worst\": %.2f}\n",
               events, lost, lowest, latency(0.5), latency(0.99), latency(1.0));
        events = lost = 0;
        memset(bins, 0, sizeof bins);
        epicsMutexUnlock(guard);
        fflush(stdout);
    }
    return 0;
}

static void on_echo(struct event_handler_args args) {
    if (args.status == ECA_NORMAL && ((const struct dbr_time_double *)args.dbr)->value == expected)
        epicsEventSignal(arrived);
}

static int ascending(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static int ping(const char *name, int number) {
    chid channel;
    double *took = calloc(number, sizeof *took);
    int missed = 0;
    arrived = epicsEventMustCreate(epicsEventEmpty);
    SEVCHK(ca_create_channel(name, 0, 0, 0, &channel), "create");
    SEVCHK(ca_pend_io(10), "connect");
    expected = -1;
    SEVCHK(ca_create_subscription(DBR_TIME_DOUBLE, 1, channel, DBE_VALUE, on_echo, 0, 0), "subscribe");
    ca_flush_io();
    usleep(200000);
    for (int i = 0; i < number; i++) {
        expected = 1000 + i;
        double value = expected, start = seconds();
        SEVCHK(ca_put(DBR_DOUBLE, channel, &value), "put");
        ca_flush_io();
        if (epicsEventWaitWithTimeout(arrived, 5) != epicsEventOK)
            missed++;
        took[i] = (seconds() - start) * 1e3;
    }
    qsort(took, number, sizeof *took, ascending);
    printf("{\"p50\": %.3f, \"p99\": %.3f, \"missed\": %d}\n", took[number / 2], took[number * 99 / 100], missed);
    return 0;
}

int main(int count, char **arguments) {
    if (count != 4)
        return 2;
    signal(SIGPIPE, SIG_IGN);
    guard = epicsMutexMustCreate();
    SEVCHK(ca_context_create(ca_enable_preemptive_callback), "context");
    int number = atoi(arguments[3]);
    int status = strcmp(arguments[1], "ping") ? watch(arguments[2], number) : ping(arguments[2], number);
    fflush(stdout);
    _exit(status);
}
