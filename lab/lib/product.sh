# shellcheck shell=bash
# What the scenarios that use ipvscope share.

vip_and_dip=(--vip-interface eth0 --dip-interface eth1)
database=$LAB_OUT/ipvscope.sqlite
# "TCP 01:58  TIME_WAIT …" becomes "TCP --:--  TIME_WAIT …".
without_expiry() { sed -E 's/ [0-9]{2,}:[0-9]{2} / --:-- /'; }

# What a live run and its replay must have in common: all but the run's own name and times.
verdict_alone() { # FILE
    jq --sort-keys 'del(.run)' "$1"
}

# "ADDRESS:PORT COUNT" of each real server, by address.
our_assignments() { # VERDICT-FILE SERVICE
    jq -r --arg service "$2" '.virtual_services[] | select(.virtual_service == $service) | .real_servers[]
        | "\(.real_server) \(.assignments)"' "$1" | sort
}

expect_json() { # WHAT FILE JQ-EXPRESSION EXPECTED
    expect_equal "$1" "$(jq -r "$3" "$2")" "$4"
}

# Verdict pass, and every connection counted the same by packets and by the kernel.
expect_everything_accounted_for() { # VERDICT-FILE
    expect_json "verdict" "$1" .verdict pass
    expect_equal "assignments of each real server, ours beside ipvsadm's" \
        "$(our_assignments "$1" "tcp/$service")" "$(kernel_conns -t "$service")"
    expect_json "the audit is closed" "$1" '.virtual_services[0].audit.closed' true
    expect_json "packets dropped" "$1" '.virtual_services[0].audit.packets_dropped' 0
    expect_json "unexplained connections" "$1" '.virtual_services[0].audit.unexplained' 0
    expect_json "unexplained assignments" "$1" '.virtual_services[0].conformance.unexplained | length' 0
    expect_json "reasons" "$1" '.virtual_services[0].reasons | length' 0
}

replay() { # RECORDING DATABASE OPTION...
    ipvscope replay --vip "$1/vip.pcap" --dip "$1/dip.pcap" --kernel "$1/kernel.jsonl" --database "$2" "${@:3}"
}

# -- one trace: a load under `ipvscope run` ------------------------------------------------------------------------

# Leaves, in $LAB_OUT: NAME.json (the verdict), NAME/ (the recording), NAME-load.txt (what the load printed), and what
# ipvsadm says: NAME-before.txt and NAME-after.txt (statistics), NAME-services.txt, NAME-connections.txt.
trace() { # NAME COMMAND...
    note "$1"
    on director ipvsadm -Ln --stats --exact >"$LAB_OUT/$1-before.txt"
    expect_exit '0|98' on director ipvscope run "${vip_and_dip[@]}" --name "$1" --database "$database" \
        --record "$LAB_OUT/$1" --format json -- "${@:2}"
    cp "$printed" "$LAB_OUT/$1.json"
    cp "$complained" "$LAB_OUT/$1-load.txt"
    until counters_are_settled; do sleep 0.3; done
    on director ipvsadm -Ln --stats --exact >"$LAB_OUT/$1-after.txt"
    on director ipvsadm -Ln >"$LAB_OUT/$1-services.txt"
    on director ipvsadm -Lnc >"$LAB_OUT/$1-connections.txt"
}

# Whether what the kernel shows (row "~") has caught up with what each processor counted (the rows before it).
counters_are_settled() {
    local row conns live=0
    while read -r row conns _ && [ "$row" != '~' ]; do live=$((live + 16#$conns)); done \
        < <(on director tail -n +3 /proc/net/ip_vs_stats_percpu)
    [ "$live" = $((16#$conns)) ]
}

# "WHO CONNS INPKTS OUTPKTS INBYTES OUTBYTES" as the kernel counted them during a trace, for the virtual service ("all")
# and each of its real servers.
counted() { # NAME SERVICE
    awk -v service="$2" '
        function take(who, column) {
            for (column = 1; column <= 5; column++) sum[who, column] += (FILENAME == ARGV[1] ? -1 : 1) * $(NF - 5 + column)
            if (FILENAME == ARGV[2]) names[who]
        }
        $1 == "->" { if (here) take($2); next }
        { identity = ($1 == "FWM" ? "fwmark" : tolower($1)) "/" $2 ($3 == "IPv6" ? "/ipv6" : ""); here = identity == service }
        here { take("all") }
        END { for (who in names) print who, sum[who, 1], sum[who, 2], sum[who, 3], sum[who, 4], sum[who, 5] }
        ' "$LAB_OUT/$1-before.txt" "$LAB_OUT/$1-after.txt" | sort
}

# Our assignments are the kernel's, for each real server that it still has, and so are the figures of the audit.
expect_same_counts() { # NAME SERVICE
    local kernel ours
    kernel=$(counted "$1" "$2")
    ours=$(our_assignments "$LAB_OUT/$1.json" "$2")
    printf '   %s\n' "real server, conns, inpkts, outpkts, inbytes, outbytes of $2:" "${kernel//$'\n'/$'\n'   }"
    expect_equal "$1: assignments of $2, ours beside ipvsadm's" "$(grep -F "$(awk '{ print $1 " " }' <<<"$kernel")" <<<"$ours" || true)" \
        "$(awk '$1 != "all" { print $1, $2 }' <<<"$kernel")"
    expect_equal "$1: assignments of $2 in all" "$(awk '{ sum += $2 } END { print sum + 0 }' <<<"$ours")" \
        "$(awk '/^all/ { print $2 }' <<<"$kernel")"
    expect_json "$1: the audit of $2 beside ipvsadm's totals" "$LAB_OUT/$1.json" "$(audit_of "$2")"' |
        [.kernel_conns, .packets.in.kernel, .packets.out.kernel, .bytes.in.kernel, .bytes.out.kernel] | map(tostring) | join(" ")' \
        "$(sed -n 's/^all //p' <<<"$kernel")"
}

# Every connection, packet and byte of the kernel is ours too, or explained.
expect_audit_closed() { # NAME SERVICE
    expect_json "$1: the audit of $2: closed; unexplained connections, packets in and out, bytes in and out; drops" \
        "$LAB_OUT/$1.json" "$(audit_of "$2")"' | [.closed, .unexplained, .packets.in.unexplained, .packets.out.unexplained,
        .bytes.in.unexplained, .bytes.out.unexplained, .packets_dropped] | map(tostring) | join(" ")' 'true 0 0 0 0 0 0'
}

audit_of() { # SERVICE
    printf '.virtual_services[] | select(.virtual_service == "%s") | .audit' "$1"
}

# A virtual service as it should be: counted as the kernel counted, nothing unexplained, and the scheduler obeyed.
expect_pass() { # NAME SERVICE
    expect_same_counts "$1" "$2"
    expect_audit_closed "$1" "$2"
    expect_json "$1: the verdict on $2, and its reasons" "$LAB_OUT/$1.json" \
        ".virtual_services[] | select(.virtual_service == \"$2\") | [.verdict] + .reasons | join(\"; \")" pass
}

# "OUTCOME|COUNT" of the connections scheduled in a trace: real servers still answer clients of the one before.
outcomes() { # NAME
    sqlite3 "$database" "SELECT outcome, count(*) FROM connections JOIN run ON run.id = run_id
        WHERE run.name = '$1' AND is_assignment GROUP BY outcome ORDER BY outcome"
}

# -- a collector in the background ---------------------------------------------------------------------------------

# Sets $collector to its process.
start_collector() { # ends the scenario if it is not ready soon
    ip netns exec director ipvscope collect "${vip_and_dip[@]}" --database "$database" \
        --web.listen-address 127.0.0.1:19100 >"$LAB_OUT/collect.txt" 2>&1 &
    collector=$!
    for _ in $(seq 60); do
        ! fetch /-/ready >/dev/null 2>&1 || return 0
        sleep 0.5
    done
    fail "the collector is not ready after 30 s: $(tail -n 3 "$LAB_OUT/collect.txt")"
}

fetch() { # PATH: from the director, where the collector listens
    on director curl --silent --show-error --fail --max-time 10 "http://127.0.0.1:19100$1"
}

# -- what forwards and what answers --------------------------------------------------------------------------------

PATH=$lib/../tools:$PATH # messages, forge and edit-capture

# A virtual service and its three real servers in the exercise's order, N standing for 10, 20 and 30.
add_service() { # "-u 192.168.122.100:53 -s rr" "-r 10.10.10.N:53 -m"
    {
        echo "-A $1"
        for number in 10 20 30; do echo "-a ${1%% -s*} ${2//N/$number}"; done
    } | on director ipvsadm -R
}

# Servers on the three real servers: `serve` echoes every message, `hold` only takes.
servers() { # serve|hold PROTOCOL ADDRESS-WITH-N PORT
    local number
    for number in 10 20 30; do on "rs${number%0}" messages "$1" "$2" "${3//N/$number}" "$4"; done
}

# What arrives for a port gets a firewall mark; tc does what a firewall would.
mark_ports() { # MARK PORT...
    local protocol port
    modprobe -a sch_ingress cls_flower act_skbedit
    on director tc qdisc add dev eth0 ingress
    for port in "${@:2}"; do
        for protocol in ip ipv6; do
            echo "filter add dev eth0 ingress protocol $protocol flower ip_proto tcp dst_port $port action skbedit mark $1"
        done
    done | on director tc -batch -
}

# Clients that do not exist, 172.16.0.0/12, are behind the client. They may never answer: no real server repeats a SYN-ACK.
invent_clients() {
    local host
    on director ip route add 172.16.0.0/12 via 192.168.122.1
    for host in rs1 rs2 rs3; do set_kernel "$host" net.ipv4.tcp_synack_retries=0; done
}
