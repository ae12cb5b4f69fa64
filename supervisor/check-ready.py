# The health check of the container: check-ready.py PORT SECONDS. Fails unless /readyz answers 200 within SECONDS.
# A Node process would take ten times the processor time; `import socket`, or Python without -I -S, twice.
import sys
from _socket import socket

port, seconds = sys.argv[1:]
connection = socket()
connection.settimeout(float(seconds))
connection.connect(("127.0.0.1", int(port)))
connection.send(b"GET /readyz HTTP/1.0\r\n\r\n")
answer = connection.recv(64)
if not answer.startswith(b"HTTP/1.1 200 "):
    sys.exit(f"/readyz does not answer 200: {answer}")
