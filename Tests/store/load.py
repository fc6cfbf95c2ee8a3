"""What the campaigns against the store share: a process that drives it as a collector does, and what must hold of what
it leaves.

STORE_LOAD=FILE   the driver; default .build/release/store-load
"""

import os
import pathlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

root = pathlib.Path(__file__).resolve().parent.parent.parent
driver = pathlib.Path(os.environ.get("STORE_LOAD", root / ".build/release/store-load")).absolute()


class Failure(Exception):
    """Something does not hold; one line tells what."""


def main(body):
    if not driver.exists():
        sys.exit(f"{driver} is not there; build it with: swift build -c release --product store-load")
    try:
        body()
    except Failure as failure:
        sys.exit(f"FAILED {failure}")


class Load:
    """A `store-load write`, and everything it has said."""

    def __init__(self, database, *options, environment=None):
        self.started = time.monotonic()
        self.committed = 0          # every connection up to this one was said to be written
        self.commits = []           # (time, connection) of each transaction
        self.begun, self.judged = [], []
        self.opened = self.interrupted = self.offer = None
        self.states = []            # (time, queued, dropped, failed, removed, bytes, "OK" or the problem)
        self.process = subprocess.Popen(
            [driver, "write", database, *map(str, options)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | (environment or {}))
        self.complaints = []
        self.readers = [threading.Thread(target=self.listen), threading.Thread(target=self.listen_to_complaints)]
        for reader in self.readers:
            reader.start()

    def listen_to_complaints(self):
        for line in self.process.stderr:
            self.complaints.append(line.rstrip("\n"))

    def listen(self):
        for line in self.process.stdout:
            # A kill may cut the last line short.
            if not line.endswith("\n"):
                return
            word, *rest = line.split(maxsplit=1)
            self.take(word, rest[0].strip() if rest else "")

    def take(self, word, rest):
        now = time.monotonic()
        if word == "committed":
            self.committed = int(rest)
            self.commits.append((now, self.committed))
        elif word == "run":
            self.begun.append(int(rest))
        elif word == "verdict":
            self.judged.append(int(rest))
        elif word == "state":
            *numbers, problem = rest.split(maxsplit=5)
            self.states.append((now, *map(int, numbers), problem))
        elif word == "opened":
            self.opened = now
            self.interrupted = int(rest.split()[1])
        elif word == "offer":
            self.offer = int(rest)

    def wait(self, limit=120):
        """Waits for its end; returns the exit status."""
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"the driver did not end within {limit} s: {self.complaints[-3:]}")
        for reader in self.readers:
            reader.join()
        return status

    def kill(self):
        """SIGKILL: nothing is told, nothing is tidied."""
        self.process.kill()
        self.process.wait()
        for reader in self.readers:
            reader.join()

    def until(self, condition, what, limit=30):
        """Waits for a state."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if self.states and condition(self.states[-1]):
                return self.states[-1]
            if self.process.poll() is not None:
                raise Failure(f"{what}: the driver ended: {self.complaints[-3:]}")
            time.sleep(0.02)
        raise Failure(f"{what}: not within {limit} s; the last state was {self.states[-1:]}")

    @property
    def problem(self):
        return self.states[-1][6] if self.states else "OK"


def expect(condition, what):
    if not condition:
        raise Failure(what)


def copy(database, folder):
    """The database and its log as they are, so that looking at them mends nothing."""
    target = pathlib.Path(folder) / "copy.sqlite"
    for suffix in ("", "-wal", "-shm"):
        pathlib.Path(f"{target}{suffix}").unlink(missing_ok=True)
    for suffix in ("", "-wal"):
        if pathlib.Path(f"{database}{suffix}").exists():
            shutil.copyfile(f"{database}{suffix}", f"{target}{suffix}")
    return target


class Look:
    """A database as it was left."""

    def __init__(self, database):
        self.connection = sqlite3.connect(database)

    def value(self, sql, *arguments):
        return self.connection.execute(sql, arguments).fetchone()[0]

    def is_whole(self):
        return [row[0] for row in self.connection.execute("PRAGMA integrity_check")] == ["ok"]

    def expect_committed(self, what, last):
        """Every connection up to the last committed one is there, apart from the oldest, which retention removes."""
        first, newest = self.connection.execute("SELECT coalesce(min(id), 0), coalesce(max(id), 0) FROM connection").fetchone()
        expect(newest >= last, f"{what}: connection {last} was committed, and {newest} is the last one there")
        count = self.value("SELECT count(*) FROM connection WHERE id <= ?", last)
        expect(last == 0 or count == last - first + 1, f"{what}: of connections {first} to {last} only {count} are there")

    def expect_judged(self, what, runs):
        """Runs whose verdict was saved are finished and have it, apart from those that retention removed."""
        oldest = self.value("SELECT coalesce(min(id), 0) FROM run")
        for run in runs:
            if run < oldest:
                continue
            found = self.connection.execute(
                "SELECT state, value FROM run JOIN verdict ON verdict.run_id = run.id WHERE run.id = ?", (run,)).fetchall()
            expect(found == [("finished", "pass")], f"{what}: run {run} was judged, and is {found}")

    def close(self):
        self.connection.close()


def folder():
    return tempfile.TemporaryDirectory(prefix="ipvscope-store.")
