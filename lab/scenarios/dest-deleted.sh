# A real server deleted while clients talk to it: their packets are dropped, or with expire_nodest_conn their entries go.
# lab: product
. "$lib/product.sh"

invent_clients
for expire in 0 1; do
    set_kernel director "net.ipv4.vs.expire_nodest_conn=$expire"
    # Four connections, the second to rs2; then rs2 is gone, they go on, and each port is used again.
    client=172.16.0.1$expire
    cat >"$TMPDIR/script" <<END
$client:4001 80 syn ack
$client:4002 80 syn ack
$client:4003 80 syn ack
$client:4004 80 syn ack
! on director ipvsadm -d -t 192.168.122.100:80 -r 10.10.10.20
! sleep 0.5
$client:4001 80 get fin ack
$client:4002 80 get fin ack
$client:4003 80 get fin ack
$client:4004 80 get fin ack
$client:4001 80 syn ack get fin ack
$client:4002 80 syn ack get fin ack
$client:4003 80 syn ack get fin ack
$client:4004 80 syn ack get fin ack
END
    trace "expire-$expire" on client forge talk 192.168.122.100 "$TMPDIR/script"
    # The counters of the deleted real server went with it; only the virtual service's still hold them.
    expect_equal "connections of the kernel" "$(counted "expire-$expire" "tcp/$service" | awk '/^all/ { print $2 }')" $((7 + expire))
    expect_json "assignments, and the verdict" "$LAB_OUT/expire-$expire.json" \
        '.virtual_services[0] | "\(.assignments) \(.verdict)"' "$((7 + expire)) pass"
    expect_audit_closed "expire-$expire" "tcp/$service"
    expect_json "connections, of the kernel and captured, and packets from clients of the kernel" "$LAB_OUT/expire-$expire.json" \
        '.virtual_services[0].audit | "\(.kernel_conns) \(.captured) \(.packets.in.kernel)"' \
        "$((7 + expire)) $((7 + expire)) $(counted "expire-$expire" "tcp/$service" | awk '/^all/ { print $3 }')"
    expect_json "what differs, and why" "$LAB_OUT/expire-$expire.json" \
        '.virtual_services[0].audit.explained | [has("destination_gone"), has("counter_reset")] | join(" ")' 'true false'
    answers=$(sed -n "s/^$client:4002 //p" "$LAB_OUT/expire-$expire-load.txt" | paste -sd,)
    case $expire in
        0) expect_equal "what the client of rs2 hears" "$answers" 'syn SA,ack,get,fin,ack,syn,ack,get,fin,ack' ;;
        1) expect_equal "what the client of rs2 hears" "$answers" 'syn SA,ack,get R,fin R,ack R,syn SA,ack,get A PA FA,fin A,ack' ;;
    esac
    # The director's own TCP resets what no entry leads further; no real server does.
    expect_equal "resets by real servers" "$(outcomes "expire-$expire" | grep reset_by_real_server || true)" ''
    on director ipvsadm -C
    virtual_service
done
