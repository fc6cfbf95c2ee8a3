# A firewall mark: two ports are one virtual service, over IPv4 and over IPv6.
# lab: product
. "$lib/product.sh"

on director ipvsadm -C
add_service '-f 7 -s rr' '-r 10.10.10.N -m'
add_service '-f 7 -6 -s rr' '-r fd00:10::N -m'
mark_ports 7 80 8081

trace marked bash -euc 'for host in 192.168.122.100 "[fd00:122::100]"; do
        for port in 80 8081 80 8081 80 8081; do on client curl -sg -o /dev/null "http://$host:$port/"; done
    done'
for mark in fwmark/7 fwmark/7/ipv6; do
    expect_pass marked "$mark"
    expect_equal "connections of the kernel" "$(counted marked "$mark" | awk '/all/ { print $2 }')" 6
done
