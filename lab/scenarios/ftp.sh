# Passive FTP: control connections are judged; the data connections that the kernel reads from them are nobody's assignments.
# lab: product
. "$lib/product.sh"

modprobe ip_vs_ftp
for number in 10 20 30; do on "rs${number%0}" ftp-server "10.10.10.$number" 5000; done
add_service '-t 192.168.122.100:21 -s rr' '-r 10.10.10.N:21 -m'

# Each file takes a control connection and a data connection.
trace files on client sh -c 'for option in --disable-epsv --epsv; do for i in 1 2 3; do
        curl -s -m 10 $option -o /dev/null -w "%{size_download}\n" ftp://192.168.122.100/file; done; done'
expect_equal "whole files" "$(lines_with '^5000$' "$LAB_OUT/files-load.txt")" 6
expect_equal "rows of data connections" "$(awk '$5 ~ /^192/ && $5 !~ /:(21|80)$/' "$LAB_OUT/files-connections.txt" | wc -l)" 6
expect_same_counts files tcp/192.168.122.100:21
expect_equal "control connections, which alone are scheduled" "$(counted files tcp/192.168.122.100:21 | awk '/^all/ { print $2 }')" 6

# The kernel counts the packets of data connections for the service. We capture them and know no virtual service for them,
# so they are all that is missing, and the verdict stays open.
packets_of_data() { # FILTER
    tcpdump -nr "$LAB_OUT/files/vip.pcap" "tcp and not port 21 and $1" 2>/dev/null | wc -l
}
expect_json "connections and packets in and out that the kernel counted and we did not" "$LAB_OUT/files.json" \
    "$(audit_of tcp/192.168.122.100:21) |"' [.difference, .packets.in.kernel - .packets.in.captured,
    .packets.out.kernel - .packets.out.captured, .closed] | map(tostring) | join(" ")' \
    "0 $(packets_of_data 'dst 192.168.122.100') $(packets_of_data 'src 192.168.122.100') false"
expect_json "assignments out of turn, and verdict" "$LAB_OUT/files.json" \
    '.virtual_services[] | select(.virtual_service | endswith(":21")) | "\(.conformance.unexplained | length) \(.verdict)"' '0 inconclusive'
