#!/usr/bin/env python3
"""Makes the captures in this folder, one for each feature of the decoder. Standard library only.

Run it in this folder after a change; what each file holds is in DecodedCaptureTests.swift.
"""
import ipaddress
import struct


CLIENT4, VIRTUAL4, ROUTER4, SERVER4 = "192.168.122.1", "192.168.122.100", "192.168.122.254", "10.10.10.20"
CLIENT6, VIRTUAL6, ROUTER6, SERVER6 = "fd00:122::1", "fd00:122::100", "fd00:122::fe", "fd00:10::20"


def address(text):
    return ipaddress.ip_address(text).packed


def tcp(flags, payload=b"", options=b"", seq=1000, ack=0):
    offset = (20 + len(options)) // 4
    return struct.pack(">HHIIBBHHH", 40000, 80, seq, ack, offset << 4, flags, 64240, 0, 0) + options + payload


def udp(payload=b"", source=40000, to=53):
    return struct.pack(">HHHH", source, to, 8 + len(payload), 0) + payload


def sctp(*chunks):
    """Chunks as type and value, each a multiple of 4 bytes long."""
    parts = [struct.pack(">BBH", kind, 0, 4 + len(value)) + value for kind, value in chunks]
    return struct.pack(">HHII", 40000, 80, 7, 0) + b"".join(parts)


def icmp(kind, code, packet):
    return struct.pack(">BBHI", kind, code, 0, 0) + packet


def gre(kind, packet, flags=0):
    """With flags for checksum, key and sequence number, 4 bytes each."""
    return struct.pack(">HH", flags, kind) + bytes(4 * bin(flags).count("1")) + packet


def ipv4(protocol, payload, options=b"", fragment=0x4000, total=None, source=CLIENT4, to=VIRTUAL4, number=0x1234):
    words = (20 + len(options)) // 4
    length = words * 4 + len(payload) if total is None else total
    return (
        struct.pack(">BBHHHBBH", 0x40 | words, 0, length, number, fragment, 64, protocol, 0)
        + address(source) + address(to) + options + payload
    )


def ipv6(kind, payload, source=CLIENT6, to=VIRTUAL6):
    return (
        struct.pack(">IHBB", 0x60000000, len(payload), kind, 64)
        + address(source) + address(to) + payload
    )


def ethernet(kind, payload, *tags):
    header = bytes.fromhex("020000000001020000000002")
    for tag_kind, identifier in tags:
        header += struct.pack(">HH", tag_kind, identifier)
    return (header + struct.pack(">H", kind) + payload).ljust(60, b"\0")


def cooked_v1(kind, payload):
    return struct.pack(">HHH8sH", 0, 1, 6, bytes.fromhex("0200000000010000"), kind) + payload


def cooked_v2(kind, payload):
    return struct.pack(">HHIHBB8s", kind, 0, 2, 1, 0, 6, bytes.fromhex("0200000000010000")) + payload


def write(name, link_type, packets, snap=262144):
    with open(name + ".pcap", "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snap, link_type))
        for number, packet in enumerate(packets):
            kept = packet[:snap]
            file.write(struct.pack("<IIII", 1700000000, number * 1000 + 7, len(kept), len(packet)) + kept)


SYN, ACK, PSH_ACK = 0x02, 0x10, 0x18
MSS = bytes.fromhex("020405b4")

write("ethernet", 1, [
    ethernet(0x0800, ipv4(6, tcp(SYN, options=MSS))),
    ethernet(0x0800, ipv4(6, tcp(PSH_ACK, b"GET / HTTP/1.0\r\n\r\n", seq=1001, ack=501))),
    ethernet(0x0800, ipv4(17, udp(b"query"))),
    ethernet(0x86DD, ipv6(6, tcp(SYN, options=MSS))),
    ethernet(0x0806, bytes(28)),
    ethernet(0x0800, ipv4(1, bytes(8))),
])
write("vlan", 1, [
    ethernet(0x0800, ipv4(6, tcp(SYN)), (0x8100, 5)),
    ethernet(0x86DD, ipv6(17, udp(b"query")), (0x8100, 5)),
    ethernet(0x0800, ipv4(6, tcp(ACK)), (0x88A8, 100), (0x8100, 5)),
    ethernet(0x0806, bytes(28), (0x8100, 5)),
])
write("linux-cooked-v1", 113, [
    cooked_v1(0x0800, ipv4(6, tcp(SYN))), cooked_v1(0x86DD, ipv6(6, tcp(SYN))), cooked_v1(0x0806, bytes(28)),
])
write("linux-cooked-v2", 276, [
    cooked_v2(0x0800, ipv4(6, tcp(SYN))), cooked_v2(0x86DD, ipv6(6, tcp(SYN))), cooked_v2(0x0806, bytes(28)),
])
write("raw-ip", 101, [ipv4(6, tcp(SYN)), ipv6(6, tcp(SYN)), b"\x00\x01\x02"])
write("ipv4-options-and-fragments", 1, [
    ethernet(0x0800, ipv4(6, tcp(SYN), options=bytes.fromhex("0707040000000000"))),
    ethernet(0x0800, ipv4(17, udp(bytes(16)), fragment=0x2000)),
    ethernet(0x0800, ipv4(17, bytes(24), fragment=0x2003)),
    ethernet(0x0800, ipv4(17, bytes(24), fragment=0x0006)),
    ethernet(0x0800, ipv4(6, tcp(PSH_ACK, bytes(100)), total=0)),
])
write("ipv6-extensions", 1, [
    ethernet(0x86DD, ipv6(0, bytes.fromhex("0600010400000000") + tcp(SYN))),
    ethernet(0x86DD, ipv6(43, bytes.fromhex("0600000000000000") + tcp(SYN))),
    ethernet(0x86DD, ipv6(44, bytes.fromhex("1100000100000007") + udp(bytes(16)))),
    ethernet(0x86DD, ipv6(44, bytes.fromhex("1100001000000007") + bytes(24))),
    ethernet(0x86DD, ipv6(51, bytes.fromhex("060400000000000000000000") + bytes(12) + tcp(SYN))),
])
write("cut-at-54-bytes", 1, [
    ethernet(0x0800, ipv4(6, tcp(PSH_ACK, bytes(1000), options=MSS))),
    ethernet(0x0800, ipv4(6, tcp(SYN), options=bytes.fromhex("07070400"))),
    ethernet(0x86DD, ipv6(6, tcp(SYN))),
], snap=54)
write("sctp", 1, [
    ethernet(0x0800, ipv4(132, sctp((1, bytes(16))))),
    ethernet(0x0800, ipv4(132, sctp((10, bytes(8)), (0, bytes(12))))),
    ethernet(0x86DD, ipv6(132, sctp((0, bytes(12))))),
    ethernet(0x0800, ipv4(132, sctp((10, bytes(8)), (6, b"")))),
    ethernet(0x0800, ipv4(132, sctp((7, bytes(4))))),
    ethernet(0x0800, ipv4(132, sctp())[:32]),
])
answer4 = ipv4(17, udp(b"answer", 53, 40000), source=VIRTUAL4, to=CLIENT4)
answer6 = ipv6(17, udp(b"answer", 53, 40000), source=VIRTUAL6, to=CLIENT6)
write("icmp-errors", 1, [
    ethernet(0x0800, ipv4(1, icmp(3, 4, answer4[:28]), source=ROUTER4)),
    ethernet(0x0800, ipv4(1, icmp(3, 3, answer4), source=CLIENT4)),
    ethernet(0x86DD, ipv6(58, icmp(2, 0, answer6), source=ROUTER6)),
    ethernet(0x0800, ipv4(1, icmp(11, 1, ipv4(17, bytes(24), fragment=0x2003)), source=ROUTER4)),
    ethernet(0x0800, ipv4(1, icmp(8, 0, b"ping"), source=CLIENT4)),
    ethernet(0x86DD, ipv6(58, icmp(135, 0, bytes(20)), source=ROUTER6)),
])
write("tunnels", 1, [
    ethernet(0x0800, ipv4(4, ipv4(6, tcp(SYN)), to=SERVER4)),
    ethernet(0x0800, ipv4(41, ipv6(6, tcp(SYN)), to=SERVER4)),
    ethernet(0x86DD, ipv6(4, ipv4(6, tcp(SYN)), to=SERVER6)),
    ethernet(0x0800, ipv4(47, gre(0x0800, ipv4(6, tcp(SYN))), to=SERVER4)),
    ethernet(0x0800, ipv4(47, gre(0x86DD, ipv6(6, tcp(SYN)), 0xB000), to=SERVER4), (0x88A8, 100), (0x8100, 5)),
    ethernet(0x0800, ipv4(47, gre(0x6558, bytes(40)), to=SERVER4)),
    ethernet(0x0800, ipv4(4, ipv4(4, ipv4(6, tcp(SYN))), to=SERVER4)),
])
write("fragments", 1, [
    # In order, then the other way round, then two packets at the same time.
    ethernet(0x0800, ipv4(17, udp(bytes(16)), fragment=0x2000, number=1)),
    ethernet(0x0800, ipv4(17, bytes(24), fragment=0x2003, number=1)),
    ethernet(0x0800, ipv4(17, bytes(5), fragment=0x0006, number=1)),
    ethernet(0x0800, ipv4(17, bytes(5), fragment=0x0006, number=2)),
    ethernet(0x0800, ipv4(17, bytes(24), fragment=0x2003, number=2)),
    ethernet(0x0800, ipv4(17, udp(bytes(16)), fragment=0x2000, number=2)),
    ethernet(0x86DD, ipv6(44, bytes.fromhex("1100000100000007") + udp(bytes(16)))),
    ethernet(0x86DD, ipv6(44, bytes.fromhex("1100000100000008") + udp(bytes(16), 40001))),
    ethernet(0x86DD, ipv6(44, bytes.fromhex("1100001800000008") + bytes(8))),
    ethernet(0x86DD, ipv6(44, bytes.fromhex("1100001800000007") + bytes(8))),
])
