# Persistent services: a client stays where it was while its template lives; a netmask makes one client of a network.
# lab: product
. "$lib/product.sh"

for number in 1 2 3; do name_server "rs$number" "10.10.10.${number}0"; done
printf 'address add %s dev lo\n' 172.16.1.{1,2}/32 172.16.{2,3,4,5}.1/32 | ip -n client -batch -
invent_clients
add_service '-u 192.168.122.100:53 -s rr -p 3' '-r 10.10.10.N:53 -m'
add_service '-t 192.168.122.100:8081 -s rr -p 60 -M 255.255.255.0' '-r 10.10.10.N:80 -m'
# Entries that end before their template, which else would live another minute.
on director ipvsadm --set 900 120 1
# The entry of a port used again belongs to its template: it stays where it is and is no new connection.
echo '172.16.6.1:4001 8081 syn ack get fin ack syn' >"$TMPDIR/script"

# Three flows of each of four clients; one more of each when their templates are gone; then one client goes on for longer
# than a template lives without it. Meanwhile six networks of clients, one with two clients.
trace clients bash -euc 'ask="on client messages ask dns 192.168.122.100 53"
    $ask 172.16.{1.1,1.2,2.1,3.1}:{40001..40003}
    sleep 4.5 & templates_end=$!
    on client sh -c "for client in 1.1 1.2 2.1 3.1 4.1 5.1; do
            curl -s --interface 172.16.\$client -o /dev/null http://192.168.122.100:8081/; done
        forge talk 192.168.122.100 \$TMPDIR/script"
    wait $templates_end
    $ask 172.16.{1.1,1.2,2.1,3.1}:40001
    $ask 172.16.1.1:{40004..40006} --pause 1.2'
expect_equal "questions answered" "$(lines_with 'answered' "$LAB_OUT/clients-load.txt")" 19
expect_pass clients udp/192.168.122.100:53
# By round robin the first four went to 30, 20, 10, 30 and stayed there; the next four to 20, 10, 30, 20.
expect_equal "connections of each real server" \
    "$(counted clients udp/192.168.122.100:53 | awk '{ print $1, $2 }' | paste -sd' ')" \
    '10.10.10.10:53 4 10.10.10.20:53 8 10.10.10.30:53 7 all 19'

expect_pass clients tcp/192.168.122.100:8081
expect_match "what the kernel counted: connections" "$(counted clients tcp/192.168.122.100:8081)" '^all 7 '
expect_equal "templates: one for each network of clients" \
    "$(lines_with '^TCP.* 172\.16\.[1-6]\.0:0 ' "$LAB_OUT/clients-connections.txt")" 6

# The templates of the networks are still there, and a capture that begins now knows them from the table.
trace again on client sh -c 'for client in 1.2 2.1 3.1 4.1 5.1; do
    curl -s --interface 172.16.$client -o /dev/null http://192.168.122.100:8081/; done'
expect_same_counts again tcp/192.168.122.100:8081
expect_audit_closed again tcp/192.168.122.100:8081
expect_equal "who sent them where they went" "$(sqlite3 "$database" "SELECT origin, count(*) FROM connections
    JOIN run ON run.id = run_id WHERE run.name = 'again' AND is_assignment GROUP BY origin")" 'follows_template|5'
