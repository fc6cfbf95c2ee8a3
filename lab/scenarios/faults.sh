# A cluster with faults: round robin goes on being obeyed, and our counts go on being the kernel's.
# lab: product
. "$lib/product.sh"
# A real server that repeats its SYN-ACK for a minute would hold the end of the run back.
for host in rs1 rs2 rs3; do set_kernel "$host" net.ipv4.tcp_synack_retries=1; done
# Nine clients at once, each giving up after one repeated SYN.
load='for i in 1 2 3 4 5 6 7 8 9; do curl -s -m 2 -o /dev/null http://192.168.122.100/ & done; wait; true'

traced() { # NAME
    trace "$1" on client sh -c "$load"
    expect_pass "$1" "tcp/$service"
    jq -c '.virtual_services[0].audit.explained' "$LAB_OUT/$1.json"
}

traced healthy
expect_equal "outcomes" "$(outcomes healthy)" 'closed|9'

on director sysctl -qw net.ipv4.ip_forward=0
traced replies-not-forwarded
expect_json "the cause" "$LAB_OUT/replies-not-forwarded.json" \
    '.virtual_services[0].audit.explained | has("reply_not_forwarded")' true
on director sysctl -qw net.ipv4.ip_forward=1

on director ipvsadm -C
add_service "-t $service -s rr" '-r 10.10.10.N:81 -m'
traced port-closed
expect_equal "outcomes" "$(outcomes port-closed)" 'refused|9'
