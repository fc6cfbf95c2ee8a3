# Tunnels to the real servers: IPIP, GUE and GRE; the answers go to the clients directly.
# lab: product
. "$lib/product.sh"

modprobe -a ipip fou ip_gre
real_servers_answer_directly
for number in 1 2 3; do
    on "rs$number" ip fou add port 6080 gue
    printf 'link set %s up\n' tunl0 gre0 | ip -n "rs$number" -batch -
done

for kind in ipip 'gue --tun-port 6080' gre; do
    on director ipvsadm -C
    add_service '-t 192.168.122.100:80 -s rr' "-r 10.10.10.N -i --tun-type $kind"
    name=${kind%% *}
    trace "$name" on client ab -q -n 12 -c 3 http://192.168.122.100/
    expect_match "ab" "$(<"$LAB_OUT/$name-load.txt")" 'Complete requests: +12$'
    expect_same_counts "$name" tcp/192.168.122.100:80
    expect_audit_closed "$name" tcp/192.168.122.100:80
    expect_json "$name: verdict" "$LAB_OUT/$name.json" .verdict pass
done
