"""Who is at the other end: users of this machine, as the kernel knows them."""

import os
import pwd
import socket
import struct

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid


def this_user() -> str:
    """Who runs this process."""
    return user_name(os.getuid())


def peer(connection: socket.socket) -> str:
    """Who connected to a Unix socket; nobody can pretend to be another one."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return user_name(_CREDENTIALS.unpack(raw)[1])


def user_name(uid: int) -> str:
    """The name, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
