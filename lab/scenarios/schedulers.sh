# Verdicts on schedulers besides rr: weights, hashes of invented clients, weights edited and real servers deleted in mid-run.
# lab: product
. "$lib/product.sh"

invent_clients
first=1

# A service on a port of its own, 300 clients, a change, and 300 more.
judge() { # NAME PORT SCHEDULER-OPTIONS CHANGE
    add_service "-u 192.168.122.100:$2 -s $3" "-r 10.10.10.N:$2 -m"
    on director ipvsadm -e -u "192.168.122.100:$2" -r "10.10.10.20:$2" -m -w 3
    servers hold udp 10.10.10.N "$2"
    trace "$1" bash -euc "flood='on client forge flood udp 192.168.122.100:$2 --per-second 1000 --count 300'
        \$flood --first $first
        sleep 1
        on director ipvsadm $4
        sleep 1
        \$flood --first $((first + 300))"
    first=$((first + 600))
    expect_pass "$1" "udp/192.168.122.100:$2"
    expect_json "$1: assignments held against a model, and what it allowed for" "$LAB_OUT/$1.json" \
        ".virtual_services[] | select(.virtual_service == \"udp/192.168.122.100:$2\") | .conformance
            | [.model, .checked, .unexplained_total, (.explained | map(.cause) | join(\",\"))] | map(tostring) | join(\" \")" \
        "${3%% *} 600 0 configuration_changed"
    jq -c ".virtual_services[] | select(.virtual_service == \"udp/192.168.122.100:$2\") | .real_servers | map([.real_server, .assignments])" \
        "$LAB_OUT/$1.json"
}

judge wrr 9001 wrr '-e -u 192.168.122.100:9001 -r 10.10.10.10:9001 -m -w 2'
judge fo 9002 fo '-e -u 192.168.122.100:9002 -r 10.10.10.20:9002 -m -w 0'
judge sh-port 9004 'sh -b sh-port,sh-fallback' '-e -u 192.168.122.100:9004 -r 10.10.10.30:9004 -m -w 0'
judge dh 9005 dh '-d -u 192.168.122.100:9005 -r 10.10.10.10:9005'
judge mh-port 9007 'mh -b mh-port,mh-fallback' '-e -u 192.168.122.100:9007 -r 10.10.10.30:9007 -m -w 0'
