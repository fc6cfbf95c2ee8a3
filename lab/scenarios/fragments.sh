# Datagrams of 4000 bytes, in fragments both ways, over IPv4 and IPv6.
# lab: product
. "$lib/product.sh"

servers serve udp 10.10.10.N 9000
servers serve udp fd00:10::N 9000
add_service '-u 192.168.122.100:9000 -s rr' '-r 10.10.10.N:9000 -m'
add_service '-u [fd00:122::100]:9000 -s rr' '-r [fd00:10::N]:9000 -m'

trace large bash -euc 'on client messages ask udp 192.168.122.100 9000 192.168.122.1:{40001..40006} --size 4000
    on client messages ask udp fd00:122::100 9000 fd00:122::1:{40001..40006} --size 4000'
expect_equal "datagrams answered" "$(lines_with 'answered 4000' "$LAB_OUT/large-load.txt")" 12
for address in 192.168.122.100 '[fd00:122::100]'; do
    expect_pass large "udp/$address:9000"
done
