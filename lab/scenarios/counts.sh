# Verdicts on the schedulers that ask how many connections each real server has, and changes in the middle of a load.
# lab: product
. "$lib/product.sh"

conformance='.virtual_services[0].conformance'
note "changed under load: a real server more, weights, one less, and another scheduler"
on director ipvsadm -d -t "$service" -r 10.10.10.10:80
trace changed bash -euc '
    on client ab -q -n 6000 -c 5 http://192.168.122.100/ &
    load=$!
    change() { sleep 1.5; on director ipvsadm "$@"; }
    change -a -t 192.168.122.100:80 -r 10.10.10.10:80 -m
    change -e -t 192.168.122.100:80 -r 10.10.10.20:80 -m -w 0
    change -d -t 192.168.122.100:80 -r 10.10.10.20:80
    change -E -t 192.168.122.100:80 -s wlc
    wait $load'
expect_json "the verdict, and its reasons" "$LAB_OUT/changed.json" '.virtual_services[0] | [.verdict] + .reasons | join("; ")' pass
expect_json "the parts it is measured in" "$LAB_OUT/changed.json" '.virtual_services[0].fairness.stretches | length' 5
expect_equal "the changes, one after the other" "$(sqlite3 "$database" "SELECT count(*) FROM event JOIN run ON run.id = run_id
    WHERE run.name = 'changed' AND kind = 'configuration_changed'")" 5
expect_json "the last scheduler" "$LAB_OUT/changed.json" '.virtual_services[0].scheduler' wlc
jq -c "$conformance | [.checked, (.explained | map([.cause, .count]))]" "$LAB_OUT/changed.json"

# What a real server counted before it was deleted comes back with it.
on director ipvsadm -C
add_service "-t $service -s wlc" '-r 10.10.10.N:80 -m'
on director ipvsadm -e -t "$service" -r 10.10.10.20:80 -m -w 2
on director ipvsadm -e -t "$service" -r 10.10.10.30:80 -m -w 3

for scheduler in lc wlc sed nq ovf lblc lblcr; do
    # What lblcr chose from before we came nobody could tell, so each begins within the run. At weights 1, 2 and 3
    # ovf takes nine connections at a time.
    trace $scheduler bash -euc "on director ipvsadm -E -t $service -s $scheduler
        sleep 1.2
        on client ab -q -n 300 -c 7 http://192.168.122.100/"
    expect_pass $scheduler "tcp/$service"
    expect_json "$scheduler: the model, and what is out of turn" "$LAB_OUT/$scheduler.json" \
        "$conformance | [.model, .unexplained_total] | map(tostring) | join(\" \")" "$scheduler 0"
    jq -c ".virtual_services[0].real_servers | map([.real_server, .assignments])" "$LAB_OUT/$scheduler.json"
    jq -c "$conformance | [.checked, (.explained | map([.cause, .count]))]" "$LAB_OUT/$scheduler.json"
    expect_exit 0 replay "$LAB_OUT/$scheduler" "$LAB_OUT/$scheduler-replay.sqlite" --format json
done
