"""
What a process may do that opens foreign files: so much memory, no network, and how much of anything a file may hold.

Every number of ``docs/foreign-files.md`` stands here and nowhere else. Two can be raised by
the environment, for a delivery that is known and large: HOTSPOT_FOREIGN_MEMORY (MB) and
HOTSPOT_FOREIGN_SECONDS.
"""

import ctypes
import os
import platform
import struct

SECONDS = 60.0  # for one vector file, workbook or document
MEMORY = 2 << 30  # bytes of address space of their child; its libraries alone map 0.5 GB
MAX_BYTES = 256 << 20  # of one vector file, workbook or document
PHOTO_BYTES = 20 << 20  # of one photo as it is sent
PHOTO_PIXELS = 60_000_000  # of one photo: the largest phones take 50 million by default
MAX_FEATURES = 200_000
MAX_VERTICES = 5_000_000  # of one vector file
MAX_CROSSINGS = 1_000  # pairs of edges that cross in an outline to be mended: 3,300 took 6 s, twice as many 45 s
MAX_SQUARES = 4_000_000  # lattice squares around one unit: all of China in 3 km cells has 3 million

_SOCKET = {"x86_64": (0xC000003E, (41, 53)), "aarch64": (0xC00000B7, (198, 199))}  # architecture, socket, socketpair


def seconds() -> float:
    """Seconds that one file may take: HOTSPOT_FOREIGN_SECONDS, or ``SECONDS``."""
    return _raised("HOTSPOT_FOREIGN_SECONDS", SECONDS)


def memory() -> int:
    """Bytes of address space of the child: HOTSPOT_FOREIGN_MEMORY in MB, or ``MEMORY``."""
    return int(_raised("HOTSPOT_FOREIGN_MEMORY", MEMORY / (1 << 20)) * (1 << 20))


def _raised(name: str, default: float) -> float:
    from hotspot.variables import DataError

    said = os.environ.get(name, "")
    try:
        value = float(said or default)
    except ValueError:
        value = -1.0
    if not 0 < value < 1e6:
        raise DataError(f"environment variable {name}: {said!r} is no number above 0; set it right or unset it.")
    return value


def limit(bytes_: int, *, network: bool = False) -> None:
    """Cap this process before anything foreign is opened: address space, no core dump, no network but where told."""
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (bytes_, bytes_))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if not network:
        without_network()


def without_network() -> bool:
    """
    From here on this process opens no socket, whatever its libraries try.

    The kernel refuses the system call (seccomp, Linux on x86-64 and ARM); elsewhere the
    libraries' own switches, which ``child`` sets, are all there is.

    Returns
    -------
    bool, whether the kernel keeps it
    """
    if platform.system() != "Linux" or platform.machine() not in _SOCKET:
        return False
    architecture, calls = _SOCKET[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06  # BPF: load a word, jump if equal, return
    allow, refuse = 0x7FFF0000, 0x00050000 | 13  # EACCES
    steps = [(load, 0, 0, 4), (equal, 1, 0, architecture), (give, 0, 0, refuse), (load, 0, 0, 0)]
    for at, call in enumerate(calls):
        steps.append((equal, len(calls) - at, 0, call))
    steps += [(give, 0, 0, allow), (give, 0, 0, refuse)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    program = Program(len(steps), ctypes.cast(code, ctypes.c_void_p))
    kernel = ctypes.CDLL(None, use_errno=True)
    no_new_privileges, seccomp, by_filter = 38, 22, 2
    zero = ctypes.c_ulong(0)
    if kernel.prctl(no_new_privileges, ctypes.c_ulong(1), zero, zero, zero):
        return False
    return not kernel.prctl(seccomp, ctypes.c_ulong(by_filter), ctypes.byref(program), zero, zero)
