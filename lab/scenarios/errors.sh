# Bad input: each refused in one line that says what, where and how to mend, with its exit code.
# lab: product
. "$lib/product.sh"
collect=(on director ipvscope collect --database "$LAB_OUT/other.sqlite")

note "a small run, to have something to damage"
record=$LAB_OUT/record
on director ipvscope run "${vip_and_dip[@]}" --database "$database" --record "$record" -- \
    on client ab -q -n 30 -c 5 http://192.168.122.100/ >"$LAB_OUT/run.txt" 2>&1 || true

expect_refusal "an interface that is not there" 69 'eth7' \
    "${collect[@]}" --vip-interface eth7 --dip-interface eth1

# Nobody, but able to read the program wherever it was built.
refuse_nobody() { # WHAT REGEX CAPABILITIES
    expect_refusal "$1" 77 "$2" on director setpriv --reuid 65534 --regid 65534 --clear-groups \
        --inh-caps "$3" --ambient-caps "$3" ipvscope collect "${vip_and_dip[@]}" --database "$LAB_OUT/nobody.sqlite"
}
refuse_nobody "no permission" 'root|CAP_NET' +dac_read_search,+dac_override
refuse_nobody "no permission to capture" 'root|CAP_NET_RAW' +dac_read_search,+dac_override,+net_admin

expect_refusal "not a capture file" 65 '/etc/services' \
    ipvscope replay --vip /etc/services --dip "$record/dip.pcap" --kernel "$record/kernel.jsonl" --database "$LAB_OUT/a.sqlite"

head -c -7 "$record/vip.pcap" >"$LAB_OUT/truncated.pcap"
expect_refusal "a capture cut short" 65 'truncated\.pcap' \
    ipvscope replay --vip "$LAB_OUT/truncated.pcap" --dip "$record/dip.pcap" --kernel "$record/kernel.jsonl" \
    --database "$LAB_OUT/b.sqlite"

head -c 200 "$record/kernel.jsonl" >"$LAB_OUT/broken.jsonl"
expect_refusal "readings of the kernel that are no JSON" 65 'broken\.jsonl' \
    ipvscope replay --vip "$record/vip.pcap" --dip "$record/dip.pcap" --kernel "$LAB_OUT/broken.jsonl" \
    --database "$LAB_OUT/c.sqlite"

cp "$database" "$LAB_OUT/newer.sqlite"
sqlite3 "$LAB_OUT/newer.sqlite" 'PRAGMA user_version = 9999;'
sqlite3 "$LAB_OUT/newer.sqlite" "INSERT INTO grdb_migrations VALUES ('v9999');" 2>/dev/null || true
expect_refusal "a database of a later version" 65 'newer\.sqlite' \
    ipvscope verify --database "$LAB_OUT/newer.sqlite"

expect_refusal "not a database" 65 '/etc/services' ipvscope verify --database /etc/services

on director python3 -m http.server --bind 127.0.0.1 19199 >/dev/null 2>&1 &
server=$!
for _ in $(seq 60); do
    ! on director curl --silent --output /dev/null http://127.0.0.1:19199/ || break
    sleep 0.5
done
expect_refusal "a port that is taken" 69 '19199' \
    "${collect[@]}" "${vip_and_dip[@]}" --web.listen-address 127.0.0.1:19199
kill "$server"

# Usage errors come with the usage, so more than one line is right here.
note "an option that does not exist"
expect_exit 64 ipvscope verify --no-such-option
expect_match "stderr" "$(<"$complained")" 'no-such-option'
note "no command to run"
expect_exit 64 on director ipvscope run "${vip_and_dip[@]}" --database "$LAB_OUT/other.sqlite"

expect_refusal "a database that is not there" '65|69' 'missing\.sqlite' \
    ipvscope verify --database "$LAB_OUT/missing.sqlite"
expect_refusal "a capture that is not there" '65|69' 'missing\.pcap' \
    ipvscope replay --vip "$LAB_OUT/missing.pcap" --dip "$record/dip.pcap" --kernel "$record/kernel.jsonl" \
    --database "$LAB_OUT/d.sqlite"
