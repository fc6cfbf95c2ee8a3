# Tunnels to the real servers, a kind for each: IPIP, GUE and GRE; the answers go to the clients directly.
# lab: product
. "$lib/product.sh"

modprobe -a ipip fou ip_gre
real_servers_answer_directly
on rs2 ip fou add port 6080 gue
ip -n rs1 link set tunl0 up
ip -n rs2 link set tunl0 up
ip -n rs3 link set gre0 up

on director ipvsadm -C
on director ipvsadm -R <<END
-A -t $service -s rr
-a -t $service -r 10.10.10.10 -i --tun-type ipip
-a -t $service -r 10.10.10.20 -i --tun-type gue --tun-port 6080
-a -t $service -r 10.10.10.30 -i --tun-type gre
END

trace tunnels on client ab -q -n 24 -c 3 http://192.168.122.100/
expect_match "ab" "$(<"$LAB_OUT/tunnels-load.txt")" 'Complete requests: +24$'
expect_pass tunnels "tcp/$service"
expect_equal "connections of which a packet was missed on one side, and that there are all" "$(sqlite3 "$database" \
    "SELECT sum(dip_in_packets <> vip_in_packets), count(*) >= 24, sum(dip_in_packets) > 4 * count(*)
     FROM connections WHERE is_assignment")" '0|1|1'
for kind in 'ip proto 4' 'udp port 6080' 'ip proto 47'; do
    expect_more "packets on the DIP side of $kind" "$(tcpdump -nr "$LAB_OUT/tunnels/dip.pcap" "$kind" 2>/dev/null | wc -l)" 30
done
