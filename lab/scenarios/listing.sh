# Our listings beside ipvsadm's: connections byte for byte but for the timers, services byte for byte.
# lab: product
. "$lib/product.sh"

note "an IPv6 service, a persistent one, and one of a firewall mark"
on director ipvsadm -A -t '[fd00:122::100]:80' -s rr
on director ipvsadm -A -t 192.168.122.100:8080 -s rr -p 77
on director ipvsadm -A -t '[fd00:122::100]:8080' -s rr -p 60 -M 64
on director ipvsadm -A -f 7 -s rr -p 50
for number in 10 20 30; do
    on director ipvsadm -a -t '[fd00:122::100]:80' -r "[fd00:10::$number]:80" -m -w "$number"
    on director ipvsadm -a -t 192.168.122.100:8080 -r "10.10.10.$number:80" -m -x 500 -y 100
    on director ipvsadm -a -t '[fd00:122::100]:8080' -r "[fd00:10::$number]:80" -m
    on director ipvsadm -a -f 7 -r "10.10.10.$number" -m
done
# tc marks what arrives for port 8081, as a firewall would.
modprobe -a sch_ingress cls_flower act_skbedit
on director tc qdisc add dev eth0 ingress
on director tc filter add dev eth0 ingress protocol ip flower ip_proto tcp dst_port 8081 action skbedit mark 7

# Timers and states move between two commands; ipvsadm before and after ours tells whether they did.
expect_same_listing() { # WHAT "IPVSADM OPTIONS" OUR-WORD...
    local file=$LAB_OUT/${1// /-}
    for _ in 1 2 3 4 5; do
        # shellcheck disable=SC2086
        on director ipvsadm $2 | without_expiry >"$file.ipvsadm"
        on director ipvscope "${@:3}" --format ipvsadm | without_expiry >"$file.ipvscope"
        # shellcheck disable=SC2086
        on director ipvsadm $2 | without_expiry >"$file.again"
        ! cmp -s "$file.ipvsadm" "$file.again" || break
        sleep 1
    done
    expect_same_file "$1 unchanged meanwhile" "$file.again" "$file.ipvsadm"
    expect_same_file "$1" "$file.ipvscope" "$file.ipvsadm"
    note "$1: $(wc -l <"$file.ipvsadm") lines compared"
}

expect_same_listing "services without connections" -Ln services
expect_same_listing "connections without connections" -Lnc connections

note "connections that stay open"
hold_open='
import socket, sys, time
held = [socket.create_connection((sys.argv[i], int(sys.argv[i + 1]))) for i in range(1, len(sys.argv), 2) for _ in range(10)]
print("open", flush=True)
time.sleep(600)
'
coproc holder { exec ip netns exec client python3 -c "$hold_open" \
    192.168.122.100 80 192.168.122.100 8080 192.168.122.100 8081 fd00:122::100 80 fd00:122::100 8080; }
read -r -t 30 _ <&"${holder[0]}" || fail "the client could not open its connections"
expect_same_listing "connections held open" -Lnc connections
listed=$(<"$LAB_OUT/connections-held-open.ipvsadm")
expect_equal "rows of open connections" "$(grep -c ESTABLISHED <<<"$listed")" 50
expect_match "a row of IPv6" "$listed" '\[fd00:122::1\]:[0-9]+'
expect_match "the template of the persistent service" "$listed" '192\.168\.122\.1:0 +192\.168\.122\.100:8080'
expect_match "the template of the firewall mark" "$listed" '^IP .*0\.0\.0\.7:0'
expect_same_listing "services with open connections" -Ln services

note "after 600 more"
on client ab -q -n 300 -c 50 http://192.168.122.100/ >"$LAB_OUT/ab.txt" 2>&1
on client ab -q -n 200 -c 50 'http://[fd00:122::100]/' >>"$LAB_OUT/ab.txt" 2>&1
on client ab -q -n 100 -c 20 http://192.168.122.100:8081/ >>"$LAB_OUT/ab.txt" 2>&1
let_counters_settle
expect_same_listing "connections" -Lnc connections
expect_more "rows" "$(wc -l <"$LAB_OUT/connections.ipvsadm")" 600
expect_same_listing "services" -Ln services
expect_same_listing "services stats exact" '-Ln --stats --exact' services --stats --exact
expect_same_listing "services stats" '-Ln --stats' services --stats
expect_same_listing "services thresholds" '-Ln --thresholds' services --thresholds
expect_same_listing "services persistent" '-Ln --persistent-conn' services --persistent-conn
