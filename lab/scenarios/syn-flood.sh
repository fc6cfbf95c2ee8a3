# A flood of 20 000 SYNs of invented clients, with real connections beside it.
# lab: product
. "$lib/product.sh"

invent_clients
trace flood bash -euc 'on client forge flood syn 192.168.122.100:80 --count 20000 --per-second 5000 &
    sleep 0.5
    on client ab -q -n 300 -c 10 http://192.168.122.100/
    wait $!'
expect_match "ab" "$(<"$LAB_OUT/flood-load.txt")" 'Complete requests: +300$'
expect_pass flood "tcp/$service"
