# shellcheck shell=bash
# The cluster of the exercise. Every host is a network namespace; a seventh, "switch", holds the two bridges.
#
#   client 192.168.122.1 ─┐                                                ┌─ rs1 10.10.10.10
#                         ├─ clients ─ eth0 director eth1 ─ servers ───────┼─ rs2 10.10.10.20
#   dns   192.168.122.53 ─┘   VIP 192.168.122.100   DIP 10.10.10.1         └─ rs3 10.10.10.30

cluster_hosts=(switch client dns director rs1 rs2 rs3)
service=192.168.122.100:80

set_kernel() { # HOST NAME=VALUE...
    ip netns exec "$1" sysctl -qw "${@:2}"
}

# Prints the commands that pull a cable from an interface of a host to a bridge of the switch.
plug() { # HOST INTERFACE BRIDGE
    printf '%s\n' "link add $1-$2 type veth peer name $2 netns $1" "link set $1-$2 master $3 up"
}

# Starting a program is slow in user-mode Linux, so each namespace is set up by one `ip`.
wire() {
    local host
    printf 'netns add %s\n' "${cluster_hosts[@]}" | ip -batch -
    {
        # Multicast snooping would hold back the first neighbour solicitations.
        printf '%s\n' 'link add clients up type bridge mcast_snooping 0' 'link add servers up type bridge mcast_snooping 0'
        plug client eth0 clients
        plug dns eth0 clients
        plug director eth0 clients
        plug director eth1 servers
        plug rs1 eth0 servers
        plug rs2 eth0 servers
        plug rs3 eth0 servers
    } | ip -n switch -batch -
    address client eth0 192.168.122.1/24 fd00:122::1/64 | ip -n client -batch -
    address dns eth0 192.168.122.53/24 fd00:122::53/64 | ip -n dns -batch -
    {
        address director eth0 192.168.122.100/24 fd00:122::100/64
        address director eth1 10.10.10.1/24 fd00:10::1/64
    } | ip -n director -batch -
    for host in rs1 rs2 rs3; do
        {
            address "$host" eth0 "10.10.10.${host#rs}0/24" "fd00:10::${host#rs}0/64"
            echo 'route add default via 10.10.10.1'
            echo 'route add ::/0 via fd00:10::1'
        } | ip -n "$host" -batch -
    done
}

address() { # HOST INTERFACE IPV4 IPV6
    printf '%s\n' 'link set lo up' "address add $3 dev $2" "address add $4 dev $2 nodad" "link set $2 up"
}

# Port 8081 is for services that keep the client's port, such as those of a firewall mark. The backlog takes all
# connections of `ab -c 1000` at once.
web_server() { # HOST NAME
    local folder=$LAB_STATE/$1
    printf '<html><head><title>%s</title></head><body><h1>real server %s</h1></body></html>\n' "$2" "$2" \
        >"$folder/html/index.html"
    cat >"$folder/nginx.conf" <<END
user root;
worker_processes 1;
worker_rlimit_nofile 8192;
pid $folder/nginx.pid;
events { worker_connections 4096; }
http {
    log_format lab '\$msec \$remote_addr:\$remote_port \$server_addr:\$server_port \$status';
    access_log $LAB_OUT/$1-access.log lab;
    client_body_temp_path $folder/temp;
    proxy_temp_path $folder/temp;
    fastcgi_temp_path $folder/temp;
    uwsgi_temp_path $folder/temp;
    scgi_temp_path $folder/temp;
    server {
        listen 80 backlog=4096;
        listen 8081 backlog=4096;
        listen [::]:80 backlog=4096;
        listen [::]:8081 backlog=4096;
        root $folder/html;
        client_max_body_size 0;
        dav_methods PUT;
    }
}
END
    set_kernel "$1" net.core.somaxconn=4096 net.ipv4.tcp_max_syn_backlog=4096
    ip netns exec "$1" nginx -e "$LAB_OUT/$1-error.log" -c "$folder/nginx.conf"
}

name_server() { # HOST ADDRESS
    ip netns exec "$1" dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --user=root --group=root --pid-file= \
        --bind-interfaces --listen-address="$2" --local=/tianyun.com/ \
        --address=/www.tianyun.com/192.168.122.100
}

# For direct routing and tunnels: each real server has the VIP, of which it tells nobody, and a cable to the clients.
real_servers_answer_directly() {
    local host
    for host in rs1 rs2 rs3; do plug "$host" eth1 clients; done | ip -n switch -batch -
    for host in rs1 rs2 rs3; do
        set_kernel "$host" net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
        printf '%s\n' "address add 192.168.122.1${host#rs}0/24 dev eth1" 'link set eth1 up' \
            'address add 192.168.122.100/32 dev lo' | ip -n "$host" -batch -
        ping_all "$host" 192.168.122.1
    done
}

# The exercise, word for word.
virtual_service() {
    ip netns exec director ipvsadm -A -t 192.168.122.100:80 -s rr
    ip netns exec director ipvsadm -a -t 192.168.122.100:80 -r 10.10.10.10 -m
    ip netns exec director ipvsadm -a -t 192.168.122.100:80 -r 10.10.10.20 -m
    ip netns exec director ipvsadm -a -t 192.168.122.100:80 -r 10.10.10.30 -m
}

# Neighbours are asked for now: a burst of SYNs that waits for ARP would partly be lost. It also proves the cables.
meet_the_neighbours() {
    ping_all client 192.168.122.53 192.168.122.100 fd00:122::100
    ping_all director 10.10.10.{10,20,30} fd00:10::{10,20,30}
}

ping_all() { # HOST ADDRESS...
    # shellcheck disable=SC2016
    ip netns exec "$1" sh -euc 'for address; do ping -c 1 -W 5 -q "$address" >/dev/null; done' sh "${@:2}"
}

cluster_up() {
    modprobe -a ip_vs ip_vs_rr veth bridge
    wire
    set_kernel director net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    mkdir -p "$LAB_STATE"/rs{1,2,3}/{html,temp}
    web_server rs1 10.10.10.10
    web_server rs2 10.10.10.20
    web_server rs3 10.10.10.30
    name_server dns 192.168.122.53
    meet_the_neighbours
    virtual_service
}

# Ends what runs in any network namespace but ours; `ip netns pids` would look at all processes once for each host.
cluster_down() {
    local ours hosts=()
    ours=$(readlink /proc/self/ns/net)
    find /proc/[0-9]*/ns/net -maxdepth 0 ! -lname "${ours//[/\\[}" 2>/dev/null | cut -d/ -f3 | xargs -r kill -KILL 2>/dev/null || true
    mapfile -t hosts < <(cd /run/netns && ls -d "${cluster_hosts[@]}" 2>/dev/null)
    printf 'netns del %s\n' "${hosts[@]}" | ip -batch -
    rm -rf "${cluster_hosts[@]/#/${LAB_STATE:?}/}"
}
