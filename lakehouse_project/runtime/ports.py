"""TCP ports on this machine."""

import errno
import random
import socket

from lakehouse_project.runtime.errors import RuntimeProblem

# Below what Linux gives to outgoing connections: while a server restarts, no client can take its port.
_SERVER_PORTS = range(20_000, 32_000)
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port on the loopback interface that nobody listens on at this moment."""
    for port in random.sample(_SERVER_PORTS, 200):  # not a secret
        if is_free(LOOPBACK, port):
            return port
    raise RuntimeProblem("No free TCP port was found on 127.0.0.1.")


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises RuntimeProblem when `host` is not an address here."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise RuntimeProblem(f"Port {port} needs root; choose one above 1023 with --port.") from None
        except OSError as error:
            if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
                raise RuntimeProblem(
                    f"{host} is not an address of this machine; choose another --host."
                ) from None
            return False
        return True
