# Twenty thousand entries that stay, and others that come and go: counted, found in the table, and read in a tenth of the time.
# lab: product
. "$lib/product.sh"

invent_clients
servers hold udp 10.10.10.N 9000
add_service '-u 192.168.122.100:9000 -s rr' '-r 10.10.10.N:9000 -m'

# An entry takes over a new timeout with its next packet, so the first ones keep their five minutes.
trace busy bash -euc 'on client forge flood udp 192.168.122.100:9000 --count 20000 --per-second 10000
    on director ipvsadm --set 900 120 2
    on client forge flood udp 192.168.122.100:9000 --count 3000 --per-second 1000 --first 30000'
expect_pass busy udp/192.168.122.100:9000
expect_equal "connections of the kernel" "$(counted busy udp/192.168.122.100:9000 | awk '/^all/ { print $2 }')" 23000
expect_equal "rows of the table" "$(lines_with '^UDP' "$LAB_OUT/busy-connections.txt")" 20000
expect_json "rows of the table, and those that are ours" "$LAB_OUT/busy.json" "$(audit_of udp/192.168.122.100:9000)"' |
    "\(.table.rows) \(.table.matched)"' '20000 20000'

note "a collector beside the twenty thousand"
start_collector
sleep 6
fetch /metrics >"$LAB_OUT/metrics.txt"
share=$(awk -v now="$(date +%s.%N)" '$1 == "ipvscope_table_read_seconds_total" { spent = $2 }
    $1 == "ipvscope_collector_start_time_seconds" { begun = $2 }
    END { print spent == "" ? "not told" : 100 * spent / (now - begun) }' "$LAB_OUT/metrics.txt")
expect_match "percent of the time spent on reading the table" "$share" '^[0-9](\.[0-9]+)?$'
kill "$collector"
wait "$collector"
