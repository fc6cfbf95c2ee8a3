"""What the benchmarks share: C programs, captures, the cost of a command, tables.

BENCH_IPVSCOPE=FILE   the program under test; default .build/release/ipvscope
BENCH_DATA=FOLDER     captures and compiled programs; default .build/benchmarks
BENCH_CONNECTIONS=N   how large the captures are: about ten packets a connection on each side; default 1000000
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

here = pathlib.Path(__file__).resolve().parent.parent
root = here.parent
ipvscope = pathlib.Path(os.environ.get("BENCH_IPVSCOPE", root / ".build/release/ipvscope")).absolute()
data = pathlib.Path(os.environ.get("BENCH_DATA", root / ".build/benchmarks")).absolute()
connections = int(os.environ.get("BENCH_CONNECTIONS", 1_000_000))


class Failure(Exception):
    """Something went wrong in a way that one line tells."""


def main(body):
    """Runs a benchmark; a failure is one line and status 1."""
    try:
        data.mkdir(parents=True, exist_ok=True)
        body()
    except Failure as failure:
        sys.exit(f"{pathlib.Path(sys.argv[0]).parent.name}: {failure}")


def say(text):
    print(text, file=sys.stderr, flush=True)


def built(program):
    """The program, which SwiftPM must have built."""
    if not program.exists():
        raise Failure(f"{program} is not there; build it with: swift build -c release --product {program.name}")
    return program


def build(source, *flags):
    """Compiles Benchmarks/SOURCE unless that was done; returns the program."""
    source = here / source
    program = data / source.stem
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-O3", "-Wall", "-Wextra", "-o", program, source, *flags], check=True)
    return program


class Captures:
    """Both sides of generated traffic, and the kernel's reading of it."""

    def __init__(self, name, *options):
        """The options are those of captures/generate.c. What is there from an earlier run is used again."""
        generator = build("captures/generate.c")
        prefix, self.note = data / name, data / f"{name}.json"
        self.vip, self.dip = data / f"{name}_vip.pcap", data / f"{name}_dip.pcap"
        self.both, self.kernel = data / f"{name}_both.pcap", data / f"{name}_kernel.json"
        made = {"options": [str(option) for option in options], "generator": generator.stat().st_mtime}
        known = json.loads(self.note.read_text()) if self.note.exists() else {}
        if {key: known.get(key) for key in made} != made or not self.files:
            say(f"generating {name}: {' '.join(made['options'])}")
            self.note.unlink(missing_ok=True)
            output = subprocess.run(
                [generator, prefix, *made["options"]], check=True, capture_output=True, text=True).stdout
            known = made | json.loads(output)
            self.note.write_text(json.dumps(known))
        self.packets, self.connections = known["packets"], known["connections"]

    @property
    def files(self):
        return [file for file in (self.vip, self.dip, self.both) if file.exists()]

    def warm(self):
        """Brings the files into the page cache, so that everybody finds them there."""
        for file in self.files:
            with file.open("rb", buffering=0) as stream:
                while stream.read(1 << 20):
                    pass

    def delete(self):
        for file in (*self.files, self.kernel, self.note):
            file.unlink()

    def verify(self, report):
        """Fails unless a verdict holds exactly what was generated, number by number."""
        kernel = json.loads(self.kernel.read_text())
        services = {service["virtual_service"]: service for service in report["virtual_services"]}
        wrong = []

        def compare(what, found, expected):
            if found != expected:
                wrong.append(f"{what} is {found}, not {expected}")

        reasons = [reason for service in report["virtual_services"] for reason in service["reasons"]]
        compare("the verdict", (report["verdict"], reasons), ("pass", []))
        for expected in kernel["virtual_services"]:
            name = expected["identity"]
            service = services.pop(name, None)
            if service is None:
                wrong.append(f"{name} is missing")
                continue
            counters, audit = expected["counters"], service["audit"]
            compare(f"{name} assignments", service["assignments"], counters["connections"])
            compare(f"{name} checked", service["conformance"]["checked"], counters["connections"])
            compare(f"{name} audit closed", audit["closed"], True)
            for unit in ("packets", "bytes"):
                for direction in ("in", "out"):
                    captured = audit[unit][direction]["captured"]
                    compare(f"{name} {unit} {direction}", captured, counters[f"{direction}_{unit}"])
            servers = {server["real_server"]: server for server in service["real_servers"]}
            for server in expected["real_servers"]:
                found = servers.pop(server["endpoint"], {})
                compare(f"{name} {server['endpoint']} assignments", found.get("assignments"),
                        server["counters"]["connections"])
                for key, counter in (("bytes_in", "in_bytes"), ("bytes_out", "out_bytes")):
                    compare(f"{name} {server['endpoint']} {key}", found.get(key), server["counters"][counter])
            compare(f"{name} other real servers", list(servers), [])
        compare("other virtual services", list(services), [])
        if wrong:
            raise Failure("wrong result: " + "; ".join(wrong))


class Cost:
    """What a command cost: CPU and wall in seconds, peak resident memory in MiB, and what it printed."""

    def __init__(self, result, output="", error=""):
        cpu, wall, memory, status = result.split()
        self.cpu, self.wall, self.memory, self.status = float(cpu), float(wall), int(memory) / 1024, int(status)
        self.output, self.error = output, error


def measure(command, accepted=(0,)):
    """Runs a command to its end, which must be with one of the accepted statuses."""
    result = data / "result"
    process = subprocess.run(
        [build("support/measure.c"), result, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if process.returncode != 0:
        raise Failure(f"measure: {process.stderr.strip()}")
    cost = Cost(result.read_text(), process.stdout, process.stderr)
    if cost.status not in accepted:
        text = " ".join(map(str, command))
        raise Failure(f"{text}: status {cost.status}: {(cost.error or cost.output).strip()[-1000:]}")
    return cost


def replay(captures, *options, wrapper=()):
    """Has ipvscope judge captures, and checks every count."""
    cost = measure(
        [*wrapper, built(ipvscope), "replay", "--vip", captures.vip, "--dip", captures.dip, "--kernel", captures.kernel,
         "--format", "json", *options], accepted=(0, 98, 99))
    captures.verify(json.loads(cost.output))
    return cost


def interleave(contestants, rounds):
    """Runs each contestant once a round, in turning order; returns the costs by name."""
    costs = {name: [] for name in contestants}
    names = list(contestants)
    for number in range(rounds):
        turned = names[number % len(names):] + names[:number % len(names)]
        for name in turned:
            say(f"round {number + 1} of {rounds}: {name}")
            costs[name].append(contestants[name]())
    return costs


def median(costs, key="cpu"):
    return statistics.median(getattr(cost, key) for cost in costs)


def spread(costs, key="cpu"):
    """How far the rounds lie apart, as text."""
    values = [getattr(cost, key) for cost in costs]
    return f"{min(values):.2f}–{max(values):.2f}" if len(values) > 1 else f"{values[0]:.2f}"


def table(heads, rows):
    """Prints a Markdown table; numbers stand to the right."""
    print("| " + " | ".join(heads) + " |")
    print("| --- |" + " ---: |" * (len(heads) - 1))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()
