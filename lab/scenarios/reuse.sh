# Client ports used again: the kernel schedules more connections than its table has rows, and ours are as many.
# lab: product
. "$lib/product.sh"

note "1500 connections from 300 client ports"
on client sysctl -qw net.ipv4.ip_local_port_range='40000 40299'
trace reuse on client ab -q -n 1500 -c 50 http://192.168.122.100/
grep -E 'Complete|Failed' "$LAB_OUT/reuse-load.txt"
expect_match "ab" "$(<"$LAB_OUT/reuse-load.txt")" 'Complete requests: +1500$'

rows=$(lines_with '^TCP' "$LAB_OUT/reuse-connections.txt")
conns=$(kernel_conns_total -t "$service")
note "the kernel scheduled $conns connections; its table has $rows rows"
expect_more "connections of the kernel, compared with the $rows rows" "$conns" "$rows"

expect_everything_accounted_for "$LAB_OUT/reuse.json"
expect_json "port reuse is among the explained differences" "$LAB_OUT/reuse.json" \
    '.virtual_services[0].audit.explained | has("port_reuse")' true
jq -c '.virtual_services[0].audit' "$LAB_OUT/reuse.json"
