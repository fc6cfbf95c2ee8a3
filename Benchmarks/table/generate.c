// Writes a listing as /proc/net/ip_vs_conn prints it, every row of another connection, to the standard output.
// Usage: generate ROWS ipv4|mixed
//
// ipv4: rows of TCP and UDP over IPv4. mixed: of 16 rows one is SCTP, one has a persistence engine, four are IPv6.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const states[] = {"ESTABLISHED", "ESTABLISHED", "TIME_WAIT", "FIN_WAIT", "SYN_RECV",
                                     "CLOSE",       "TIME_WAIT",   "ESTABLISHED"};

// Each number has another result, and neighbours are far apart: rows come in the order of a hash table.
static uint32_t scatter(uint32_t number) {
    number *= 0x9e3779b1;
    number ^= number >> 15;
    return number * 0x85ebca6b;
}

static void ipv6(char *text, unsigned net, unsigned host) {
    sprintf(text, "fd00:%04x:0000:0000:0000:0000:%04x:%04x", net, host >> 16, host & 0xffff);
}

int main(int argc, char **argv) {
    if (argc != 3 || (strcmp(argv[2], "ipv4") && strcmp(argv[2], "mixed"))) {
        fprintf(stderr, "usage: generate ROWS ipv4|mixed\n");
        return 64;
    }
    uint32_t rows = strtoul(argv[1], NULL, 10);
    int is_mixed = !strcmp(argv[2], "mixed");
    puts("Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData");
    for (uint32_t number = 0; number < rows; number++) {
        uint32_t hash = scatter(number), other = scatter(hash ^ 0x5bd1e995);
        // The number's low 16 bits in the port and the rest in the address: no two rows are of one connection.
        unsigned client = 0x0a000000 | (number >> 16) << 12 | (hash & 0xfff), port = number & 0xffff;
        unsigned server = 10 * (1 + other % 3), expires = (other >> 8) % 900;
        const char *state = states[other >> 29];
        int kind = is_mixed ? hash >> 28 : 15;
        if (kind == 0) {
            printf("SCTP %08X %04X C0A87A64 2328 0A0A0A%02X 2328 %-11s %7u\n", client, port, server, state, expires);
        } else if (kind == 1) {
            printf("UDP %08X %04X C0A87A64 13C4 0A0A0A%02X 13C4 UDP         %7u sip %08x%08x@192.168.122.1\n", client, port,
                   server, expires, hash, other);
        } else if (kind < 6) {
            char from[40], to[40], real[40];
            ipv6(from, 0x122, client);
            ipv6(to, 0x122, 0x100);
            ipv6(real, 0x10, server);
            printf("TCP %s %04X %s 0050 %s 0050 %-11s %7u\n", from, port, to, real, state, expires);
        } else if ((other >> 20 & 15) == 0) {
            printf("UDP %08X %04X C0A87A64 0035 0A0A0A%02X 0035 UDP         %7u\n", client, port, server, expires);
        } else {
            printf("TCP %08X %04X C0A87A64 0050 0A0A0A%02X 0050 %-11s %7u\n", client, port, server, state, expires);
        }
    }
    return ferror(stdout) || fflush(stdout) ? 74 : 0;
}
