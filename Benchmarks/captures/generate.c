// Writes what a VS/NAT director sees of many HTTP requests: OUT_vip.pcap and OUT_dip.pcap with nanosecond times, and
// OUT_kernel.json, the reading of the kernel that belongs to them, counters exact. The same seed gives the same bytes.
//
// An ordinary connection is SYN, SYN/ACK, ACK, request, ACK, one to four response segments, ACK, FIN, FIN, ACK. Of all
// connections 1 % repeat the request, 1 % are reset by the client, 0.5 % are refused, 0.3 % are never answered and
// repeat their SYN. Each packet is forwarded after 20 to 80 µs, and never overtakes another of its connection and
// direction. Real servers take turns exactly, IPv4 and IPv6 each for themselves.
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { servers = 3, mostSnapped = 2048 };
enum { fin = 1, syn = 2, rst = 4, psh = 8, ack = 16 };
static const uint64_t microsecond = 1000, millisecond = 1000000, second = 1000000000;
static const uint64_t epoch = 1700000000ull * 1000000000ull;

static uint64_t connections = 100000, rate = 80000, life = 800, rounds = 0, seed = 1;
static unsigned snap = 96, vlan = 0, percentIPv6 = 0, percentFlood = 0;
static int holds = 0, isOneArmed = 0;

// MARK: numbers

/// What becomes of a connection does not depend on how many packets others have: two sequences of chances.
static uint64_t births, ways;

static uint64_t number(uint64_t *state) { // SplitMix64
    uint64_t value = *state += 0x9E3779B97F4A7C15;
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
    value = (value ^ value >> 27) * 0x94D049BB133111EB;
    return value ^ value >> 31;
}

static uint64_t between(uint64_t low, uint64_t high) { return low + number(&ways) % (high - low + 1); }

static unsigned perMille(void) { return number(&births) % 1000; }

// MARK: connections

typedef enum {
    firstSYN, secondSYN, synAck, handshakeAck, request, requestAgain, requestAck, response, responseAck, roundRequest,
    roundResponse, serverFIN, clientFIN, lastAck, clientReset, refusal, over
} Step;

typedef enum { ordinary, reset, refused, unanswered, flooding } Kind;

typedef struct {
    uint64_t lastForwarded[2]; // by direction
    uint64_t number;
    uint32_t next[2]; // sequence numbers, by sender
    uint32_t roundsLeft;
    uint16_t client, clientPort;
    uint8_t server, responsesLeft, isIPv6, repeatsRequest, step, kind;
    uint32_t following; // in the list of free slots
} Connection;

static Connection *all;
static uint32_t slots, freeSlot = UINT32_MAX;

static uint32_t takeSlot(void) {
    if (freeSlot == UINT32_MAX) {
        uint32_t known = slots;
        slots = slots ? slots * 2 : 4096;
        all = realloc(all, slots * sizeof *all);
        if (!all) { perror("generate"); exit(71); }
        for (uint32_t slot = slots; slot-- > known;) all[slot].following = freeSlot, freeSlot = slot;
    }
    uint32_t slot = freeSlot;
    freeSlot = all[slot].following;
    return slot;
}

// MARK: packets that are on their way, the next one first

typedef struct {
    uint64_t time;
    uint32_t slot, sequence, acknowledgement;
    uint16_t payload;
    uint8_t flags;
    uint8_t toClient : 1, isForwarded : 1, isLast : 1;
} Packet;

static Packet *heap;
static size_t heapCount, heapRoom;

static void push(Packet packet) {
    if (heapCount == heapRoom) {
        heapRoom = heapRoom ? heapRoom * 2 : 4096;
        heap = realloc(heap, heapRoom * sizeof *heap);
        if (!heap) { perror("generate"); exit(71); }
    }
    size_t place = heapCount++;
    while (place > 0 && heap[(place - 1) / 2].time > packet.time) {
        heap[place] = heap[(place - 1) / 2];
        place = (place - 1) / 2;
    }
    heap[place] = packet;
}

static Packet pop(void) {
    Packet first = heap[0], moved = heap[--heapCount];
    size_t place = 0;
    for (size_t child; (child = 2 * place + 1) < heapCount; place = child) {
        if (child + 1 < heapCount && heap[child + 1].time < heap[child].time) child++;
        if (heap[child].time >= moved.time) break;
        heap[place] = heap[child];
    }
    heap[place] = moved;
    return first;
}

// MARK: files

typedef struct { uint64_t connections, inPackets, outPackets, inBytes, outBytes; } Counters;

static Counters counters[2][servers];
static FILE *files[2]; // VIP side, DIP side
static uint64_t written[2];
static const uint8_t serverDigits[servers] = {30, 20, 10}; // in the kernel's list order: the last one added is first

static FILE *create(const char *prefix, const char *suffix) {
    char path[4096];
    snprintf(path, sizeof path, "%s%s", prefix, suffix);
    FILE *file = fopen(path, "wb");
    if (!file) { perror(path); exit(73); }
    setvbuf(file, NULL, _IOFBF, 1 << 20);
    return file;
}

static void finish(FILE *file) {
    if (fclose(file)) { perror("generate"); exit(74); }
}

static void put16(uint8_t *to, uint32_t value) { to[0] = value >> 8, to[1] = value; }
static void put32(uint8_t *to, uint32_t value) { put16(to, value >> 16), put16(to + 2, value); }

static uint32_t sum(const uint8_t *bytes, unsigned count, uint32_t so_far) {
    for (unsigned place = 0; place + 1 < count; place += 2) so_far += bytes[place] << 8 | bytes[place + 1];
    return so_far;
}

static uint16_t folded(uint32_t sum) {
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum;
}

static void putAddress(uint8_t *to, int isIPv6, uint64_t client, int server) { // server: -1 client, 0 VIP, else digit
    static const uint8_t vip6[16] = {0xfd, 0, 1, 0x22, [15] = 1}, server6[16] = {0xfd, 0, 0, 0x10};
    if (isIPv6) {
        memcpy(to, server > 0 ? server6 : vip6, 16);
        if (server > 0) to[15] = server;
        if (server < 0) to[15] = 0, put32(to + 8, client);
    } else {
        put32(to, server > 0 ? 0x0a0a0a00u + server : server == 0 ? 0xc0a87a64u : (uint32_t)client);
    }
}

static uint64_t clientAddress(const Connection *connection) {
    return connection->kind == flooding ? 0xc6120000u + connection->number % 131072 // 198.18.0.0/15
                                        : 0x64400000u + (connection->client * 0x9E3779B1u & 0x3fffff); // 100.64.0.0/10
}

/// Writes a packet as its side sees it. The payload is zeros, so that the checksum needs no look at it.
static void store(const Packet *packet, int isDIPSide) {
    const Connection *connection = &all[packet->slot];
    uint8_t bytes[mostSnapped] = {0};
    uint8_t *place = bytes;
    int server = isDIPSide ? serverDigits[connection->server] : 0;
    // Director, and the neighbour on that side.
    uint8_t director[6] = {2, 0, 0, 0, isDIPSide, 1}, neighbour[6] = {2, 0, 0, 0, isDIPSide, 2 + server};
    memcpy(place, packet->toClient == isDIPSide ? director : neighbour, 6);
    memcpy(place + 6, packet->toClient == isDIPSide ? neighbour : director, 6);
    place += 12;
    if (vlan) put16(place, 0x8100), put16(place + 2, vlan), place += 4;
    put16(place, connection->isIPv6 ? 0x86dd : 0x0800), place += 2;

    unsigned tcpLength = packet->flags & syn ? 40 : 32;
    unsigned ipLength = (connection->isIPv6 ? 40 : 20) + tcpLength + packet->payload;
    unsigned width = connection->isIPv6 ? 16 : 4;
    uint8_t *addresses = place + (connection->isIPv6 ? 8 : 12);
    uint64_t client = clientAddress(connection);
    putAddress(addresses, connection->isIPv6, client, packet->toClient ? server : -1);
    putAddress(addresses + width, connection->isIPv6, client, packet->toClient ? -1 : server);
    if (connection->isIPv6) {
        put32(place, 0x60000000), put16(place + 4, tcpLength + packet->payload);
        place[6] = 6, place[7] = 64 - packet->isForwarded, place += 40;
    } else {
        put16(place, 0x4500), put16(place + 2, ipLength), put16(place + 4, packet->sequence), put16(place + 6, 0x4000);
        place[8] = 64 - packet->isForwarded, place[9] = 6;
        put16(place + 10, folded(sum(place, 20, 0)));
        place += 20;
    }
    put16(place, packet->toClient ? 80 : connection->clientPort);
    put16(place + 2, packet->toClient ? connection->clientPort : 80);
    put32(place + 4, packet->sequence), put32(place + 8, packet->acknowledgement);
    place[12] = tcpLength << 2, place[13] = packet->flags, put16(place + 14, 64240);
    uint8_t *option = place + 20;
    if (packet->flags & syn) {
        put32(option, 0x020405b4), put16(option + 4, 0x0402); // MSS 1460, selective acknowledgements
        put32(option + 16, 0x01030307); // window scale 7
        option += 6;
    } else {
        put16(option, 0x0101), option += 2;
    }
    put16(option, 0x080a), put32(option + 2, packet->time / millisecond);
    uint32_t pseudoHeader = sum(addresses, 2 * width, 6 + tcpLength + packet->payload);
    put16(place + 16, folded(sum(place, tcpLength, pseudoHeader)));

    uint32_t length = place - bytes + tcpLength + packet->payload;
    uint32_t header[4] = {packet->time / second, packet->time % second, length < snap ? length : snap, length};
    FILE *file = files[isDIPSide];
    fwrite(header, sizeof header, 1, file);
    fwrite(bytes, header[2], 1, file);
    written[isDIPSide]++;

    // The kernel counts where a packet comes in.
    if (packet->isForwarded) return;
    Counters *counted = &counters[connection->isIPv6][connection->server];
    if (packet->toClient) counted->outPackets++, counted->outBytes += ipLength;
    else counted->inPackets++, counted->inBytes += ipLength;
}

// MARK: lives

static Step following(Connection *connection) {
    switch ((Step)connection->step) {
    case firstSYN:
        if (connection->kind == unanswered) return secondSYN;
        return connection->kind == refused ? refusal : synAck;
    case synAck: return connection->kind == flooding ? over : handshakeAck;
    case handshakeAck: return request;
    case request: return connection->repeatsRequest ? requestAgain : requestAck;
    case requestAgain: return requestAck;
    case requestAck: return response;
    case response: return connection->responsesLeft-- > 1 ? response : responseAck;
    case roundRequest: return roundResponse;
    case responseAck:
    case roundResponse:
        if (connection->roundsLeft > 0) return connection->roundsLeft--, roundRequest;
        if (holds) return over;
        return connection->kind == reset ? clientReset : serverFIN;
    case serverFIN: return clientFIN;
    case clientFIN: return lastAck;
    default: return over;
    }
}

/// When everybody is there, all take part, each at its own time.
static uint64_t roundOfHeld(const Connection *connection) {
    uint64_t start = epoch + connections * second / rate + second, length = life * millisecond / rounds;
    uint64_t place = connection->number * 7919 % connections;
    return start + (rounds - connection->roundsLeft - 1) * length + place * length / connections;
}

/// What the director receives in the connection's step.
///
/// - Parameters:
///   - previous: What it received before.
///   - arrived: When that reached its receiver.
static Packet packetOf(const Packet *previous, uint64_t arrived) {
    Connection *connection = &all[previous->slot];
    Packet packet = {.slot = previous->slot, .flags = ack};
    uint64_t wait = between(50, 150) * microsecond;
    switch ((Step)connection->step) {
    case firstSYN: packet.flags = syn, wait = 0; break;
    case secondSYN: packet.flags = syn, wait = second; break;
    case synAck: packet.flags = syn | ack, packet.toClient = 1; break;
    case request:
    case requestAgain: packet.flags = ack | psh, packet.payload = 80 + connection->number % 80; break;
    case requestAck: packet.toClient = 1; break;
    case response:
        packet.toClient = 1, packet.payload = connection->responsesLeft > 1 ? 1448 : between(200, 1448);
        // The server thinks first; then its segments follow one another.
        if (previous->payload) wait = between(2, 20) * microsecond;
        else if (!rounds) wait = between(life / 4, life / 2) * millisecond;
        break;
    case roundRequest: packet.flags = ack | psh, packet.payload = 100, wait = life * millisecond / rounds; break;
    case roundResponse: packet.flags = ack | psh, packet.payload = 400, packet.toClient = 1; break;
    case serverFIN:
        packet.flags = ack | fin, packet.toClient = 1;
        if (!rounds) wait = between(life / 4, life / 2) * millisecond;
        break;
    case clientFIN: packet.flags = ack | fin; break;
    case lastAck: packet.toClient = 1; break;
    case clientReset: packet.flags = rst | ack; break;
    case refusal: packet.flags = rst | ack, packet.toClient = 1; break;
    case responseAck:
    case handshakeAck:
    case over: break;
    }
    packet.time = (packet.toClient == previous->toClient ? previous->time : arrived) + wait;
    if (holds && connection->step == roundRequest) {
        uint64_t due = roundOfHeld(connection);
        if (due > packet.time - wait) packet.time = due;
    }
    uint32_t *next = &connection->next[packet.toClient];
    uint32_t length = packet.payload + (packet.flags & (syn | fin) ? 1 : 0);
    int isAgain = connection->step == secondSYN || connection->step == requestAgain;
    packet.sequence = isAgain ? *next - length : *next;
    if (!isAgain) *next += length;
    if (packet.flags & ack) packet.acknowledgement = connection->next[!packet.toClient];
    return packet;
}

static void begin(uint64_t order) {
    uint32_t slot = takeSlot();
    Connection *connection = &all[slot];
    static uint64_t turns[2];
    unsigned kind = perMille(), replies = perMille();
    *connection = (Connection){
        .number = order, .next = {(uint32_t)number(&births), (uint32_t)number(&births)},
        .roundsLeft = (uint32_t)rounds, .step = firstSYN, .isIPv6 = perMille() < percentIPv6 * 10,
        .responsesLeft = replies < 50 ? 4 : replies < 150 ? 2 : 1,
        .kind = kind < 10 ? reset : kind < 15 ? refused : kind < 18 ? unanswered : ordinary,
        .repeatsRequest = kind >= 18 && kind < 28};
    if (perMille() < percentFlood * 10) connection->kind = flooding;
    else if (holds) connection->kind = ordinary;
    // 4 096 clients in changing order, each with ports that rise from anywhere; a flood comes from everywhere.
    uint32_t turn = order / 4096;
    connection->client = (order * 1597 + turn * 2311) % 4096;
    connection->clientPort = connection->kind == flooding ? 1024 + order / 131072
                                                          : 1024 + (turn + connection->client * 40503u) % 64512;
    connection->server = turns[connection->isIPv6]++ % servers;
    counters[connection->isIPv6][connection->server].connections++;
    uint64_t due = epoch + order * second / rate;
    push(packetOf(&(Packet){.slot = slot, .time = due}, due));
}

/// Lets a packet leave the director on the other side, and its receiver react.
static void forward(const Packet *packet) {
    Connection *connection = &all[packet->slot];
    Packet forwarded = *packet;
    forwarded.isForwarded = 1;
    forwarded.time += between(20 * microsecond, 80 * microsecond);
    uint64_t *last = &connection->lastForwarded[packet->toClient];
    if (forwarded.time <= *last) forwarded.time = *last + 1;
    *last = forwarded.time;
    connection->step = following(connection);
    forwarded.isLast = connection->step == over;
    push(forwarded);
    if (connection->step != over) push(packetOf(packet, forwarded.time));
}

// MARK: the kernel's reading

static void writeCounters(FILE *file, const Counters *counted) {
    fprintf(file,
            "\"counters\":{\"connections\":%" PRIu64 ",\"in_bytes\":%" PRIu64 ",\"in_packets\":%" PRIu64
            ",\"out_bytes\":%" PRIu64 ",\"out_packets\":%" PRIu64 "}",
            counted->connections, counted->inBytes, counted->inPackets, counted->outBytes, counted->outPackets);
}

static const char noRates[] =
    "\"rates\":{\"connections\":0,\"in_bytes\":0,\"in_packets\":0,\"out_bytes\":0,\"out_packets\":0}";

static void writeService(FILE *file, int isIPv6) {
    Counters total = {0};
    for (int server = 0; server < servers; server++) {
        const Counters *counted = &counters[isIPv6][server];
        total.connections += counted->connections;
        total.inPackets += counted->inPackets, total.outPackets += counted->outPackets;
        total.inBytes += counted->inBytes, total.outBytes += counted->outBytes;
    }
    fprintf(file, "{\"identity\":\"tcp/%s:80\",\"scheduler\":\"rr\",\"flags\":2,\"persistence_prefix_length\":%d,",
            isIPv6 ? "[fd00:122::1]" : "192.168.122.100", isIPv6 ? 128 : 32);
    writeCounters(file, &total);
    fprintf(file, ",\"persistence_timeout\":0,%s,\"real_servers\":[", noRates);
    for (int server = 0; server < servers; server++) {
        fprintf(file, isIPv6 ? "%s{\"endpoint\":\"[fd00:10::%x]:80\"," : "%s{\"endpoint\":\"10.10.10.%d:80\",",
                server ? "," : "", serverDigits[server]);
        writeCounters(file, &counters[isIPv6][server]);
        fprintf(file,
                ",\"forwarding_method\":\"Masq\",\"weight\":1,\"active_connections\":0,\"inactive_connections\":0,"
                "\"persistent_connections\":0,\"lower_threshold\":0,\"upper_threshold\":0,%s}",
                noRates);
    }
    fprintf(file, "]}");
}

static void writeKernel(const char *prefix, uint64_t ended) {
    FILE *file = create(prefix, "_kernel.json");
    fprintf(file,
            "{\"schema\":1,\"observed_at\":%" PRIu64 ",\"version\":\"1.2.1\",\"connection_table_size\":4096,"
            "\"timeouts\":{\"tcp\":900,\"tcp_fin\":120,\"udp\":300},"
            "\"sysctls\":{\"net.ipv4.ip_forward\":\"1\",\"net.ipv4.vs.conn_reuse_mode\":\"1\"},\"virtual_services\":[",
            ended + 3 * second);
    if (percentIPv6 < 100) writeService(file, 0);
    if (percentIPv6 > 0 && percentIPv6 < 100) fputs(",", file);
    if (percentIPv6 > 0) writeService(file, 1);
    fputs("]}\n", file);
    finish(file);
}

// MARK: command line

static const char usage[] =
    "usage: generate OUT [OPTION...]\n"
    "  --connections N  how many (100000)\n"
    "  --rate N         new ones per second (80000)\n"
    "  --life MS        how long each lives, roughly (800)\n"
    "  --rounds N       further requests and answers over its life, two packets each (0)\n"
    "  --hold           none ends: all open first, then take their rounds together, within the life\n"
    "  --flood PERCENT  of the connections that are a SYN nobody stands behind (0)\n"
    "  --ipv6 PERCENT   of the connections (0)\n"
    "  --vlan ID        tag every frame\n"
    "  --snap N         bytes kept of each packet (96)\n"
    "  --one-armed      both sides in one file, OUT_both.pcap\n"
    "  --seed N         (1)\n";

static void parse(int count, char **arguments) {
    static const struct option options[] = {
        {"connections", 1, 0, 'c'}, {"rate", 1, 0, 'r'}, {"life", 1, 0, 'l'}, {"rounds", 1, 0, 'n'},
        {"hold", 0, 0, 'h'}, {"flood", 1, 0, 'f'}, {"ipv6", 1, 0, '6'}, {"vlan", 1, 0, 'v'}, {"snap", 1, 0, 's'},
        {"one-armed", 0, 0, 'o'}, {"seed", 1, 0, 'd'}, {0}};
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
        uint64_t value = optarg ? strtoull(optarg, NULL, 10) : 0;
        switch (option) {
        case 'c': connections = value; break;
        case 'r': rate = value; break;
        case 'l': life = value; break;
        case 'n': rounds = value; break;
        case 'h': holds = 1; break;
        case 'f': percentFlood = value; break;
        case '6': percentIPv6 = value; break;
        case 'v': vlan = value; break;
        case 's': snap = value; break;
        case 'o': isOneArmed = 1; break;
        case 'd': seed = value; break;
        default: fputs(usage, stderr); exit(64);
        }
    }
    if (optind + 1 != count || connections == 0 || rate == 0 || snap < 80 || snap > mostSnapped || vlan > 4095) {
        fputs(usage, stderr);
        exit(64);
    }
}

int main(int count, char **arguments) {
    parse(count, arguments);
    const char *prefix = arguments[optind];
    births = seed, ways = ~seed;
    files[0] = create(prefix, isOneArmed ? "_both.pcap" : "_vip.pcap");
    files[1] = isOneArmed ? files[0] : create(prefix, "_dip.pcap");
    for (int side = 0; side < 2 - isOneArmed; side++) {
        uint32_t header[6] = {0xa1b23c4d, 2 | 4 << 16, 0, 0, snap, 1};
        fwrite(header, sizeof header, 1, files[side]);
    }

    uint64_t begun = 0, now = 0;
    while (heapCount > 0 || begun < connections) {
        while (begun < connections && (heapCount == 0 || heap[0].time >= epoch + begun * second / rate)) {
            begin(begun++);
        }
        Packet packet = pop();
        now = packet.time;
        store(&packet, packet.isForwarded != packet.toClient);
        if (!packet.isForwarded) forward(&packet);
        if (packet.isLast) all[packet.slot].following = freeSlot, freeSlot = packet.slot;
    }

    finish(files[0]);
    if (!isOneArmed) finish(files[1]);
    writeKernel(prefix, now);
    printf("{\"connections\":%" PRIu64 ",\"packets\":%" PRIu64 "}\n", connections, written[0] + written[1]);
    return 0;
}
