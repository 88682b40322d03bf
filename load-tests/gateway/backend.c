/* The upstream of the comparison: answers every HTTP/1.1 request with 1 kB, faster than any proxy asks. One thread, epoll, keep-alive;
 * it reads no more of a request than where its head ends, so it serves requests without a body only.
 *   cc -O2 -o backend backend.c && ./backend 9000 */
#define _GNU_SOURCE /* accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY 1024
#define CONNECTIONS 65536
#define BATCH 64

static char answers[BATCH * (BODY + 128)];
static size_t answer;
static unsigned char seen[CONNECTIONS]; /* how much of CR LF CR LF the last bytes of a connection were */

static void prepare(void) {
    char body[BODY + 1];
    memset(body, 'x', BODY);
    body[BODY] = 0;
    answer = (size_t) sprintf(answers, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", BODY, body);
    for (int i = 1; i < BATCH; i++) memcpy(answers + i * answer, answers, answer);
}

static int requests(int fd, const char *bytes, ssize_t length) {
    int found = 0;
    unsigned char state = seen[fd];
    for (ssize_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (c == '\r') state = state == 2 ? 3 : 1;
        else if (c == '\n') state = state == 1 ? 2 : state == 3 ? 4 : 0;
        else state = 0;
        if (state == 4) { found++; state = 0; }
    }
    seen[fd] = state;
    return found;
}

static int write_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t n = write(fd, bytes, length);
        if (n < 0 && errno == EAGAIN) { usleep(50); continue; }
        if (n <= 0) return -1;
        bytes += n;
        length -= (size_t) n;
    }
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 2) { fprintf(stderr, "backend PORT\n"); return 2; }
    prepare();
    int one = 1, server = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((unsigned short) atoi(argv[1]))};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(server, (struct sockaddr *) &at, sizeof at) || listen(server, 1024)) { perror("backend"); return 1; }
    int poll = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = server}, events[256];
    epoll_ctl(poll, EPOLL_CTL_ADD, server, &event);
    static char in[65536];
    for (;;) {
        int ready = epoll_wait(poll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == server) {
                int client;
                while ((client = accept4(server, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                    if (client >= CONNECTIONS) { close(client); continue; }
                    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                    seen[client] = 0;
                    event.events = EPOLLIN;
                    event.data.fd = client;
                    epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
                }
                continue;
            }
            ssize_t n = read(fd, in, sizeof in);
            if (n < 0 && errno == EAGAIN) continue;
            int left = n > 0 ? requests(fd, in, n) : 0;
            int failed = n <= 0;
            while (!failed && left > 0) {
                int now = left < BATCH ? left : BATCH;
                failed = write_all(fd, answers, (size_t) now * answer) != 0;
                left -= now;
            }
            if (failed) close(fd);
        }
    }
}
