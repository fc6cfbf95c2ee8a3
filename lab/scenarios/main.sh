# The main job: elinks and ab -c 1000 -n 1000 through the cluster, traced, judged, recorded and replayed.
# lab: product
. "$lib/product.sh"

note "ipvscope run, with elinks and ab on the client"
code=0
{
    on director ipvscope run "${vip_and_dip[@]}" --name main --database "$database" --record "$LAB_OUT/record" -- \
        sh -euc 'on client elinks -dump http://www.tianyun.com/
            on client ab -q -c 1000 -n 1000 http://192.168.122.100/' 2>&1 >&3 | tee "$LAB_OUT/load.txt"
} 3>&1 | tee "$LAB_OUT/verdict.txt" || code=$?
expect_equal "exit code of ipvscope run" "$code" 0
expect_match "the page" "$(<"$LAB_OUT/load.txt")" 'real server 10\.10\.10\.[123]0'
expect_match "ab" "$(<"$LAB_OUT/load.txt")" 'Complete requests: +1000$'
expect_match "ab" "$(<"$LAB_OUT/load.txt")" 'Failed requests: +0$'

note "ipvsadm -Ln, then ipvscope services"
on director ipvsadm -Ln
on director ipvscope services
note "ipvsadm -Ln --stats --exact, then ipvscope services --stats --exact"
on director ipvsadm -Ln --stats --exact
on director ipvscope services --stats --exact
note "ipvsadm -Lnc, then ipvscope connections (the first rows)"
on director ipvsadm -Lnc >"$LAB_OUT/ipvsadm-connections.txt"
on director ipvscope connections >"$LAB_OUT/connections.txt"
head -n 8 "$LAB_OUT/ipvsadm-connections.txt"
head -n 8 "$LAB_OUT/connections.txt"

note "the verdict as JSON"
expect_exit 0 ipvscope verify --run last --format json --database "$database"
cp "$printed" "$LAB_OUT/verdict.json"
expect_everything_accounted_for "$LAB_OUT/verdict.json"
expect_more "assignments" "$(jq '.virtual_services[0].assignments' "$LAB_OUT/verdict.json")" 1000
jq -c '.virtual_services[0] | {verdict, assignments, real_servers: [.real_servers[] | {real_server, assignments, kernel_conns}],
    audit}' "$LAB_OUT/verdict.json"

note "thresholds, for CI"
expect_exit 0 ipvscope verify --database "$database" --threshold 'assignments >= 1000' --threshold 'unexplained == 0' \
    --threshold 'max_share_error < 2%' --threshold 'p99(real_server_connect) < 5s' --format junit
expect_match "JUnit" "$(<"$printed")" '<testsuites tests="6" failures="0" errors="0" skipped="0">'
expect_exit 99 ipvscope verify --database "$database" --threshold 'assignments >= 100000'
expect_match "the reason" "$(<"$printed")" 'because +threshold assignments >= 100000: is 100[0-9]$'
expect_exit 64 ipvscope verify --database "$database" --threshold 'assignments => 1'
expect_match "what is wrong" "$(<"$complained")" '^ {14}\^\^$'

note "a report in every format, with what ab printed beside"
for format in text markdown html json csv; do
    expect_exit 0 ipvscope report --database "$database" --format "$format" --ab "$LAB_OUT/load.txt"
    cp "$printed" "$LAB_OUT/report.$format"
done
for format in text markdown; do
    expect_match "$format: the verdict" "$(<"$LAB_OUT/report.$format")" 'Verdict: pass'
    expect_match "$format: ab's requests beside our connections" "$(<"$LAB_OUT/report.$format")" 'agrees: ab completed 1000 requests'
    expect_match "$format: ab's failures beside ours" "$(<"$LAB_OUT/report.$format")" 'agrees: ab counts 0 failed requests'
done
expect_match "the page" "$(<"$LAB_OUT/report.html")" '<span class="badge pass">pass</span>'
expect_equal "what the page would run or fetch" \
    "$(grep -cE '<(script|link|img|iframe|object)|(src|href)=|url\(|@import' "$LAB_OUT/report.html" || true)" 0
expect_exit 0 ipvscope verify --database "$database" --what-if --format json
jq --sort-keys . "$printed" >"$TMPDIR/verify.json"
# Of the report, the keys that the verdict has.
jq --sort-keys --slurpfile verify "$printed" 'def only(keys): with_entries(select(.key as $key | keys | has($key)));
    $verify[0] as $verdict | only($verdict) | .virtual_services |= map(only($verdict.virtual_services[0]))' \
    "$LAB_OUT/report.json" >"$TMPDIR/report.json"
expect_same_file "the verdict in the report's JSON" "$TMPDIR/report.json" "$TMPDIR/verify.json"
expect_equal "assignments of each real server in the table of figures, beside ipvsadm's" \
    "$(awk -F, '$1 == "distribution" && $4 == "assignments" { print $3, $5 }' "$LAB_OUT/report.csv" | sort)" \
    "$(kernel_conns -t "$service")"
sed 's/^\(Complete requests:\).*/\1 many/' "$LAB_OUT/load.txt" >"$TMPDIR/ab.txt"
expect_refusal "ab's output, damaged" 65 'line [0-9]+: Complete requests: a whole number is expected, found "many"' \
    ipvscope report --database "$database" --ab "$TMPDIR/ab.txt"

note "ipvscope observe: a line for each connection (the first)"
expect_exit 0 ipvscope observe --database "$database"
head -n 3 "$printed"
expect_equal "lines on connections, beside the assignments" "$(grep -vc ' ! ' "$printed")" \
    "$(jq '.virtual_services[0].assignments' "$LAB_OUT/verdict.json")"
expect_exit 0 ipvscope observe --database "$database" --outcome refused
expect_equal "connections refused" "$(wc -l <"$printed")" 0

note "the same from the recording"
expect_exit 0 replay "$LAB_OUT/record" "$LAB_OUT/replay.sqlite" --format json
cp "$printed" "$LAB_OUT/replay.json"
verdict_alone "$LAB_OUT/verdict.json" >"$TMPDIR/live.json"
verdict_alone "$LAB_OUT/replay.json" >"$TMPDIR/replayed.json"
expect_same_file "the verdict of the replay, run and times aside" "$TMPDIR/replayed.json" "$TMPDIR/live.json"

note "and the same again, beside the first"
expect_exit 0 replay "$LAB_OUT/record" "$LAB_OUT/replay.sqlite" --format json
expect_exit 0 ipvscope verify --database "$LAB_OUT/replay.sqlite" --run 2 --baseline 1 --format json
expect_equal "what changed" "$(jq -r '.virtual_services[0].baseline.comparisons[].change' "$printed" | sort -u)" same
