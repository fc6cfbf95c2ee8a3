// Sends a capture file's packets on an interface as fast as one core can: send INTERFACE FILE
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <time.h>

enum { batch = 256 };

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    perror(what);
    exit(71);
}

/// Sends all of `messages`; a full queue is tried again.
static void sendAll(int socket, struct mmsghdr *messages, int count) {
    for (int sent = 0; sent < count;) {
        int some = sendmmsg(socket, messages + sent, count - sent, 0);
        if (some > 0) sent += some;
        else if (errno != ENOBUFS && errno != EAGAIN) fail("sendmmsg");
    }
}

int main(int count, char **arguments) {
    if (count != 3) {
        fputs("usage: send INTERFACE FILE\n", stderr);
        return 64;
    }
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET, .sll_protocol = 0, .sll_ifindex = if_nametoindex(arguments[1])};
    if (!address.sll_ifindex) fail(arguments[1]);
    int out = socket(AF_PACKET, SOCK_RAW, 0), bypass = 1;
    if (out < 0 || setsockopt(out, SOL_PACKET, PACKET_QDISC_BYPASS, &bypass, sizeof bypass)
        || bind(out, (struct sockaddr *)&address, sizeof address))
        fail(arguments[1]);

    int file = open(arguments[2], O_RDONLY);
    struct stat status;
    if (file < 0 || fstat(file, &status)) fail(arguments[2]);
    uint8_t *bytes = mmap(NULL, status.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (bytes == MAP_FAILED) fail(arguments[2]);
    if (status.st_size < 24 || *(uint32_t *)bytes != 0xa1b23c4d) {
        fprintf(stderr, "%s: not a capture of this machine's byte order with nanosecond times\n", arguments[2]);
        return 65;
    }

    static struct mmsghdr messages[batch];
    static struct iovec parts[batch];
    unsigned long long packets = 0;
    int waiting = 0;
    double began = now();
    for (uint8_t *place = bytes + 24; place < bytes + status.st_size;) {
        uint32_t length = ((uint32_t *)place)[2];
        parts[waiting] = (struct iovec){place + 16, length};
        messages[waiting].msg_hdr = (struct msghdr){.msg_iov = &parts[waiting], .msg_iovlen = 1};
        place += 16 + length;
        packets++;
        if (++waiting == batch) sendAll(out, messages, waiting), waiting = 0;
    }
    sendAll(out, messages, waiting);
    printf("{\"packets\":%llu,\"seconds\":%.6f}\n", packets, now() - began);
    return 0;
}
