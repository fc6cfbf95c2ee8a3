# What collect keeps: time series with latencies, and after kill -9 a gap that log, database and metrics tell of.
# lab: product
. "$lib/product.sh"

ask() { sqlite3 "$database" "$1"; }

start_collector
note "a load, and the time until its connections have ended and are written"
on client ab -q -n 300 -c 10 http://192.168.122.100/ >"$LAB_OUT/ab.txt" 2>&1
measured="SELECT coalesce(sum(count), 0) FROM latency_counts WHERE resolution = 'minute' AND measure ="
for _ in $(seq 60); do
    [ "$(ask "$measured 'duration'")" -lt 300 ] || break
    sleep 0.5
done
# ab sometimes opens a connection more than it was asked for.
for measure in real_server_connect time_to_first_byte duration; do
    expect_equal "latencies of $measure by the minute, beside the connections that have one" \
        "$(ask "$measured '$measure'")" "$(ask "SELECT count($measure) FROM connections WHERE outcome <> 'open'")"
done
expect_equal "the same by the second and by the hour" \
    "$(ask "${measured/minute/sample} 'duration'") $(ask "${measured/minute/hour} 'duration'")" \
    "$(ask "$measured 'duration'") $(ask "$measured 'duration'")"
expect_match "size" "$(fetch /metrics | grep '^ipvscope_store_size_bytes ')" ' [1-9][0-9]+'

note "kill -9, and another start"
kill -KILL "$collector"
wait "$collector" || true
start_collector
expect_equal "runs" "$(ask "SELECT group_concat(state, ' ') FROM (SELECT state FROM run ORDER BY id)")" 'interrupted running'
expect_equal "gaps" "$(ask "SELECT run_id, what, cause, to_ns > from_ns, to_ns - from_ns < 30e9 FROM gap")" \
    '1|everything|interrupted|1|1'
expect_equal "events" "$(ask "SELECT run_id, kind FROM event WHERE kind = 'interrupted'")" '1|interrupted'
expect_match "log" "$(<"$LAB_OUT/collect.txt")" 'run 1 \(collect\) was interrupted'
expect_equal "integrity" "$(ask 'PRAGMA integrity_check')" ok

note "a lock that somebody else holds is told, and forgotten afterwards"
(echo 'BEGIN IMMEDIATE;'; sleep 12; echo 'ROLLBACK;') | sqlite3 "$database" &
locker=$!
up() { fetch /metrics | sed -n 's/^ipvscope_store_up //p'; }
wait_until_up_is() { # VALUE
    for _ in $(seq 40); do
        [ "$(up)" != "$1" ] || return 0
        sleep 0.25
    done
}
wait_until_up_is 0
expect_equal "ipvscope_store_up while it is held" "$(up)" 0
wait "$locker"
wait_until_up_is 1
expect_equal "ipvscope_store_up afterwards" "$(up)" 1
expect_match "log of the lock" "$(<"$LAB_OUT/collect.txt")" 'keeps the database locked.*rows wait'
expect_match "log of its end" "$(<"$LAB_OUT/collect.txt")" 'writing works again after'
expect_equal "rows given up" "$(fetch /metrics | awk '/^ipvscope_store_dropped_rows_total/ { sum += $2 } END { print sum + 0 }')" 0
