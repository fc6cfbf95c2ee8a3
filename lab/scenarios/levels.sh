# Handshakes alone: the kernel's filter holds back everything else, and every connection is still audited and judged.
# lab: product
. "$lib/product.sh"
database=$LAB_OUT/ipvscope.sqlite

note "ipvscope run --level handshake, with ab on the client"
expect_exit 0 on director ipvscope run "${vip_and_dip[@]}" --level handshake --name handshakes --database "$database" \
    --record "$LAB_OUT/record" --format json -- on client ab -q -c 100 -n 1000 http://192.168.122.100/
cp "$printed" "$LAB_OUT/verdict.json"
expect_everything_accounted_for "$LAB_OUT/verdict.json"
expect_json "level" "$LAB_OUT/verdict.json" .level handshake
expect_json "packets audited" "$LAB_OUT/verdict.json" '.virtual_services[0].audit.packets_audited' false
expect_more "assignments" "$(jq .virtual_services[0].assignments "$LAB_OUT/verdict.json")" 999
expect_json "who counted the bytes" "$LAB_OUT/verdict.json" '[.virtual_services[0].real_servers[].source] | unique[]' kernel
expect_equal "outcomes" "$(sqlite3 "$database" 'SELECT DISTINCT outcome FROM connections')" closed

note "what was captured"
for side in vip dip; do
    expect_equal "segments without SYN, FIN or RST on the $side side" \
        "$(tcpdump -nr "$LAB_OUT/record/$side.pcap" 'tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) = 0' 2>/dev/null | wc -l)" 0
done
expect_more "handshakes" "$(tcpdump -nr "$LAB_OUT/record/vip.pcap" 'tcp[tcpflags] & tcp-syn != 0' 2>/dev/null | wc -l)" 1999

note "the same from the recording"
expect_exit 0 replay "$LAB_OUT/record" "$LAB_OUT/replay.sqlite" --level handshake --format json
cp "$printed" "$LAB_OUT/replay.json"
verdict_alone "$LAB_OUT/verdict.json" >"$TMPDIR/live.json"
verdict_alone "$LAB_OUT/replay.json" >"$TMPDIR/replayed.json"
expect_same_file "the verdict of the replay, run and times aside" "$TMPDIR/replayed.json" "$TMPDIR/live.json"

note "a capture of handshakes that is taken for a whole one"
expect_exit 98 replay "$LAB_OUT/record" "$LAB_OUT/replay.sqlite" --format json
expect_json "packets audited" "$printed" '.virtual_services[0].audit.packets_audited' true
