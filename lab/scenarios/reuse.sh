# Client ports used again: the kernel schedules more connections than its table has rows, and ours are as many.
# lab: product
. "$lib/product.sh"
database=$LAB_OUT/ipvscope.sqlite

note "1500 connections from 300 client ports"
on client sysctl -qw net.ipv4.ip_local_port_range='40000 40299'
expect_exit 0 on director ipvscope run "${vip_and_dip[@]}" --name reuse --database "$database" --record "$LAB_OUT/record" -- \
    on client ab -q -n 1500 -c 50 http://192.168.122.100/
cp "$complained" "$LAB_OUT/load.txt"
grep -E 'Complete|Failed' "$LAB_OUT/load.txt"
expect_match "ab" "$(<"$LAB_OUT/load.txt")" 'Complete requests: +1500$'

on director ipvsadm -Lnc >"$LAB_OUT/ipvsadm-connections.txt"
rows=$(grep -c '^TCP' "$LAB_OUT/ipvsadm-connections.txt")
conns=$(kernel_conns_total -t "$service")
note "the kernel scheduled $conns connections; its table has $rows rows"
expect_more "connections of the kernel, compared with the $rows rows" "$conns" "$rows"

expect_exit 0 ipvscope verify --run last --format json --database "$database"
cp "$printed" "$LAB_OUT/verdict.json"
expect_everything_accounted_for "$LAB_OUT/verdict.json"
expect_json "port reuse is among the explained differences" "$LAB_OUT/verdict.json" \
    '.virtual_services[0].audit.explained | has("port_reuse")' true
jq -c '.virtual_services[0].audit' "$LAB_OUT/verdict.json"
