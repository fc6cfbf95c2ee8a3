// The least that a program on libpcap does: reads capture files packet by packet, and says how many there were.
#include <pcap/pcap.h>
#include <stdio.h>

int main(int count, char **paths) {
    unsigned long long packets = 0, bytes = 0;
    for (int path = 1; path < count; path++) {
        char message[PCAP_ERRBUF_SIZE];
        pcap_t *capture = pcap_open_offline_with_tstamp_precision(paths[path], PCAP_TSTAMP_PRECISION_NANO, message);
        if (!capture) { fprintf(stderr, "%s\n", message); return 66; }
        struct pcap_pkthdr *header;
        const unsigned char *data;
        int status;
        while ((status = pcap_next_ex(capture, &header, &data)) == 1) packets++, bytes += header->len;
        if (status != PCAP_ERROR_BREAK) { fprintf(stderr, "%s: %s\n", paths[path], pcap_geterr(capture)); return 65; }
        pcap_close(capture);
    }
    printf("{\"packets\":%llu,\"bytes\":%llu}\n", packets, bytes);
    return 0;
}
