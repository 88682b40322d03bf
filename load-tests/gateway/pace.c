/* GET requests at an even pace (one every 1/RATE s, whatever became of those before), the load of the latency comparison. A request takes the
 * connection that has been idle for longest; when none is, it waits, and its time counts from when it was due: nothing is omitted. One
 * thread, keep-alive connections, answers with a Content-Length of a few kB. Writes the nanoseconds of each request after the warm-up, one
 * a line, and fails on any other status than 200.
 *   cc -O2 -o pace pace.c && ./pace PORT RATE SECONDS WARM_UP_SECONDS CONNECTIONS FILE */
#define _GNU_SOURCE /* memmem, strcasestr */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define ANSWER 16384
#define CONNECTIONS 1024

struct connection {
    int fd;
    int64_t due; /* of the request under way, in ns */
    size_t read;
    char answer[ANSWER + 1];
};

static struct connection connections[CONNECTIONS];
static struct connection *idle[CONNECTIONS]; /* a ring */
static unsigned idle_first, idle_count;

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void rest(struct connection *connection) {
    idle[(idle_first + idle_count++) % CONNECTIONS] = connection;
}

static void ask(const char *request, size_t length, int64_t due) {
    struct connection *connection = idle[idle_first];
    idle_first = (idle_first + 1) % CONNECTIONS;
    idle_count--;
    connection->due = due;
    connection->read = 0;
    if (write(connection->fd, request, length) != (ssize_t) length) fail("write");
}

/* Whether the answer is whole. */
static int whole(struct connection *connection) {
    ssize_t n = read(connection->fd, connection->answer + connection->read, ANSWER - connection->read);
    if (n <= 0) fail("read");
    connection->read += (size_t) n;
    connection->answer[connection->read] = 0;
    char *end = memmem(connection->answer, connection->read, "\r\n\r\n", 4);
    if (!end) return 0;
    char *field = strcasestr(connection->answer, "\r\ncontent-length:");
    if (strncmp(connection->answer, "HTTP/1.1 200", 12) != 0 || !field || field > end) {
        fprintf(stderr, "answered: %.*s\n", (int) (end - connection->answer), connection->answer);
        exit(1);
    }
    return connection->read == (size_t) (end + 4 - connection->answer) + strtoul(field + 17, NULL, 10);
}

int main(int argc, char **argv) {
    if (argc != 7) { fprintf(stderr, "pace PORT RATE SECONDS WARM_UP_SECONDS CONNECTIONS FILE\n"); return 2; }
    int count = atoi(argv[5]), one = 1;
    double rate = atof(argv[2]);
    if (count < 1 || count > CONNECTIONS || rate <= 0) { fprintf(stderr, "at most %d connections\n", CONNECTIONS); return 2; }
    FILE *file = fopen(argv[6], "w");
    if (!file) fail(argv[6]);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short) atoi(argv[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    char request[128];
    size_t length = (size_t) snprintf(request, sizeof request, "GET / HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n", argv[1]);
    int poll = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN}, events[256];
    for (int i = 0; i < count; i++) {
        connections[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(connections[i].fd, (struct sockaddr *) &at, sizeof at)) fail("connect");
        setsockopt(connections[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.data.ptr = &connections[i];
        epoll_ctl(poll, EPOLL_CTL_ADD, connections[i].fd, &event);
        rest(&connections[i]);
    }
    event.data.ptr = NULL;
    epoll_ctl(poll, EPOLL_CTL_ADD, timer, &event);
    prctl(PR_SET_TIMERSLACK, 1);

    int64_t begin = now(), measured = begin + (int64_t) (atof(argv[4]) * 1e9), end = measured + (int64_t) (atof(argv[3]) * 1e9);
    int64_t next = begin;
    for (int64_t asked = 0; next < end || idle_count < (unsigned) count;) {
        while (next <= now() && next < end && idle_count > 0) {
            ask(request, length, next);
            next = begin + (int64_t) ((double) ++asked * 1e9 / rate);
        }
        if (next < end && idle_count > 0) {
            struct itimerspec wake = {.it_value = {.tv_sec = next / 1000000000, .tv_nsec = next % 1000000000}};
            timerfd_settime(timer, TFD_TIMER_ABSTIME, &wake, NULL);
        }
        int ready = epoll_wait(poll, events, 256, 10000);
        if (ready <= 0) fail("no answer within 10 s");
        for (int i = 0; i < ready; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection) {
                uint64_t expired;
                if (read(timer, &expired, sizeof expired) < 0) continue; /* set anew meanwhile */
            } else if (whole(connection)) {
                if (connection->due >= measured) fprintf(file, "%lld\n", (long long) (now() - connection->due));
                rest(connection);
            }
        }
    }
    return fclose(file) == 0 ? 0 : 1;
}
