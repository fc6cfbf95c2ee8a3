# The collector's /metrics during a load: clean for promtool, and the kernel's own figures.
# lab: product
. "$lib/product.sh"

start_collector
fetch /-/healthy >/dev/null || miss "/-/healthy does not answer 200"

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

note "SIGTERM"
kill -TERM "$collector"
code=0
wait "$collector" || code=$?
expect_equal "exit code of the collector" "$code" 0
code=0
ipvscope verify --database "$database" --format json >"$LAB_OUT/verdict.json" || code=$?
expect_match "exit code of verify on the collector's database" "$code" '^(0|98)$'
jq -c . "$LAB_OUT/verdict.json" | cut -c1-400
