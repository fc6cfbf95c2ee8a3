#!/usr/bin/env python3
"""Cuts a recording of `ipvscope run --record` down to its first connections, with the kernel's counters to match.

    cut.py SOURCE DESTINATION CONNECTIONS

SOURCE and DESTINATION are folders with vip.pcap, dip.pcap and kernel.jsonl. Counters of the last reading become what
the remaining packets come to: incoming as the VIP side shows it, outgoing as the DIP side does. Readings between the
first and the last are left out, and so are rows of the table that belong to other connections. Only IPv4 over Ethernet
is kept. Standard library only.
"""
import ipaddress
import json
import struct
import sys


def read(path):
    data = open(path, "rb").read()
    records, place = [], 24
    while place < len(data):
        _, _, kept, _ = struct.unpack("<IIII", data[place:place + 16])
        records.append(data[place:place + 16 + kept])
        place += 16 + kept
    return data[:24], records


def fields(record):
    frame = record[16:]
    header = 14 + (frame[14] & 15) * 4
    source, destination = struct.unpack(">HH", frame[header:header + 4])
    end = lambda at, port: "%s:%d" % (ipaddress.ip_address(frame[at:at + 4]), port)
    return end(26, source), end(30, destination), struct.unpack(">H", frame[16:18])[0], frame[header + 13]


source, destination, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
readings = [json.loads(line) for line in open(source + "/kernel.jsonl") if line.strip()]
readings = [readings[0], readings[-1]]
services = {service["identity"].split("/")[1]: service for service in readings[-1]["virtual_services"]}

captures = {side: read("%s/%s.pcap" % (source, side)) for side in ("vip", "dip")}
clients = []
for record in captures["vip"][1]:
    origin, target, _, flags = fields(record)
    if target in services and flags & 0x12 == 2 and origin not in clients:
        clients.append(origin)
clients = set(clients[:count])

server_of, counters = {}, {}
for side in ("dip", "vip"):
    header, records = captures[side]
    kept = [record for record in records if clients & set(fields(record)[:2])]
    for record in kept:
        origin, target, length, flags = fields(record)
        if side == "dip" and origin in clients and flags & 0x12 == 2 and origin not in server_of:
            server_of[origin] = target
            counters.setdefault(target, [0, 0, 0, 0, 0])[0] += 1
        if side == "dip" and target in clients:
            counters[origin][2] += 1
            counters[origin][4] += length
        if side == "vip" and origin in clients:
            counters[server_of[origin]][1] += 1
            counters[server_of[origin]][3] += length
    with open("%s/%s.pcap" % (destination, side), "wb") as file:
        file.write(header + b"".join(kept))

names = ("connections", "in_packets", "out_packets", "in_bytes", "out_bytes")
last = readings[-1]
for service in last["virtual_services"]:
    total = [0] * 5
    for server in service["real_servers"]:
        values = counters.get(server["endpoint"], [0] * 5)
        server["counters"] = dict(zip(names, values))
        server["active_connections"] = 0
        server["inactive_connections"] = values[0]
        total = [a + b for a, b in zip(total, values)]
    service["counters"] = dict(zip(names, total))
if last.get("connections"):
    last["connections"] = [row for row in last["connections"] if row["client"] in clients]
with open(destination + "/kernel.jsonl", "w") as file:
    for reading in readings:
        file.write(json.dumps(reading, sort_keys=True, separators=(",", ":")) + "\n")
