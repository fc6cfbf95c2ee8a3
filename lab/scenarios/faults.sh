# A cluster with faults: round robin goes on being obeyed, and our counts go on being the kernel's.
# lab: product
. "$lib/product.sh"
database=$LAB_OUT/ipvscope.sqlite
# Nine clients at once, each giving up after a few seconds.
load='for i in 1 2 3 4 5 6 7 8 9; do curl -s -m 4 -o /dev/null http://192.168.122.100/ & done; wait; true'

traced() { # NAME
    note "$1"
    expect_exit 0 on director ipvscope run "${vip_and_dip[@]}" --name "$1" --database "$database" --format json -- \
        on client sh -c "$load"
    cp "$printed" "$LAB_OUT/$1.json"
    expect_json "$1: connections, ours beside the kernel's" "$LAB_OUT/$1.json" \
        '.virtual_services[0].audit | [.captured, .kernel_conns, .unexplained, .closed] | @csv' '9,9,0,true'
    jq -c '.virtual_services[0].audit.explained' "$LAB_OUT/$1.json"
}

# Of the connections scheduled in that run: real servers still answer clients of the run before.
outcomes() { # RUN-NAME
    sqlite3 "$database" "SELECT outcome, count(*) FROM connections JOIN run ON run.id = run_id WHERE run.name = '$1' AND is_assignment
        GROUP BY outcome ORDER BY outcome"
}

traced healthy
expect_equal "outcomes" "$(outcomes healthy)" 'closed|9'

on director sysctl -qw net.ipv4.ip_forward=0
traced replies-not-forwarded
expect_json "the cause" "$LAB_OUT/replies-not-forwarded.json" \
    '.virtual_services[0].audit.explained | has("reply_not_forwarded")' true
on director sysctl -qw net.ipv4.ip_forward=1

on director ipvsadm -C
on director ipvsadm -A -t "$service" -s rr
for number in 10 20 30; do on director ipvsadm -a -t "$service" -r "10.10.10.$number:81" -m; done
traced port-closed
expect_equal "outcomes" "$(outcomes port-closed)" 'refused|9'
