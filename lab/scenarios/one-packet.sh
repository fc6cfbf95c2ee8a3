# One-packet scheduling: every datagram is a connection of its own, in no table, and its answer leaves untranslated.
# lab: product
. "$lib/product.sh"

servers serve udp 10.10.10.N 9000
add_service '-u 192.168.122.100:9000 -s rr --ops' '-r 10.10.10.N:9000 -m'

trace datagrams on client messages ask udp 192.168.122.100 9000 192.168.122.1:{40001,40002} --count 6 --from-anybody
expect_equal "datagrams answered" "$(lines_with 'answered' "$LAB_OUT/datagrams-load.txt")" 12
expect_pass datagrams udp/192.168.122.100:9000
expect_match "what the kernel counted" "$(counted datagrams udp/192.168.122.100:9000)" '^all 12 12 0 720 0$'
expect_json "what differs" "$LAB_OUT/datagrams.json" '.virtual_services[] | select(.assignments > 0).audit.explained' '{}'
expect_equal "rows of the connection table" "$(tail -n +3 "$LAB_OUT/datagrams-connections.txt")" ''
