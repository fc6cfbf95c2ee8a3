# Three threads and one at the same time, over the same load: verdict and connections are the same, to the last packet.
# lab: product
. "$lib/product.sh"

servers serve udp 10.10.10.N 53
add_service '-u 192.168.122.100:53 -s rr' '-r 10.10.10.N:53 -m'

cat >"$TMPDIR/load" <<'END'
on client ab -q -c 200 -n 1000 http://192.168.122.100/
for count in 1 3; do on client messages ask udp 192.168.122.100 53 192.168.122.1:{40001..40030} --count "$count"; done
# In fragments, both ways.
on client messages ask udp 192.168.122.100 53 192.168.122.1:{41001..41012} --size 4000
END
expect_exit 0 on director ipvscope run "${vip_and_dip[@]}" --name several --threads 3 --database "$LAB_OUT/several.sqlite" -- \
    ipvscope run "${vip_and_dip[@]}" --name alone --database "$LAB_OUT/alone.sqlite" -- bash -eu "$TMPDIR/load"
cp "$complained" "$LAB_OUT/load.txt"

for name in several alone; do
    expect_exit 0 ipvscope verify --run last --format json --database "$LAB_OUT/$name.sqlite"
    cp "$printed" "$LAB_OUT/$name.json"
    # Each of them has its own time stamps, and reads the kernel's table at its own times.
    verdict_alone "$LAB_OUT/$name.json" | jq 'del(.virtual_services[] | .latency, .fairness.window.time)' >"$TMPDIR/$name.json"
    sqlite3 "$LAB_OUT/$name.sqlite" 'SELECT id, virtual_service, client_address, client_port, real_server, origin, outcome,
        vip_in_packets, vip_out_packets, vip_in_bytes, vip_out_bytes, dip_in_packets, dip_out_packets, dip_in_bytes, dip_out_bytes,
        vip_in_repeated, vip_out_repeated, dip_in_repeated, dip_out_repeated, state FROM connections ORDER BY id' \
        >"$TMPDIR/$name-connections.txt"
done
expect_everything_accounted_for "$LAB_OUT/several.json"
expect_more "assignments" "$(jq '[.virtual_services[].assignments] | add' "$LAB_OUT/several.json")" 1041
expect_same_file "the verdict of three threads, run and times aside" "$TMPDIR/several.json" "$TMPDIR/alone.json"
expect_same_file "their connections" "$TMPDIR/several-connections.txt" "$TMPDIR/alone-connections.txt"
