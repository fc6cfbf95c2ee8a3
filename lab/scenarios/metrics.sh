# The collector's /metrics during a load: clean for promtool, and the kernel's own figures; connections followed as they are written.
# lab: product
. "$lib/product.sh"

start_collector
fetch /-/healthy >/dev/null || miss "/-/healthy does not answer 200"

ipvscope observe --follow --database "$database" --format json >"$LAB_OUT/observed.jsonl" &
follower=$!

note "scraped while ab runs"
on client ab -q -n 1000 -c 100 http://192.168.122.100/ >"$LAB_OUT/ab.txt" 2>&1 &
load=$!
fetch /metrics >"$LAB_OUT/metrics-during.txt"
wait "$load"
grep -E 'Complete|Failed' "$LAB_OUT/ab.txt"

note "scraped when the counters have settled"
let_counters_settle
fetch /metrics >"$LAB_OUT/metrics.txt"
on director ipvsadm -Ln --stats --exact | tee "$LAB_OUT/ipvsadm-stats.txt"

note "observe --follow tells each connection as it is written"
conns=$(kernel_conns_total -t 192.168.122.100:80)
for _ in $(seq 40); do
    observed=$(jq -r 'select(.type == "connection") | .id' "$LAB_OUT/observed.jsonl" | sort -u | wc -l)
    [ "$observed" -lt "$conns" ] || break
    sleep 0.5
done
kill "$follower"
wait "$follower" || true
expect_equal "connections observed, beside ipvsadm's" "$observed" "$conns"
expect_equal "lines on connections" "$(grep -c '"type":"connection"' "$LAB_OUT/observed.jsonl")" "$conns"

for file in metrics-during metrics; do
    if ! promtool check metrics <"$LAB_OUT/$file.txt" >"$LAB_OUT/$file-promtool.txt" 2>&1; then
        miss "promtool check metrics of $file.txt: $(<"$LAB_OUT/$file-promtool.txt")"
    fi
done

# "RS VALUE" of one metric, by real server.
metric() { # NAME
    sed -nE "s/^$1\{(.*)\} ([0-9.e+]+)$/\1 \2/p" "$LAB_OUT/metrics.txt" | grep 'local_address="192.168.122.100",' |
        sed -E 's/.*remote_address="([^"]*)".*remote_port="([^"]*)".* ([0-9.e+]+)$/\1:\2 \3/' |
        awk '{ printf "%s %.0f\n", $1, $2 }' | sort
}

column=3
for name in connections incoming_packets outgoing_packets incoming_bytes outgoing_bytes; do
    expect_equal "ipvs_real_server_${name}_total beside ipvsadm" "$(metric "ipvs_real_server_${name}_total")" \
        "$(awk -v column=$column '$1 == "->" && $2 ~ /^10\./ { print $2, $column }' "$LAB_OUT/ipvsadm-stats.txt" | sort)"
    column=$((column + 1))
done
for label in local_address local_port remote_address remote_port proto local_mark; do
    expect_match "labels of ipvs_real_server_connections_total" \
        "$(grep '^ipvs_real_server_connections_total{' "$LAB_OUT/metrics.txt" | head -n 1)" "[{,]$label=\""
done

# The value of a series that is told by a part of its labels, now; nothing if there is none.
series() { # NAME LABELS
    fetch /metrics | sed -nE "s/^$1\{[^}]*$2[^}]*\} ([0-9.e+]+)$/\1/p"
}

wait_for() { # NAME LABELS VALUE
    local value=
    for _ in $(seq 40); do
        value=$(series "$1" "$2")
        [ "$value" != "$3" ] || break
        sleep 0.5
    done
    expect_equal "$1{$2}" "$value" "$3"
}

note "the rolling verdict"
wait_for ipvs_verdict 'local_address="192.168.122.100",.*verdict="pass"' 1
expect_equal "assignments it rests on" "$(series ipvs_verdict_assignments 'local_address="192.168.122.100"')" 1000
expect_equal "violations" "$(series ipvs_verdict_violations 'local_address="192.168.122.100"')" 0

note "a real server drains while a connection to it is open"
# Opens connections, and keeps them open until `release`.
mkfifo "$TMPDIR/held"
hold() { # PORT COUNT
    on client bash -c 'for _ in $(seq "$2"); do exec {held}<>"/dev/tcp/192.168.122.100/$1"; done; read -r _' - "$@" <"$TMPDIR/held" &
    holder=$!
    exec 3>"$TMPDIR/held"
}
release() {
    exec 3>&-
    wait "$holder" || true
}

hold 80 3 # one to each
wait_for ipvs_open_connections 'remote_address="10.10.10.20"' 1
on director ipvsadm -e -t 192.168.122.100:80 -r 10.10.10.20:80 -m -w 0
wait_for ipvs_draining_open_connections 'remote_address="10.10.10.20"' 1
on client ab -q -n 30 -c 1 http://192.168.122.100/ >"$LAB_OUT/ab-drain.txt" 2>&1
release
wait_for ipvs_draining_open_connections 'remote_address="10.10.10.20"' ''
expect_equal "connections that still came" \
    "$(series ipvs_draining_new_connections_total 'remote_address="10.10.10.20"' | awk '{ sum += $1 } END { print sum }')" 0
wait_for ipvs_verdict 'local_address="192.168.122.100",.*verdict="pass"' 1

note "a client of a persistent service goes on to a real server that drains"
add_service '-t 192.168.122.100:8081 -s rr -p 60' '-r 10.10.10.N:80 -m'
wait_for ipvs_real_server_weight 'local_port="8081",.*remote_address="10.10.10.30"' 1
sleep 2 # the captures' filters follow
hold 8081 1
holding=
for _ in $(seq 40); do
    holding=$(fetch /metrics | sed -nE 's/^ipvs_open_connections\{.*local_port="8081".*remote_address="([^"]*)".*\} 1$/\1/p')
    [ -z "$holding" ] || break
    sleep 0.5
done
on director ipvsadm -e -t 192.168.122.100:8081 -r "$holding:80" -m -w 0
wait_for ipvs_draining_open_connections "local_port=\"8081\",.*remote_address=\"$holding\"" 1
on client curl --silent --output /dev/null http://192.168.122.100:8081/
wait_for ipvs_draining_new_connections_total 'local_port="8081",.*reason="template"' 1
release
wait_for ipvs_draining_open_connections 'local_port="8081"' ''

note "SIGTERM"
kill -TERM "$collector"
code=0
wait "$collector" || code=$?
expect_equal "exit code of the collector" "$code" 0
code=0
ipvscope verify --database "$database" --format json >"$LAB_OUT/verdict.json" || code=$?
expect_match "exit code of verify on the collector's database" "$code" '^(0|98)$'
jq -c . "$LAB_OUT/verdict.json" | cut -c1-400

note "the events"
events=$(sqlite3 "$database" "SELECT kind || ' ' || detail FROM event
    WHERE kind LIKE 'drain%' OR kind = 'verdict_changed' ORDER BY time_ns")
printf '   %s\n' "${events//$'\n'/$'\n'   }"
expect_match "the drain began" "$events" 'drain_began weight 1 → 0, 1 connection open'
expect_match "it ended" "$events" 'drained after [0-9.]+ s$'
expect_match "the other too" "$events" 'drained after [0-9.]+ s, 1 connection began meanwhile: 1 template$'
expect_match "the verdict" "$events" 'verdict_changed inconclusive → pass'
expect_equal "verdicts of fail" "$(grep -c 'verdict_changed .*→ fail' <<<"$events" || true)" 0
