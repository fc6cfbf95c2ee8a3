# Twenty thousand entries that stay, and others that come and go beside them: counted, and found in the table.
# lab: product
. "$lib/product.sh"

invent_clients
servers hold udp 10.10.10.N 9000
add_service '-u 192.168.122.100:9000 -s rr' '-r 10.10.10.N:9000 -m'

# An entry takes over a new timeout with its next packet, so the first ones keep their five minutes.
trace busy bash -euc 'on client forge flood udp 192.168.122.100:9000 --count 20000 --per-second 10000
    on director ipvsadm --set 900 120 2
    on client forge flood udp 192.168.122.100:9000 --count 4000 --per-second 500 --first 30000'
expect_same_counts busy udp/192.168.122.100:9000
expect_equal "connections of the kernel" "$(counted busy udp/192.168.122.100:9000 | awk '/^all/ { print $2 }')" 24000
expect_audit_closed busy udp/192.168.122.100:9000
expect_json "the service's verdict" "$LAB_OUT/busy.json" '.virtual_services[] | select(.virtual_service | test("udp")) | .verdict' pass
expect_equal "rows of the table" "$(grep -c '^UDP' "$LAB_OUT/busy-connections.txt")" 20000
expect_json "rows of the table, and those that are ours" "$LAB_OUT/busy.json" "$(audit_of udp/192.168.122.100:9000)"' |
    "\(.table.rows) \(.table.matched)"' '20000 20000'
