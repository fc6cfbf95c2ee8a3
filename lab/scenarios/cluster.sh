# The cluster itself, without ipvscope: names, pages, round robin, a thousand connections at once, IPv6.

note "DNS"
expect_equal "www.tianyun.com" "$(on client getent ahostsv4 www.tianyun.com | awk 'NR == 1 { print $1 }')" 192.168.122.100

note "elinks"
on client elinks -dump http://www.tianyun.com/ | tee "$LAB_OUT/elinks.txt"
expect_match "the page" "$(<"$LAB_OUT/elinks.txt")" 'real server 10\.10\.10\.[123]0'

note "round robin: the kernel walks the list from the newest real server to the oldest, so the numbers go down"
pages=$(for _ in 1 2 3 4 5 6; do on client curl -s http://192.168.122.100/; done | grep -o '10\.10\.10\..0</h1>' | cut -c10)
expect_match "the last digits in order" "$(tr -d '\n' <<<"$pages")" '^(321321|213213|132132)$'

note "ab -c 1000 -n 1000"
on client ab -q -c 1000 -n 1000 http://192.168.122.100/ >"$LAB_OUT/ab.txt" 2>&1 || fail "ab: $(<"$LAB_OUT/ab.txt")"
grep -E 'Complete|Failed|Requests per second|Time taken' "$LAB_OUT/ab.txt"
expect_match "ab" "$(<"$LAB_OUT/ab.txt")" 'Complete requests: +1000$'
expect_match "ab" "$(<"$LAB_OUT/ab.txt")" 'Failed requests: +0$'
for host in rs1 rs2 rs3; do
    expect_equal "SYNs that $host dropped" "$(on "$host" nstat -asz TcpExtListenDrops | awk '/ListenDrops/ { print $2 }')" 0
done
for interface in eth0 eth1; do
    expect_equal "packets that $interface of the director dropped" \
        "$(on director sh -c "cat /sys/class/net/$interface/statistics/[rt]x_dropped" | paste -sd+)" 0+0
done

note "counters"
let_counters_settle
on director ipvsadm -Ln --stats --exact | tee "$LAB_OUT/ipvsadm-stats.txt"
total=$(kernel_conns_total -t "$service")
expect_more "connections" "$total" 1006
conns=$(kernel_conns -t "$service" | awk '{ print $2 }')
expect_equal "sum over the real servers" "$(awk '{ sum += $1 } END { print sum }' <<<"$conns")" "$total"
low=$(sort -n <<<"$conns" | head -n 1) high=$(sort -n <<<"$conns" | tail -n 1)
expect_match "the largest share less the smallest" "$((high - low))" '^[01]$'
# The web servers' own logs do not come from the kernel's counters. ab may open a connection that it never uses.
expect_equal "requests in the logs of all real servers" "$(cat "$LAB_OUT"/rs?-access.log | wc -l)" 1007

note "IPv6"
on director ipvsadm -A -t '[fd00:122::100]:80' -s rr
for number in 10 20 30; do
    on director ipvsadm -a -t '[fd00:122::100]:80' -r "[fd00:10::$number]:80" -m
done
pages=$(for _ in 1 2 3; do on client curl -sg 'http://[fd00:122::100]/'; done | grep -o '10\.10\.10\..0</h1>' | cut -c10)
expect_equal "three pages over IPv6" "$(tr -d '\n' <<<"$pages")" 321
