# A one-armed director: clients and real servers on one link, in two subnets; both sides are one interface.
# lab: product
. "$lib/product.sh"

printf 'link set rs%s-eth0 master clients\n' 1 2 3 | ip -n switch -batch -
printf '%s\n' 'link set eth1 down' 'address add 10.10.10.1/24 dev eth0' | ip -n director -batch -
# Else the real servers would learn a way to the client that leaves the director out.
set_kernel director net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0
ping_all director 10.10.10.{10,20,30}
vip_and_dip=(--vip-interface eth0 --dip-interface eth0)

trace pages on client ab -q -n 24 -c 6 http://192.168.122.100/
expect_match "ab" "$(<"$LAB_OUT/pages-load.txt")" 'Complete requests: +24$'
expect_pass pages "tcp/$service"
