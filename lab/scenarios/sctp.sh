# SCTP: associations that shut down, that abort, and that a closed port aborts.
# lab: product
. "$lib/product.sh"

modprobe sctp
servers serve sctp 10.10.10.N 9000
add_service '--sctp-service 192.168.122.100:9000 -s rr' '-r 10.10.10.N:9000 -m'
add_service '--sctp-service 192.168.122.100:9001 -s rr' '-r 10.10.10.N:9001 -m'

trace associations bash -euc 'ask="on client messages ask sctp 192.168.122.100"
    $ask 9000 192.168.122.1:{40001..40006} --count 2
    $ask 9000 192.168.122.1:{40011..40013} --abort
    $ask 9001 192.168.122.1:{40021..40026}'
cat "$LAB_OUT/associations-load.txt"
expect_equal "messages answered" "$(lines_with 'answered' "$LAB_OUT/associations-load.txt")" 15
expect_equal "associations refused" "$(lines_with 'refused' "$LAB_OUT/associations-load.txt")" 6
for port in 9000 9001; do
    expect_pass associations "sctp/192.168.122.100:$port"
done
expect_equal "outcomes" "$(outcomes associations | paste -sd' ')" 'closed|6 refused|6 reset_by_client|3'
