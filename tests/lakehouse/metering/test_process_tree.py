"""The time of a process and its descendants is the kernel's, also of those that have ended."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time

import pytest

from lakehouse.metering import process_tree
from lakehouse.metering.process_tree import ProcessTree

SPIN = """
import subprocess, sys, time
def spin(seconds):
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
if sys.argv[1:]:
    spin(float(sys.argv[1]))
else:
    held = bytearray(60_000_000)
    held[::4096] = b"x" * len(held[::4096])
    subprocess.run([sys.executable, "-c", sys.stdin.read(), "0.2"])
    spin(0.2)
    print("done", flush=True)
    time.sleep(60)
"""


@pytest.mark.process
def test_a_tree_has_the_seconds_and_the_memory_that_the_kernel_counts() -> None:
    running = subprocess.Popen([sys.executable, "-c", SPIN], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert running.stdin is not None and running.stdout is not None
    running.stdin.write(SPIN)
    running.stdin.close()
    running.stdout.readline()
    tree = ProcessTree(running.pid)
    seconds, memory = tree.seconds(), tree.resident()
    with open(f"/proc/{running.pid}/status", encoding="ascii") as status:
        found = re.search(r"VmHWM:\s+(\d+)", status.read())
    assert found is not None and memory == int(found[1]) * 1024 > 60_000_000
    assert 0 < tree.age < time.clock_gettime(time.CLOCK_BOOTTIME)
    assert process_tree.began(running.pid) > 0
    running.kill()
    _, _, used = os.wait4(running.pid, 0)
    running.returncode = -9
    # Ticks of a hundredth of a second, and what it used until it was killed.
    assert seconds == pytest.approx(used.ru_utime + used.ru_stime, abs=0.1)
    assert seconds > 0.4
    assert process_tree.began(running.pid) == 0


def test_the_seconds_of_a_tree_never_become_less() -> None:
    tree = ProcessTree(os.getpid())
    seen = [tree.seconds(look=True) for _ in range(5)]
    assert seen == sorted(seen)


@pytest.mark.process
def test_who_listens_on_a_port_is_found_and_nobody_where_nobody_does() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        assert process_tree.listener(port) is None
        server.listen()
        assert process_tree.listener(port) == os.getpid()


ALONE = """
import os, subprocess, sys, threading, time
from lakehouse.metering.process_tree import ProcessTree

def told():
    print(tree.seconds(look=True), tree.resident(), tree.age, "psutil" in sys.modules)

def child(code):
    return subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

def start():
    started.append(child("x = b'1' * 90_000_000; print(flush=True); input()"))
    threading.Event().wait(30)

tree, started, held = ProcessTree(os.getpid()), [], b"1" * 60_000_000
while time.process_time() < 0.2:
    pass
child("import time; print(all(time.process_time() < 0.3 for _ in iter(int, 1)))").communicate()
told()
threading.Thread(target=start, daemon=True).start()
while not started:
    time.sleep(0.01)
started[0].stdout.readline()
told()
started[0].communicate(b"1")
told()
"""


@pytest.mark.process
def test_a_process_alone_is_told_by_the_kernel_and_a_child_of_any_of_its_threads_is_seen() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True)
    assert done.stderr == ""
    alone, beside, after = (line.split() for line in done.stdout.splitlines())
    assert [one[3] for one in (alone, beside, after)] == ["False", "True", "True"]
    assert 0.45 <= float(alone[0]) <= float(beside[0]) <= float(after[0])
    assert 60_000_000 < int(alone[1]) < int(beside[1]) <= int(after[1])
    assert int(beside[1]) > 150_000_000
    assert 0 < float(alone[2]) < float(after[2])
