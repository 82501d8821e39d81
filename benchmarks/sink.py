"""A fast SMTP sink: takes everything, keeps nothing, counts, and answers late where told.

    python -m benchmarks.sink [--port 2525] [--delay-ms 20] [--chunking] [--tls CERT KEY]

Prints its port. One process, one thread, epoll; pipelined replies share one delay, as over a long line. On SIGTERM it
says how many messages it took.
"""

from __future__ import annotations

import argparse
import heapq
import re
import select
import signal
import socket
import ssl
import sys
import time
from dataclasses import dataclass, field

_SIZE = re.compile(rb"BDAT (\d+)( LAST)?", re.I)
END = b"\r\n.\r\n"


@dataclass
class Talk:
    """One connection."""

    sock: socket.socket
    greeted: bytes
    buffer: bytearray = field(default_factory=bytearray)
    in_data: bool = False
    chunk_left: int = 0  # bytes of a BDAT chunk still to come
    last: bool = False


class Sink:
    """Answers every connection of one listener."""

    def __init__(self, port: int, delay_s: float, chunking: bool, tls: ssl.SSLContext | None) -> None:
        self.listener = socket.create_server(("127.0.0.1", port), backlog=1024)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.delay_s, self.tls, self.taken = delay_s, tls, 0
        self.poll = select.epoll()
        self.poll.register(self.listener.fileno(), select.EPOLLIN)
        self.talks: dict[int, Talk] = {}
        self.later: list[tuple[float, int, int, bytes]] = []
        extensions = [b"PIPELINING", b"8BITMIME", b"SMTPUTF8", *([b"CHUNKING"] if chunking else [])]
        self.plain = extensions
        self.running = True

    def ehlo(self, talk: Talk) -> bytes:
        """Return the answer to EHLO."""
        words = [b"sink", *self.plain]
        if self.tls is not None and not isinstance(talk.sock, ssl.SSLSocket):
            words.append(b"STARTTLS")
        return b"".join(b"250-%s\r\n" % word for word in words[:-1]) + b"250 %s\r\n" % words[-1]

    def serve(self) -> None:
        """Answer until told to stop."""
        number = 0
        while self.running:
            timeout = max(0.0, self.later[0][0] - time.monotonic()) if self.later else 0.2
            for fd, _ in self.poll.poll(timeout):
                if fd == self.listener.fileno():
                    self.accept()
                    continue
                talk = self.talks.get(fd)
                answer = self.read(talk) if talk is not None else b""
                if talk is None or not answer:
                    continue
                if self.delay_s and not talk.greeted:
                    number += 1
                    heapq.heappush(self.later, (time.monotonic() + self.delay_s, number, fd, answer))
                else:
                    self.say(fd, answer)
            now = time.monotonic()
            while self.later and self.later[0][0] <= now:
                _, _, fd, answer = heapq.heappop(self.later)
                self.say(fd, answer)

    def accept(self) -> None:
        """Take a new connection."""
        sock, _ = self.listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.settimeout(5)
        sock.sendall(b"220 sink\r\n")
        self.talks[sock.fileno()] = Talk(sock, b"")
        self.poll.register(sock.fileno(), select.EPOLLIN)

    def say(self, fd: int, answer: bytes) -> None:
        """Write an answer; a connection that is gone is let go."""
        talk = self.talks.get(fd)
        if talk is None:
            return
        try:
            talk.sock.sendall(answer)
        except OSError:
            self.close(talk)
            return
        if talk.greeted == b"starttls" and self.tls is not None:
            talk.greeted = b""
            try:
                self.talks[fd].sock = self.tls.wrap_socket(talk.sock, server_side=True)
            except OSError:
                self.close(talk)

    def close(self, talk: Talk) -> None:
        """Let a connection go."""
        fd = talk.sock.fileno()
        if fd >= 0:
            self.talks.pop(fd, None)
            self.poll.unregister(fd)
        talk.sock.close()

    def read(self, talk: Talk) -> bytes:
        """Read what came and return what is to be answered."""
        try:
            data = talk.sock.recv(1 << 18)
            if isinstance(talk.sock, ssl.SSLSocket):
                while talk.sock.pending():
                    data += talk.sock.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            self.close(talk)
            return b""
        talk.buffer += data
        answers = b""
        while True:
            answer = self.step(talk)
            if answer is None:
                return answers
            answers += answer

    def step(self, talk: Talk) -> bytes | None:
        """Take one command or body off the buffer; None when more has to come."""
        buffer = talk.buffer
        if talk.chunk_left:
            taken = min(talk.chunk_left, len(buffer))
            del buffer[:taken]
            talk.chunk_left -= taken
            if talk.chunk_left:
                return None
            self.taken += talk.last
            return b"250 2.0.0 taken\r\n"
        if talk.in_data:
            end = buffer.find(END)
            if end < 0:
                if len(buffer) > 8:  # the end may be cut in two; nothing before it matters
                    del buffer[:-8]
                return None
            del buffer[: end + len(END)]
            talk.in_data = False
            self.taken += 1
            return b"250 2.0.0 taken\r\n"
        end = buffer.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(buffer[:end])
        del buffer[: end + 2]
        return self.answer(talk, line)

    def answer(self, talk: Talk, line: bytes) -> bytes:
        """Return the answer to a command."""
        verb = line[:4].upper()
        if verb == b"DATA":
            talk.in_data = True
            return b"354 go on\r\n"
        if verb == b"EHLO":
            return self.ehlo(talk)
        if verb == b"STAR":
            talk.greeted = b"starttls"
            return b"220 go on\r\n"
        if verb == b"BDAT":
            found = _SIZE.match(line)
            talk.chunk_left, talk.last = (int(found[1]), bool(found[2])) if found else (0, False)
            if talk.chunk_left:
                return b""
            return b"250 2.0.0 taken\r\n"
        return b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n"


def main() -> int:
    """Serve until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--chunking", action="store_true")
    parser.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    options = parser.parse_args()
    tls = None
    if options.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*options.tls)
    sink = Sink(options.port, options.delay_ms / 1000, options.chunking, tls)
    sys.stdout.write(f"{sink.port}\n")
    sys.stdout.flush()
    signal.signal(signal.SIGTERM, lambda number, frame: setattr(sink, "running", False))
    sink.serve()
    sys.stderr.write(f"{sink.taken} taken\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
