#!/usr/bin/env python3
"""Makes the captures in this folder, one for each feature of the decoder. Standard library only.

Run it in this folder after a change; what each file holds is in DecodedCaptureTests.swift.
"""
import ipaddress
import struct


def address(text):
    return ipaddress.ip_address(text).packed


def tcp(flags, payload=b"", options=b"", seq=1000, ack=0):
    offset = (20 + len(options)) // 4
    return struct.pack(">HHIIBBHHH", 40000, 80, seq, ack, offset << 4, flags, 64240, 0, 0) + options + payload


def udp(payload=b""):
    return struct.pack(">HHHH", 40000, 53, 8 + len(payload), 0) + payload


def ipv4(protocol, payload, options=b"", fragment=0x4000, total=None):
    words = (20 + len(options)) // 4
    length = words * 4 + len(payload) if total is None else total
    return (
        struct.pack(">BBHHHBBH", 0x40 | words, 0, length, 0x1234, fragment, 64, protocol, 0)
        + address("192.168.122.1") + address("192.168.122.100") + options + payload
    )


def ipv6(kind, payload):
    return (
        struct.pack(">IHBB", 0x60000000, len(payload), kind, 64)
        + address("fd00:122::1") + address("fd00:122::100") + payload
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
