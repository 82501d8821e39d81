"""The SMTP and LMTP client: smtplib sets a session up, then we speak on its socket (design §8, level L2).

With PIPELINING a body, its final dot and the next MAIL, RCPT and DATA go out in one write: one round trip a message.
Each reply is matched to its command, and when a connection is cut the phase is known: before the final dot was handed
to the system it is a retry, after it the message is in doubt. smtplib cannot say which.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import BinaryIO, cast

from digest.errors import RelayError, RelayUnreachable
from digest.mail.replies import Reply
from digest.mail.transport import Answered, Cut, Refusal, Via
from digest.model.mail import Envelope, Message

LONGEST_REPLY = 100  # lines; a server that says more is not one
LONGEST_LINE = 2_000  # bytes of a reply line; RFC 5321 §4.5.3.1.5 allows 512

_DOT = re.compile(rb"^\.", re.M)
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f<>]")


def stuffed(data: bytes) -> tuple[bytes, bytes]:
    """Return a message as it goes over the wire, and its end: leading dots doubled, a line with one dot last."""
    return _undotted(_DOT.sub(b"..", data) if b"\n." in data or data.startswith(b".") else data)


def _undotted(data: bytes) -> tuple[bytes, bytes]:
    return data, b".\r\n" if data.endswith(b"\r\n") else b"\r\n.\r\n"


def counted(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Return a message as one last BDAT chunk, ended by CRLF."""
    end = b"" if data.endswith(b"\r\n") else b"\r\n"
    return b"BDAT %d LAST\r\n" % (len(data) + len(end)), data, end


class Relay:
    """Opens sessions with one relay."""

    def __init__(self, via: Via, *, password: str, timeout_s: float, hostname: str) -> None:
        self.via, self.password, self.timeout_s, self.hostname = via, password, timeout_s, hostname

    @property
    def name(self) -> str:
        """The relay as it may be shown."""
        return f"{self.via.host}:{self.via.port}" if self.via.host else str(self.via.path)

    def open(self) -> Session:
        """Connect, greet, secure and log in; raises RelayError or RelayUnreachable with the relay's words."""
        via = self.via
        if via.user and not self.password:
            raise RelayError("the relay wants a password", where=self.name, fix="set DIGEST_RELAY_PASSWORD")
        try:
            client = self._connected()
            try:
                self._greeted(client)
            except BaseException:
                client.close()
                raise
        except ssl.SSLCertVerificationError as error:
            raise RelayError(
                f"its certificate is not valid for it ({error.verify_message})",
                where=self.name,
                fix="name its right host",
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            raise _login_refused(_of(error), self.name) from None
        except smtplib.SMTPResponseException as error:
            raise _refused(_of(error), self.name) from None
        except smtplib.SMTPNotSupportedError:
            raise RelayError(
                "the relay offers no login that we know",
                where=self.name,
                fix="take the user out of via, or name its port for submission",
            ) from None
        except ssl.SSLError as error:
            raise _without_tls(error, self.name) from None
        except (smtplib.SMTPException, OSError) as error:
            raise _unreachable(error, self.name) from None
        return Session(client, name=self.name, lmtp=via.kind == "lmtp")

    def _connected(self) -> smtplib.SMTP:
        via, client = self.via, smtplib.SMTP(timeout=self.timeout_s, local_hostname=self.hostname)
        if via.kind == "smtps":
            client = smtplib.SMTP_SSL(
                timeout=self.timeout_s, local_hostname=self.hostname, context=ssl.create_default_context()
            )
        if via.kind == "lmtp":
            host = via.host or str(via.path)
            return smtplib.LMTP(host, via.port, local_hostname=self.hostname, timeout=self.timeout_s)
        # `_host` is what smtplib verifies a certificate against; it sets it only when connecting in its constructor.
        client._host = via.host  # type: ignore[attr-defined]
        code, text = client.connect(via.host, via.port)
        if code != 220:
            client.close()
            raise smtplib.SMTPConnectError(code, text)
        return client

    def _greeted(self, client: smtplib.SMTP) -> None:
        client.ehlo_or_helo_if_needed()
        sock = client.sock
        if sock is not None and sock.family != socket.AF_UNIX:
            # Nagle's algorithm and delayed ACK bring STARTTLS sessions down to 22 messages a second (measured).
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.via.kind == "smtp" and client.has_extn("starttls") and self.via.tls == "required":
            client.starttls(context=ssl.create_default_context())
            client.ehlo()
        elif self.via.kind == "smtp" and self.via.tls == "required":
            raise RelayError(
                "the relay offers no TLS",
                where=self.name,
                fix="use smtps://, or add ?tls=none to via if the line is safe",
            )
        if self.via.user:
            self._logged_in(client)

    def _logged_in(self, client: smtplib.SMTP) -> None:
        if self.via.auth != "xoauth2":
            client.login(self.via.user, self.password)
            return
        words = f"user={self.via.user}\x01auth=Bearer {self.password}\x01\x01"

        def answer(challenge: bytes | None = None) -> str:
            return words if challenge is None else ""  # a refusal is told in a challenge, and wants an empty answer

        client.auth("XOAUTH2", answer)  # raises what `login` raises


def _of(error: smtplib.SMTPResponseException) -> Reply:
    text = error.smtp_error
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
    return Reply(code=int(error.smtp_code), text=" ".join(words.split()))


_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError)


def _cause(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, _HUNG_UP):
        return "it hung up"
    return str(getattr(error, "strerror", None) or error) or type(error).__name__


def _unreachable(error: Exception, name: str) -> RelayUnreachable:
    return RelayUnreachable(
        f"the relay cannot be reached ({_cause(error)})", where=name, fix="check [delivery] via; we try again"
    )


def _tls_cause(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()


def _login_refused(reply: Reply, name: str) -> RelayError:
    if 400 <= reply.code < 500:  # RFC 4954: 454, a temporary failure
        return _refused(reply, name)
    return RelayError(
        f"the relay refuses our login ({reply})",
        code=reply.code,
        reply=reply.text,
        where=name,
        fix="correct the user in via, or DIGEST_RELAY_PASSWORD",
    )


def _without_tls(error: ssl.SSLError, name: str) -> RelayError:
    if isinstance(error, _HUNG_UP):  # which may pass
        return _unreachable(error, name)
    return RelayError(
        f"it and we agree on no TLS ({_tls_cause(error)})",
        where=name,
        fix="smtps:// is for port 465, smtp:// with STARTTLS for 587",
    )


def _refused(reply: Reply, name: str) -> RelayError:
    if 400 <= reply.code < 500 or reply.code <= 0:
        return RelayUnreachable(
            f"the relay asks us to come back later ({reply})", code=reply.code, reply=reply.text, where=name
        )
    return RelayError(
        f"the relay refuses us ({reply})", code=reply.code, reply=reply.text, where=name, fix="ask its operator why"
    )


class Session:
    """One session. Not shared between threads."""

    def __init__(self, client: smtplib.SMTP, *, name: str, lmtp: bool) -> None:
        sock = client.sock
        assert sock is not None
        self.client, self.sock, self.name, self.lmtp = client, sock, name, lmtp
        self.pipelining = client.has_extn("pipelining")
        self.utf8 = client.has_extn("smtputf8")
        size = client.esmtp_features.get("size", "")
        self.size = int(size) if size.isdigit() else 0
        self.file = cast(BinaryIO, sock.makefile("rb"))
        # BDAT says how long the body is (RFC 3030): nothing is stuffed, and no 354 is waited for.
        self.chunking = client.has_extn("chunking") and not lmtp
        self.phases = ("mail", "rcpt") if self.chunking else ("mail", "rcpt", "data")
        self.ready = False  # a body is waited for and not yet written

    @property
    def tls(self) -> str:
        """The version of TLS it speaks, "" where the line is open."""
        return (self.sock.version() or "") if isinstance(self.sock, ssl.SSLSocket) else ""

    @property
    def certified_until(self) -> datetime | None:
        """When the relay's certificate ends, None where there is none."""
        certificate = self.sock.getpeercert() if isinstance(self.sock, ssl.SSLSocket) else None
        ends = str(certificate.get("notAfter", "")) if certificate else ""
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None

    # Reading and writing

    def _reply(self, phase: str, *, after_dot: bool = False, earlier: Reply | None = None) -> Reply:
        lines: list[str] = []
        while len(lines) < LONGEST_REPLY:
            try:
                line = self.file.readline(LONGEST_LINE)
            except (OSError, ValueError) as error:
                raise self._cut(_cause(error), phase, after_dot, earlier) from None
            if not line.endswith(b"\n"):
                raise self._cut(
                    "the connection was closed" if not line else "a reply too long", phase, after_dot, earlier
                )
            if not line[:3].isdigit():
                raise self._cut("a reply that is none of SMTP", phase, after_dot, earlier)
            lines.append(line[4:].decode("utf-8", "replace").strip())
            if line[3:4] != b"-":
                return Reply(code=int(line[:3]), text=" ".join(lines))
        raise self._cut("a reply too long", phase, after_dot, earlier)

    def _cut(self, what: str, phase: str, after_dot: bool, earlier: Reply | None = None) -> Cut:
        self.abandon()
        return Cut(what, phase=phase, after_dot=after_dot, reply=earlier)

    def _write(self, *pieces: bytes, phase: str, dot_at: int = -1) -> None:
        """Write all of them; a cut tells whether everything up to ``dot_at`` had been handed to the system."""
        whole, sent = sum(map(len, pieces)), 0
        try:
            if len(pieces) > 1 and not isinstance(self.sock, ssl.SSLSocket):
                sent = self.sock.sendmsg(pieces)  # in one call, and without a copy of the body made for it
            if sent < whole:
                view = memoryview(b"".join(pieces))
                while sent < whole:
                    sent += self.sock.send(view[sent:])
        except OSError as error:
            # TLS buffers whole records, so what was not reported as sent may have gone: the dot is then in doubt.
            gone = 0 <= dot_at <= sent or (dot_at >= 0 and isinstance(self.sock, ssl.SSLSocket) and sent > 0)
            raise self._cut(_cause(error), phase, gone) from None

    # The envelope

    def _commands(self, envelope: Envelope) -> list[bytes]:
        utf8 = not envelope.recipient.isascii() or not envelope.sender.isascii()
        sender, recipient = (_UNSAFE.sub("", each) for each in (envelope.sender, envelope.recipient))
        options = " SMTPUTF8" if utf8 and self.utf8 else ""
        commands = [f"MAIL FROM:<{sender}>{options}\r\n".encode(), f"RCPT TO:<{recipient}>\r\n".encode()]
        return commands if self.chunking else [*commands, b"DATA\r\n"]

    def probe(self, sender: str, size: int) -> None:
        """Ask whether mail from ``sender`` of ``size`` bytes would be taken; raises RelayError, Cut."""
        if self.size and size > self.size:
            raise RelayError(
                f"a message has {size / 1000:,.0f} kB, the relay takes {self.size / 1000:,.0f} kB",
                where=self.name,
                fix="lower the number of stories, or use another relay",
            )
        option = f" SIZE={size}" if self.client.has_extn("size") else ""
        self._write(f"MAIL FROM:<{_UNSAFE.sub('', sender)}>{option}\r\n".encode(), phase="mail")
        reply = self._reply("mail")
        if not reply.ok:
            kind = RelayError if reply.code >= 500 else RelayUnreachable
            raise kind(
                f"the relay takes no mail from {sender} ({reply})", code=reply.code, reply=reply.text, where=self.name,
                fix="check [publication] from and [delivery] return_path with its operator",
            )  # fmt: skip
        self._reset()

    def _unspeakable(self, envelope: Envelope) -> Refusal | None:
        if not envelope.recipient.isascii() and not self.utf8:
            reply = Reply(code=553, text="5.6.7 the relay offers no SMTPUTF8, which this address needs")
            return Refusal(reply=reply, phase="rcpt")
        return None

    def announce(self, envelope: Envelope) -> Refusal | None:
        """Announce a message; None = its body may be written. Raises Cut, RelayError."""
        refused = self._unspeakable(envelope)
        if refused is not None:
            return refused
        commands = self._commands(envelope)
        if self.pipelining:
            self._write(b"".join(commands), phase="mail")
            return self._answers()
        for phase, command in zip(self.phases, commands, strict=True):
            self._write(command, phase=phase)
            reply = self._reply(phase)
            if not reply.ok:
                self._reset()
                return Refusal(reply=reply, phase=phase)
        self.ready = True
        return None

    def _answers(self, earlier: Reply | None = None) -> Refusal | None:
        """Match the replies to MAIL, RCPT and DATA; a 354 after a refusal gets a lone dot (RFC 2920 §3.1)."""
        refusal: Refusal | None = None
        for phase in self.phases:
            reply = self._reply(phase, earlier=earlier)
            if phase == "data" and reply.code == 354 and refusal is not None:
                self._write(b".\r\n", phase="data")
                self._reply("data", earlier=earlier)
            elif refusal is None and not reply.ok:
                refusal = Refusal(reply=reply, phase=phase)
            if reply.code == 421:
                raise self._cut(str(reply), phase, after_dot=False, earlier=earlier)
        if refusal is not None:
            self._reset()
        self.ready = refusal is None
        return refusal

    def _reset(self) -> None:
        """Clear the transaction, so that one bad recipient harms no neighbour."""
        self._write(b"RSET\r\n", phase="rset")
        self._reply("rset")

    # The body

    def deliver(self, message: Message, following: Envelope | None) -> Answered:
        """Write the announced body, and the next envelope behind it. Raises Cut."""
        whole: Callable[[bytes], tuple[bytes, ...]] = (
            counted if self.chunking else stuffed if message.dotted else _undotted
        )
        body = whole(message.data)
        dot_at = sum(map(len, body))
        self.ready = False
        ahead = following is not None and self.pipelining and self._unspeakable(following) is None
        if following is None or not ahead:
            self._write(*body, phase="body", dot_at=dot_at)
            reply = self._dot_reply(None)
            return Answered(reply=reply, following=None if following is None else self._later(following, reply))
        self._write(*body, *self._commands(following), phase="body", dot_at=dot_at)
        reply = self._dot_reply(None)
        return Answered(reply=reply, following=self._answers(earlier=reply))

    def _dot_reply(self, earlier: Reply | None) -> Reply:
        reply = self._reply("dot", after_dot=True, earlier=earlier)
        if reply.code == 421:
            # The relay says of this message that it did not take it.
            raise self._cut(str(reply), "dot", after_dot=False)
        return reply

    def _later(self, following: Envelope, earlier: Reply) -> Refusal | None:
        try:
            return self.announce(following)
        except Cut as cut:
            raise Cut(cut.what, phase=cut.phase, after_dot=False, reply=earlier) from None

    def abandon(self) -> None:
        """Close without the final dot: what was announced is not handed over."""
        self.ready = False
        self.file.close()
        self.client.close()

    def close(self) -> None:
        """End the session in good order; safe to call on one that ended."""
        if self.ready or self.file.closed:
            self.abandon()
            return
        try:
            self._write(b"QUIT\r\n", phase="quit")
            self._reply("quit")
        except Cut:
            return
        self.file.close()
        self.client.close()
