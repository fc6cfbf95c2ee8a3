# A client port used again in every state of its entry: only TIME_WAIT and CLOSE are scheduled anew, and none without conn_reuse_mode.
# lab: product
. "$lib/product.sh"

invent_clients
# These real servers complete handshakes and never close.
servers hold tcp 10.10.10.N 9000
add_service '-t 192.168.122.100:9000 -s rr' '-r 10.10.10.N:9000 -m'

for mode in 1 0; do
    set_kernel director "net.ipv4.vs.conn_reuse_mode=$mode"
    # In order: SYN_RECV, ESTABLISHED, CLOSE_WAIT, FIN_WAIT, TIME_WAIT, CLOSE; then SYN again. Two clients, so that round robin is judged.
    for client in 172.16.0.{1,2}$mode; do
        cat <<END
$client:4001 9000 syn syn
$client:4002 9000 syn ack syn
$client:4003 9000 syn ack fin syn
$client:4004 80 syn ack get ack syn
$client:4005 80 syn ack get fin ack syn
$client:4006 80 syn ack rst syn
END
    done >"$TMPDIR/script"
    trace "mode-$mode" on client forge talk 192.168.122.100 "$TMPDIR/script"
    total=0
    for port in 9000 80; do
        expect_pass "mode-$mode" "tcp/192.168.122.100:$port"
        # Those of the trace before are still there: the connection table tells them.
        entries=$(awk -v port=":$port$" '$1 == "TCP" { here = $2 ~ port } $1 == "->" && here { active += $5; inactive += $6 }
            END { print active, inactive }' "$LAB_OUT/mode-$mode-services.txt")
        expect_json "active and inactive connections to port $port, the kernel's and ours" "$LAB_OUT/mode-$mode.json" \
            "$(audit_of "tcp/192.168.122.100:$port")"' | [.active.kernel, .inactive.kernel, .active.traced, .inactive.traced] |
            join(" ")' "$entries $entries"
        total=$((total + $(counted "mode-$mode" "tcp/192.168.122.100:$port" | awk '/^all/ { print $2 }')))
    done
    expect_equal "connections of the kernel in mode $mode" "$total" $((12 + 4 * mode))
done
