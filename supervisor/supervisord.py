# Runs supervisord, which starts its programs at once: by itself it starts them only after it has waited a second for an event.
import sys

from supervisor import poller, supervisord

poll = poller.Poller.poll


def poll_without_waiting(self, timeout):
    poller.Poller.poll = poll
    return poll(self, 0)


poller.Poller.poll = poll_without_waiting
sys.exit(supervisord.main())
