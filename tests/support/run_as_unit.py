"""Run a Python program under what a systemd unit forbids, without systemd.

    python tests/support/run_as_unit.py UNIT FILE [ARGUMENT…]

Of the unit's settings, it applies those that can break a program that is otherwise right:
SystemCallFilter, RestrictAddressFamilies, MemoryDenyWriteExecute and NoNewPrivileges. The kernel
enforces them, also in the child processes.
"""

import ctypes
import errno
import re
import runpy
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 38, 65
#: SCMP_ACT_ALLOW and SCMP_CMP_EQ.
ALLOW, EQUAL = 0x7FFF0000, 4
FAMILIES = {"AF_UNIX": 1, "AF_INET": 2, "AF_INET6": 10, "AF_NETLINK": 16}


def refuse_with(number: int) -> int:
    """Return seccomp's action for a call that fails with an error."""
    return 0x00050000 | number


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp."""

    _fields_ = [
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    ]


def settings_of(unit: Path) -> dict[str, list[str]]:
    """Return the values of each setting of the unit, in order."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", unit.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def members(group: str) -> set[str]:
    """Return the system calls of a group such as @system-service."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
    ).stdout
    names = [line.strip() for line in listed.splitlines()[1:] if not line.strip().startswith("#")]
    return {
        call
        for name in names
        if name
        for call in (members(name) if name.startswith("@") else {name})
    }


def allowed(filters: Iterable[str]) -> set[str]:
    """Return the system calls that the lines of SystemCallFilter allow."""
    # systemd always allows what starting a program takes.
    calls = members("@default") | {"execve"}
    for line in filters:
        removed = line.startswith("~")
        for word in line.removeprefix("~").split():
            named = members(word) if word.startswith("@") else {word}
            calls = calls - named if removed else calls | named
    return calls


def forbid(settings: dict[str, list[str]]) -> None:
    """Forbid this process and its children what the unit forbids."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert settings["NoNewPrivileges"] == ["yes"]
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if settings["MemoryDenyWriteExecute"] == ["yes"]:
        libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)  # Linux 6.3 and newer; otherwise this is not tested

    seccomp = ctypes.CDLL("libseccomp.so.2")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(refuse_with(errno.EPERM))))
    for call in allowed(settings["SystemCallFilter"]) - {"socket"}:
        number = seccomp.seccomp_syscall_resolve_name(call.encode())
        if number >= 0:  # not of another architecture
            seccomp.seccomp_rule_add_array(context, ctypes.c_uint32(ALLOW), number, 0, None)
    number = seccomp.seccomp_syscall_resolve_name(b"socket")
    for family in settings["RestrictAddressFamilies"][0].split():
        is_family = Comparison(0, EQUAL, FAMILIES[family], 0)
        seccomp.seccomp_rule_add_array(
            context, ctypes.c_uint32(ALLOW), number, 1, ctypes.byref(is_family)
        )
    assert seccomp.seccomp_load(context) == 0


if __name__ == "__main__":
    _, unit, *sys.argv = sys.argv
    forbid(settings_of(Path(unit)))
    sys.path[0] = ""
    runpy.run_path(sys.argv[0], run_name="__main__")
