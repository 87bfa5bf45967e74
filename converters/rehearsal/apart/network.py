"""A network without a way out: one link between two namespaces, made by netlink messages (rtnetlink(7)), for no program need be there."""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct

INSIDE, OUTSIDE = "10.88.0.1", "10.88.0.2"
"""The addresses of the two ends: processes have the first, the servers that answer them the second."""
ANSWER = "11.11.11.11"
"""Another address of the servers, for every name: programs that refuse private addresses take it for one of the internet."""
LINK = "eth0"
CLONE_NEWNET = 0x40000000

_NEWLINK, _NEWADDR, _NEWROUTE = 16, 20, 24
_REQUEST_ACK, _CREATE_EXCL = 0x05, 0x600
_IFNAME, _LINKINFO, _NET_NS_FD, _INFO_KIND, _INFO_DATA, _VETH_PEER = 3, 18, 28, 1, 2, 1
_ADDRESS, _LOCAL, _GATEWAY = 1, 2, 5
_ERROR, _UP = 2, 1
_AF_VSOCK, _SOCKETCALL_32, _SOCKET_32 = 40, 102, 359
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2


def connect(there: int | None = None) -> tuple[int, int]:
    """Leave this process in a new network namespace, with a link to another new one; file descriptors of (this one, the other one).

    ``there``: a namespace that has no network yet, to go to instead of a new one. The process must have the capabilities of its user
    namespace. Raises OSError.
    """
    _unshare()
    other = _current()
    _set_up("lo")
    if there is None:
        _unshare()
    else:
        enter(there)
    here = _current()
    _set_up("lo")
    _add_link(other)
    _add_address(INSIDE)
    _set_up(LINK)
    enter(other)
    _add_address(OUTSIDE)
    _add_address(ANSWER, 32)
    _set_up(LINK)
    enter(here)
    _add_default_route(OUTSIDE)
    return here, other


def listen() -> list[socket.socket]:
    """Sockets of the namespace in which this process is: UDP 53, TCP 80, TCP 443."""
    found = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM)]
    found[0].bind(("", 53))
    for port in (80, 443):
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.bind(("", port))
        listening.listen(128)
        found.append(listening)
    return found


def forbid_vsock() -> None:
    """Refuse sockets of virtual machines (vsock(7)), which no namespace holds: they lead to the machine that runs this one.

    Needs the capabilities of the user namespace. Raises OSError.
    """
    numbers = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}.get(os.uname().machine)
    if numbers is None:
        return
    architecture, call = numbers
    refused, allowed = 0x00050000 | errno.EPERM, 0x7FFF0000
    program = (  # code, how many instructions to skip where it is so and where not, operand
        (0x20, 0, 0, 4),  # load the architecture
        (0x15, 0, 5, architecture),
        (0x20, 0, 0, 0),  # load the number of the call
        (0x54, 0, 0, 0xBFFFFFFF),  # without the bit that marks calls of x32
        (0x15, 0, 6, call),
        (0x20, 0, 0, 16),  # load its first argument
        (0x15, 3, 4, _AF_VSOCK),
        (0x20, 0, 0, 0),  # of another architecture: load the number of the call
        (0x15, 1, 0, _SOCKETCALL_32),
        (0x15, 0, 1, _SOCKET_32),
        (0x06, 0, 0, refused),
        (0x06, 0, 0, allowed),
    )
    filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *instruction) for instruction in program))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filters", ctypes.c_void_p))

    wanted = Program(len(program), ctypes.addressof(filters))
    _checked("prctl", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(wanted), 0, 0)


def enter(namespace: int) -> None:
    """Go to the network namespace of a file descriptor. Raises OSError."""
    _checked("setns", namespace, CLONE_NEWNET)


def _unshare() -> None:
    _checked("unshare", CLONE_NEWNET)


def _checked(name: str, *arguments: object) -> None:
    if getattr(ctypes.CDLL(None, use_errno=True), name)(*arguments) < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")


def _current() -> int:
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + b"\0" * (-len(value) % 4)


def _request(kind: int, flags: int, body: bytes) -> None:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.sendto(struct.pack("=IHHII", 16 + len(body), kind, _REQUEST_ACK | flags, 1, 0) + body, (0, 0))
        answer = link.recv(65536)
    if struct.unpack_from("=H", answer, 4)[0] == _ERROR and (code := -struct.unpack_from("=i", answer, 16)[0]):
        raise OSError(code, f"netlink message {kind}: {os.strerror(code)}")


def _set_up(name: str) -> None:
    _request(_NEWLINK, 0, struct.pack("=BxHiII", 0, 0, socket.if_nametoindex(name), _UP, _UP))


def _add_link(other: int) -> None:
    empty = struct.pack("=BxHiII", 0, 0, 0, 0, 0)
    name = _attribute(_IFNAME, LINK.encode() + b"\0")
    peer = empty + name + _attribute(_NET_NS_FD, struct.pack("=I", other))
    information = _attribute(_INFO_KIND, b"veth") + _attribute(_INFO_DATA, _attribute(_VETH_PEER, peer))
    _request(_NEWLINK, _CREATE_EXCL, empty + name + _attribute(_LINKINFO, information))


def _add_address(address: str, prefix: int = 24) -> None:
    packed = socket.inet_aton(address)
    header = struct.pack("=BBBBi", socket.AF_INET, prefix, 0, 0, socket.if_nametoindex(LINK))
    _request(_NEWADDR, _CREATE_EXCL, header + _attribute(_LOCAL, packed) + _attribute(_ADDRESS, packed))


def _add_default_route(gateway: str) -> None:
    main, boot, universe, unicast = 254, 3, 0, 1
    header = struct.pack("=BBBBBBBBI", socket.AF_INET, 0, 0, 0, main, boot, universe, unicast, 0)
    _request(_NEWROUTE, _CREATE_EXCL, header + _attribute(_GATEWAY, socket.inet_aton(gateway)))
