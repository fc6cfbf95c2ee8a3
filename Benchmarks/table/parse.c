// The yardstick: the parser of /proc/net/ip_vs_conn that one would write in C for speed.
//
// Line ends are found with memchr. A plain row of IPv4 is read at its fixed columns, eight digits at a time; any other row is
// split on blanks. Every field is checked. The rows go into arrays of the same layout as ipvscope's, but a row that is
// repeated is kept twice: this parser does not look for repetitions, ipvscope's does.
//
// Usage: parse FILE TIMES
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct row {
    uint32_t client, virtual, server; // The position of the addresses in `wide` stands in `client` if `is_wide`.
    uint16_t client_port, virtual_port, server_port;
    uint8_t transport, state;
    uint32_t expires : 31, is_wide : 1;
};
struct wide {
    uint64_t client[2], virtual[2], server[2];
    uint32_t engine, data; // Where in `text` they begin; 0 is nowhere.
};

static struct row *rows;
static struct wide *wide;
static char *text;
static size_t row_count, row_limit, wide_count, wide_limit, text_count, text_limit, malformed;
static char states[64][12];
static unsigned state_count;

static void *grow(void *array, size_t *limit, size_t size) {
    *limit = *limit ? *limit * 2 : 1024;
    void *grown = realloc(array, *limit * size);
    if (!grown) abort();
    return grown;
}

static uint64_t load(const char *from) {
    uint64_t word;
    memcpy(&word, from, 8);
    return __builtin_bswap64(word);
}

// The value of eight hexadecimal digits in either case; sets `*bad` if one is no digit.
static uint32_t hexadecimal(uint64_t word, uint64_t *bad) {
    const uint64_t ones = 0x0101010101010101;
    uint64_t letters = word >> 6 & ones;
    uint64_t value = (word & ones * 0x0f) + letters * 9;
    uint64_t above_nine = (value + ones * 6) >> 4 & ones;
    *bad |= ((value + ones * 0x30 + above_nine * 7) ^ (word & ~(letters << 5))) | (value & ones * 0xf0);
    value = (value | value >> 4) & 0x00ff00ff00ff00ff;
    value = (value | value >> 8) & 0x0000ffff0000ffff;
    return (uint32_t)(value | value >> 16);
}

static int state_of(const char *name, size_t length) {
    char padded[12] = "           ";
    if (length > 11) return -1;
    memcpy(padded, name, length);
    for (unsigned number = 0; number < state_count; number++)
        if (!memcmp(states[number], padded, 12)) return number;
    if (state_count == 64) return -1;
    memcpy(states[state_count], padded, 12);
    return state_count++;
}

static int plain(const char *line, struct row *row) {
    if (memcmp(line, "TCP ", 4) && memcmp(line, "UDP ", 4)) return 0;
    uint64_t first = load(line + 12), second = load(line + 26), third = load(line + 40), expires = load(line + 57);
    const uint64_t blanks = 0xff00000000ff0000;
    if (((first ^ 0x2000000000200000) | (second ^ 0x2000000000200000) | (third ^ 0x2000000000200000)) & blanks) return 0;
    uint64_t bad = 0;
    row->client = hexadecimal(load(line + 4), &bad);
    row->virtual = hexadecimal(load(line + 18), &bad);
    row->server = hexadecimal(load(line + 32), &bad);
    uint32_t ports = hexadecimal((first << 8 & 0xffffffff00000000) | (second >> 24 & 0xffffffff), &bad);
    row->client_port = ports >> 16;
    row->virtual_port = ports;
    row->server_port = hexadecimal(0x3030303000000000 | (third >> 24 & 0xffffffff), &bad);
    unsigned state = 0;
    while (state < state_count && memcmp(states[state], line + 46, 11)) state++;
    if (bad || state == state_count) return 0;
    // Blanks, then digits: the blanks become zeros.
    int blank_count = __builtin_clzll((expires ^ 0x2020202020202020) | 1) / 8;
    if (blank_count == 0 || blank_count == 8) return 0;
    uint64_t digits = expires << (8 * blank_count) >> (8 * blank_count);
    digits |= 0x3030303030303030 & ~(~0ull >> (8 * blank_count));
    if (((digits & 0xf0f0f0f0f0f0f0f0) ^ 0x3030303030303030) | (((digits + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) ^ 0x3030303030303030))
        return 0;
    uint64_t value = __builtin_bswap64(digits) - 0x3030303030303030;
    value = value * 10 + (value >> 8);
    row->expires = ((value & 0x000000ff000000ff) * 0x000f424000000064 + (value >> 16 & 0x000000ff000000ff) * 0x0000271000000001) >> 32;
    row->transport = line[0] == 'T' ? 6 : 17;
    row->state = state;
    row->is_wide = 0;
    return 1;
}

struct field {
    const char *start;
    size_t length;
};

static struct field field(const char **cursor, const char *end) {
    while (*cursor < end && (unsigned char)**cursor <= ' ') ++*cursor;
    struct field field = {*cursor, 0};
    while (*cursor < end && (unsigned char)**cursor > ' ') ++*cursor;
    field.length = *cursor - field.start;
    return field;
}

// Returns 4 or 6, or 0 if it is no address.
static int address(struct field field, uint64_t *value) {
    uint64_t bad = 0;
    if (field.length == 8) {
        value[0] = 0;
        value[1] = 0xffff00000000 | hexadecimal(load(field.start), &bad);
        return bad ? 0 : 4;
    }
    if (field.length != 39) return 0;
    uint32_t words[4];
    for (int word = 0; word < 4; word++) {
        char eight[8];
        const char *from = field.start + 10 * word;
        if (from[4] != ':' || (word < 3 && from[9] != ':')) return 0;
        memcpy(eight, from, 4);
        memcpy(eight + 4, from + 5, 4);
        words[word] = hexadecimal(load(eight), &bad);
    }
    value[0] = (uint64_t)words[0] << 32 | words[1];
    value[1] = (uint64_t)words[2] << 32 | words[3];
    return bad ? 0 : 6;
}

static int port(struct field field, uint16_t *value) {
    char eight[8] = "0000";
    uint64_t bad = 0;
    if (field.length != 4) return 0;
    memcpy(eight + 4, field.start, 4);
    *value = hexadecimal(load(eight), &bad);
    return !bad;
}

static uint32_t keep(struct field field) {
    while (text_count + field.length + 2 > text_limit) text = grow(text, &text_limit, 1);
    if (!text_count) text[text_count++] = 0;
    uint32_t start = text_count;
    memcpy(text + text_count, field.start, field.length);
    text_count += field.length;
    text[text_count++] = 0;
    return start;
}

static int general(const char *line, const char *end, struct row *row) {
    const char *cursor = line;
    struct field transport = field(&cursor, end);
    if (transport.length == 3 && !memcmp(transport.start, "TCP", 3)) row->transport = 6;
    else if (transport.length == 3 && !memcmp(transport.start, "UDP", 3)) row->transport = 17;
    else if (transport.length == 4 && !memcmp(transport.start, "SCTP", 4)) row->transport = 132;
    else return 0;
    struct wide addresses = {0};
    int families = address(field(&cursor, end), addresses.client);
    if (!families || !port(field(&cursor, end), &row->client_port)) return 0;
    int family = address(field(&cursor, end), addresses.virtual);
    if (!family || !port(field(&cursor, end), &row->virtual_port)) return 0;
    families |= family;
    family = address(field(&cursor, end), addresses.server);
    if (!family || !port(field(&cursor, end), &row->server_port)) return 0;
    families |= family;
    struct field name = field(&cursor, end), expires = field(&cursor, end), engine = field(&cursor, end);
    int state = state_of(name.start, name.length);
    if (!name.length || state < 0 || !expires.length || expires.length > 9) return 0;
    uint32_t seconds = 0;
    for (size_t offset = 0; offset < expires.length; offset++) {
        unsigned digit = expires.start[offset] - '0';
        if (digit > 9) return 0;
        seconds = seconds * 10 + digit;
    }
    row->state = state;
    row->expires = seconds;
    row->client = addresses.client[1];
    row->virtual = addresses.virtual[1];
    row->server = addresses.server[1];
    row->is_wide = families != 4 || engine.length;
    if (!row->is_wide) return 1;
    if (engine.length) {
        addresses.engine = keep(engine);
        addresses.data = keep(field(&cursor, end));
    }
    if (wide_count == wide_limit) wide = grow(wide, &wide_limit, sizeof *wide);
    row->client = wide_count;
    wide[wide_count++] = addresses;
    return 1;
}

static void parse(const char *path) {
    static char buffer[1 << 16];
    int file = open(path, O_RDONLY);
    if (file < 0) {
        perror(path);
        exit(66);
    }
    size_t filled = 0;
    for (;;) {
        ssize_t count = read(file, buffer + filled, sizeof buffer - filled);
        if (count < 0) {
            perror(path);
            exit(74);
        }
        if (!count) break;
        filled += count;
        const char *line = buffer, *end = buffer + filled, *line_end;
        while ((line_end = memchr(line, '\n', end - line))) {
            if (row_count == row_limit) rows = grow(rows, &row_limit, sizeof *rows);
            struct row *row = rows + row_count;
            if ((line_end - line == 65 && plain(line, row)) || general(line, line_end, row)) row_count++;
            else if (memcmp(line, "Pro ", 4)) malformed++;
            line = line_end + 1;
        }
        filled = end - line;
        memmove(buffer, line, filled);
    }
    close(file);
}

static void mix(uint64_t *sum, uint64_t value) { *sum = (*sum ^ value) * 0x100000001b3; }

// What the rows say, in one number, to be compared with another parser's.
static uint64_t checksum(void) {
    uint64_t sum = 0xcbf29ce484222325;
    for (size_t number = 0; number < row_count; number++) {
        struct row *row = rows + number;
        struct wide *far = row->is_wide ? wide + row->client : NULL;
        mix(&sum, row->transport);
        mix(&sum, far ? far->client[0] : 0);
        mix(&sum, far ? far->client[1] : 0xffff00000000 | row->client);
        mix(&sum, row->client_port);
        mix(&sum, far ? far->virtual[0] : 0);
        mix(&sum, far ? far->virtual[1] : 0xffff00000000 | row->virtual);
        mix(&sum, row->virtual_port);
        mix(&sum, far ? far->server[0] : 0);
        mix(&sum, far ? far->server[1] : 0xffff00000000 | row->server);
        mix(&sum, row->server_port);
        for (const char *letter = states[row->state]; *letter > ' '; letter++) mix(&sum, *letter);
        mix(&sum, row->expires);
        if (!far || !far->engine) continue;
        for (const char *letter = text + far->engine; *letter; letter++) mix(&sum, *letter);
        for (const char *letter = text + far->data; *letter; letter++) mix(&sum, *letter);
    }
    return sum;
}

static double cpu_seconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

int main(int argc, char **argv) {
    int times = argc == 3 ? atoi(argv[2]) : 0;
    if (times < 1) {
        fprintf(stderr, "usage: parse FILE TIMES\n");
        return 64;
    }
    double best = 1e9;
    for (int round = 0; round < times; round++) {
        // As a program that reads the table once a while: nothing is left of the last reading but its memory.
        free(rows), free(wide), free(text);
        rows = NULL, wide = NULL, text = NULL;
        row_count = row_limit = wide_count = wide_limit = text_count = text_limit = malformed = 0;
        double start = cpu_seconds();
        parse(argv[1]);
        double took = cpu_seconds() - start;
        if (took < best) best = took;
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%.1f ns/row, %zu rows, %zu malformed, %ld MB, checksum %016" PRIx64 "\n", best * 1e9 / row_count, row_count, malformed,
           usage.ru_maxrss / 1024, checksum());
    return 0;
}
