#!/usr/bin/env python3
"""Makes the seeds of the fuzzers from the fixtures of the tests. Standard library only.

Run it in this folder after a fixture changed. What the bytes of a seed mean is told in Fuzzers/.
"""
import pathlib
import shutil
import struct

TESTS = pathlib.Path("../Tests")
CAPTURES = TESTS / "PacketDecodingTests/Captures"
RECORDINGS = TESTS / "CollectorTests/Recordings"
KERNEL = TESTS / "IPVSKernelTests/Fixtures"
LINK_TYPES = [1, 12, 101, 113, 228, 229, 276]  # in the order of LinkType's cases
VIP, DIP = 0, 1


def write(subject, name, content):
    path = pathlib.Path("corpus", subject, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def packets(path, most):
    """The link type and the first packets of a capture, as time in nanoseconds and bytes."""
    content = path.read_bytes()
    unit = 1 if content[:4] == bytes.fromhex("4d3cb2a1") else 1000
    found, position = [], 24
    while position < len(content) and len(found) < most:
        seconds, fraction, captured, _ = struct.unpack_from("<IIII", content, position)
        position += 16
        found.append((seconds * 10**9 + fraction * unit, content[position:position + captured]))
        position += captured
    return struct.unpack_from("<I", content, 20)[0], found


def trace(link_type, found):
    """An input for the decoder and the tracer, of times, sides and packets."""
    parts = [bytes([LINK_TYPES.index(link_type)])]
    before = found[0][0]
    for number, (time, side, packet) in enumerate(found):
        step = max(time - before, 1).bit_length() - 1
        # Now and then something else happens; what, is in three bits.
        action = number // 8 % 8 << 2 if number % 8 == 7 else 0
        parts.append(struct.pack(">BBH", side | action, min(step, 49), len(packet)) + packet)
        before = time
    return b"".join(parts)


shutil.rmtree("corpus", ignore_errors=True)

for path in sorted(CAPTURES.glob("*.pcap")):
    link_type, found = packets(path, 24)
    for side, name in (VIP, "vip"), (DIP, "dip"):
        write("packets", f"{path.stem}-{name}", trace(link_type, [(time, side, data) for time, data in found]))
    if not path.stem.startswith("lab-"):
        write("captures", path.stem, path.read_bytes())
for folder in (RECORDINGS / "web", RECORDINGS / "mixed"):
    link_type, _ = packets(folder / "vip.pcap", 1)
    both = [
        (time, side, data)
        for side, name in ((VIP, "vip"), (DIP, "dip"))
        for time, data in packets(folder / f"{name}.pcap", 80)[1]
    ]
    both.sort(key=lambda packet: packet[0])
    for start in range(0, len(both), 40):
        write("packets", f"{folder.name}-{start // 40}", trace(link_type, both[start:start + 40]))
    for number, line in enumerate((folder / "kernel.jsonl").read_bytes().splitlines(keepends=True)[:2]):
        write("snapshot", f"{folder.name}-{number}", line)

big_endian = struct.pack(">IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
blocks = struct.pack("<IIIHHqI", 0x0A0D0D0A, 28, 0x1A2B3C4D, 1, 0, -1, 28)
blocks += struct.pack("<IIHHII", 1, 20, 1, 0, 65535, 20)
for _, data in packets(CAPTURES / "ethernet.pcap", 3)[1]:
    big_endian += struct.pack(">IIII", 1700000000, 7, len(data), len(data)) + data
    padded = data + bytes(-len(data) % 4)
    length = 32 + len(padded)
    blocks += struct.pack("<IIIIIII", 6, length, 0, 0, 7, len(data), len(data)) + padded + struct.pack("<I", length)
write("captures", "big-endian", big_endian)
write("captures", "pcapng", blocks)

for name, kind in ("ip_vs_conn", "c"), ("ip_vs_conn_sync", "c"), ("ip_vs", "s"), ("ip_vs_stats_percpu", "t"):
    lines = (KERNEL / "linux-6.1" / name).read_bytes().splitlines(keepends=True)
    write("table", name, kind.encode() + b"".join(lines[:14]))
write("table", "Lnc", b"a" + b"".join((KERNEL / "ipvsadm-1.31/Lnc").read_bytes().splitlines(keepends=True)[:14]))
write("table", "ip_vs_status", b"bConns:\t12\nConn buckets:\t4096 (12 bits, lfactor -5)\n")

for name, kinds in ("info", "i"), ("config", "c"), ("services", "s"), ("destinations", "dD"):
    for number, line in enumerate((KERNEL / f"linux-6.1/{name}.nlmsg").read_text().splitlines()[::4]):
        kind = kinds[number % len(kinds)]
        write("netlink", f"{name}-{number}", kind.encode() + bytes.fromhex(line.split()[-1]))
header = struct.pack("=B3xiHBB", 2, 3, 2, 0, 1)
attributes = struct.pack("=HH4s", 8, 1, bytes([10, 10, 10, 20])) + struct.pack("=HH6sxx", 10, 2, bytes(range(6)))
write("netlink", "neighbour", b"n" + header + attributes)
