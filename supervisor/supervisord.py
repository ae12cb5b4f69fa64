# Runs supervisord, with the port of the app (app_port.py). It starts its programs at once: by itself supervisord starts them only after
# it has waited a second for an event.
import sys

import app_port
from supervisor import poller, supervisord

poll = poller.Poller.poll


def poll_without_waiting(self, timeout):
    poller.Poller.poll = poll
    return poll(self, 0)


poller.Poller.poll = poll_without_waiting
sys.exit(supervisord.main())
