# FTP, passive and active: control connections are judged, and data connections traced and counted beside them.
# lab: product
. "$lib/product.sh"

modprobe ip_vs_ftp
for number in 10 20 30; do on "rs${number%0}" ftp-server "10.10.10.$number" 5000; done
add_service '-t 192.168.122.100:21 -s rr' '-r 10.10.10.N:21 -m'

# Each file takes a control connection and a data connection.
trace files on client sh -c 'for option in "--disable-epsv" "--epsv" "-P - --disable-eprt" "-P - --eprt"; do for i in 1 2 3; do
        curl -s -m 10 $option -o /dev/null -w "%{size_download}\n" ftp://192.168.122.100/file; done; done'
expect_equal "whole files" "$(lines_with '^5000$' "$LAB_OUT/files-load.txt")" 12
expect_equal "rows of data connections" "$(awk '$5 ~ /^192/ && $5 !~ /:(21|80)$/' "$LAB_OUT/files-connections.txt" | wc -l)" 12
expect_equal "those of them that the real server opened" "$(awk '$5 ~ /:20$/' "$LAB_OUT/files-connections.txt" | wc -l)" 6
expect_pass files tcp/192.168.122.100:21
expect_equal "control connections, which alone are scheduled" "$(counted files tcp/192.168.122.100:21 | awk '/^all/ { print $2 }')" 12
expect_equal "data connections, how they ended, and those with every packet on both sides" "$(sqlite3 "$database" \
    "SELECT count(*), min(outcome), max(outcome), sum(vip_in_packets = dip_in_packets AND vip_out_packets = dip_out_packets)
    FROM connections WHERE origin = 'ftp_data'")" '12|closed|closed|12'
