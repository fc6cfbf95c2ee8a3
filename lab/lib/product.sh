# shellcheck shell=bash
# What the scenarios that use ipvscope share.

vip_and_dip=(--vip-interface eth0 --dip-interface eth1)
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
