"""Which system calls this process may make, as a filter in the kernel.

A plugin computes, reads its own files, and uses the sockets that the engine has connected. So: no socket of its own, no
other process or program, nothing that reaches into another process, and none of what only the system's owner needs. It
is a list of what is refused: a new call of a new kernel is allowed until it is added here. See
docs.kernel.org/userspace-api/seccomp_filter.html.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ordinance.plugins.inside import kernel

_REFUSED = """
accept accept4 bind connect listen socket
fork vfork execve execveat setsid setpgid
ptrace process_vm_readv process_vm_writev process_madvise process_mrelease kcmp pidfd_open pidfd_getfd
pidfd_send_signal tkill rt_sigqueueinfo rt_tgsigqueueinfo setpriority ioprio_set setrlimit migrate_pages move_pages
io_uring_setup io_uring_enter io_uring_register bpf perf_event_open userfaultfd fanotify_init fanotify_mark
inotify_add_watch memfd_create memfd_secret
add_key request_key keyctl capset personality
mount umount2 pivot_root chroot move_mount open_tree fsopen fsconfig fsmount fspick mount_setattr open_tree_attr
unshare setns
init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff acct quotactl quotactl_fd
sethostname setdomainname settimeofday clock_settime clock_adjtime adjtimex syslog vhangup iopl ioperm
open_by_handle_at name_to_handle_at lookup_dcookie
shmget shmat shmctl semget semop semtimedop semctl msgget msgsnd msgrcv msgctl mq_open mq_unlink
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat
setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr setxattrat removexattrat
file_setattr
"""
REFUSED = tuple(_REFUSED.split())


class Condition(NamedTuple):
    """The call ``name`` is refused unless the half ``half`` (0: the low 32 bits) of its argument ``argument``, masked,
    is one of ``values``; where ``never``, if it is."""

    name: str
    argument: int
    values: Sequence[int]
    mask: int = 0xFFFFFFFF
    half: int = 0
    never: bool = False


_CLONE_THREAD = 0x10000
_SOCK_STREAM, _SOCK_SEQPACKET = 1, 5
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_FIOSETOWN, _SIOCSPGRP, _TIOCSTI = 0x8901, 0x8902, 0x5412
_PR_SET_PDEATHSIG = 1


def conditions(pid: int) -> list[Condition]:
    """Return what depends on a call's arguments; ``pid`` is this process, which may do to itself what it likes."""
    itself = (0, pid)
    return [
        Condition("clone", 0, [_CLONE_THREAD], mask=_CLONE_THREAD),
        # Datagrams can be sent to anyone who listens under a path, over any socket that takes them.
        Condition("socketpair", 1, [_SOCK_STREAM, _SOCK_SEQPACKET], mask=0xF),
        Condition("kill", 0, itself),
        Condition("tgkill", 0, itself),
        Condition("sched_setaffinity", 0, itself),
        Condition("sched_setscheduler", 0, itself),
        Condition("sched_setparam", 0, itself),
        Condition("sched_setattr", 0, itself),
        # Limits may be read and not set: no new ones.
        Condition("prlimit64", 2, [0]),
        Condition("prlimit64", 2, [0], half=1),
        # Signals to other processes, by way of a descriptor.
        Condition("fcntl", 1, [_F_SETOWN, _F_SETSIG, _F_SETOWN_EX], never=True),
        Condition("ioctl", 1, [_FIOSETOWN, _SIOCSPGRP, _TIOCSTI], never=True),
        Condition("prctl", 0, [_PR_SET_PDEATHSIG], never=True),
    ]


_LOAD, _AND, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x06
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16  # in struct seccomp_data
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
#: Calls of the 32-bit kind on x86_64 have numbers from here on.
_X32 = 0x40000000

_SECCOMP, _FILTER = 22, 2

_Step = tuple[int, int, int, int]


def restrict() -> None:
    """Refuse these calls from now on. Raises ``OSError`` where the kernel has no such filter."""
    numbers = kernel.numbers()
    if numbers is None:
        raise OSError(errno.ENOTSUP, f"there is no filter for {platform.machine()}")
    steps = b"".join(struct.pack("HBBI", *step) for step in program(numbers, os.getpid()))
    held = ctypes.create_string_buffer(steps, len(steps))
    kernel.prctl(_SECCOMP, _FILTER, struct.pack("HxxxxxxP", len(steps) // 8, ctypes.addressof(held)))


def reason(error: OSError) -> str:
    """Return why there is no filter."""
    if error.errno in (errno.ENOSYS, errno.EINVAL):
        return "this kernel has no seccomp filter"
    return error.strerror or "seccomp failed"


def program(numbers: kernel.Numbers, pid: int) -> list[_Step]:
    """Return the filter as instructions for the kernel: code, jump if true, jump if false, value."""
    return [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, numbers.arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERROR | errno.EPERM),
        # Its arguments are in memory, where no filter can look; libraries then use clone.
        (_EQUAL, 0, 1, numbers["clone3"]),
        (_RETURN, 0, 0, _ERROR | errno.ENOSYS),
        *(step for number in numbers.known(REFUSED) for step in _refusal(number)),
        *(step for condition in conditions(pid) for step in _conditional(numbers[condition.name], condition)),
        (_RETURN, 0, 0, _ALLOW),
    ]


def _refusal(number: int) -> Iterator[_Step]:
    yield _EQUAL, 0, 1, number
    yield _RETURN, 0, 0, _ERROR | errno.EPERM


def _conditional(number: int, condition: Condition) -> Iterator[_Step]:
    count = len(condition.values)
    yield _EQUAL, 0, count + 4, number
    yield _LOAD, 0, 0, _ARGUMENTS + 8 * condition.argument + 4 * condition.half
    yield _AND, 0, 0, condition.mask
    for index, value in enumerate(condition.values):
        left = count - index  # instructions to the one behind the refusal
        if condition.never:
            yield _EQUAL, left - 1, 1 if left == 1 else 0, value
        else:
            yield _EQUAL, left, 0, value
    yield _RETURN, 0, 0, _ERROR | errno.EPERM
    yield _LOAD, 0, 0, _NUMBER
