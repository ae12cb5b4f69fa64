# The port of the app. supervisord holds its socket, so connections wait for the next worker while all processes of the app are dead.
# A worker opens the port when it listens; supervisord only binds it, so it is closed until the first worker is ready.
import contextlib
import os
import socket
import sys
import time

from supervisor.options import ProcessConfig
from supervisor.process import Subprocess
from supervisor.states import SupervisorStates

# The settings and defaults of packages/cluster-runtime/src/core/settings.ts. primary/inherited-port.ts there closes the port while the
# primary lives.
HOST = os.environ.get("HOST") or "127.0.0.1"
PORT = os.environ.get("PORT") or "8041"
# A primary that ends sooner had no worker that listened.
BOOT_SECONDS = 1
WAIT_SECONDS = float(os.environ.get("WAIT_FOR_WORKER_MS") or 3000) / 1000


def bound_socket():
    try:
        family, kind, _, _, address = socket.getaddrinfo(HOST, PORT, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, kind)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        sys.exit(f"cannot listen on {HOST}:{PORT}: {error}")
    # Node resets this flag of its standard input at its end, for all processes that hold the socket, to what it was at its start.
    bound.setblocking(False)
    return bound


class AppProcess(Subprocess):
    served_until = 0

    def __init__(self, config):
        super().__init__(config)
        self.bound = bound_socket()

    def _prepare_child_fds(self):
        self.pipes["child_stdin"] = self.bound.fileno()
        super()._prepare_child_fds()

    def transition(self):
        if not self.pid:
            # Starts that fail at once do not keep the port open.
            if self.laststop - self.laststart > BOOT_SECONDS:
                self.served_until = self.laststop
            if time.time() - self.served_until > WAIT_SECONDS and self.is_open():
                with contextlib.suppress(OSError):  # Only Linux can.
                    self.bound.shutdown(socket.SHUT_RD)
        super().transition()

    # On Linux a second shutdown(2) of a socket that does not listen would make connections that are accepted later look ended.
    def is_open(self):
        return self.bound.fileno() != -1 and self.bound.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1

    def stop(self):
        # At the end of supervisord connections must not wait for a restart. The last copy of the socket closes the port.
        if self.config.options.mood < SupervisorStates.RUNNING:
            self.bound.close()
        return super().stop()


make_process = ProcessConfig.make_process


def make_process_with_port(self, group=None):
    if "LISTEN_ON_STDIN" not in (self.environment or {}):
        return make_process(self, group)
    process = AppProcess(self)
    process.group = group
    return process


ProcessConfig.make_process = make_process_with_port
