"""Who is connected, and what each watches: a few words of state that any thread may change."""

from collections.abc import Iterable

import attrs

from realtime_sync.broadcast.ports import Runtime, Transport
from realtime_sync.broadcast.rooms import room_of
from realtime_sync.broadcast.sending_channel import SendingChannel
from realtime_sync.broadcast.session import Admission, Session
from realtime_sync.replication.send_window import CatchUpSent

PACES_PER_CHANNEL = 2
"""A client that leaves all its channels for others is asked to wait for none of them."""


class Membership:
    """Connected clients that asked for something, and the channels that each of them is in.

    Args:
        transport: Where clients are connected.
        runtime: Time and locks.
        max_channels: Channels that one connection may watch.
    """

    def __init__(self, transport: Transport, runtime: Runtime, max_channels: int) -> None:
        self._transport, self._runtime = transport, runtime
        self._max_paces = PACES_PER_CHANNEL * max_channels
        self.begin_in_child()

    def begin_in_child(self) -> None:
        """Forget all clients: those of a forked process's parent stay with the parent."""
        self._sessions: dict[str, Session] = {}

    def __len__(self) -> int:
        return len(self._sessions)

    def session(self, sid: str) -> Session:
        """Return what is known of a client, from its first request on."""
        session = self._sessions.get(sid)
        if session is None:  # of two threads that come here at once both get the one that was first
            new = Session(self._transport.subscriber(sid), self._runtime.lock(), self._max_paces)
            session = self._sessions.setdefault(sid, new)
        return session

    def find(self, sid: str) -> Session | None:
        """Return what is known of a client that asked for something, and has not left."""
        return self._sessions.get(sid)

    # ---- in and out ------------------------------------------------------------------------------------------------

    def join(
        self,
        session: Session,
        admission: Admission,
        channel: SendingChannel,
        codec: str,
        catch_up: CatchUpSent | None,
        *,
        again: bool = False,
    ) -> bool:
        """Make a client a subscriber, unless it was revoked; a thread that revokes comes before this or after it.

        Args:
            session: The client.
            admission: Of the request that is answered.
            channel: What it watches from now on.
            codec: In which.
            catch_up: What was sent to bring it there.
            again: Nobody was asked whether it still may: it must have been in all the time.
        """
        sid = session.subscriber.sid
        with session.guard:
            if admission.revoked:
                return False
            if again and session.channels.get(channel.name) is not channel:
                return False
            previous = channel.subscribers.get(sid)
            if previous is not None and previous != codec:
                self._transport.leave(sid, room_of(channel.name, previous))
            channel.subscribers[sid] = codec
            if catch_up is not None:
                catch_up = attrs.evolve(catch_up, ahead_bytes=self.under_way_elsewhere(channel, sid))
            channel.window.join(sid, room_of(channel.name, codec), channel.position.offset, catch_up)
            session.channels[channel.name] = channel
            channel.used_at = self._runtime.now()
            return True

    def leave(self, session: Session, name: str) -> bool:
        """End a subscription, from any thread; return whether there was one."""
        sid = session.subscriber.sid
        with session.guard:
            channel = session.channels.pop(name, None)
            if channel is None:
                return False
            channel.used_at = self._runtime.now()
            codec = channel.subscribers.pop(sid, None)
            channel.window.leave(sid)
            if codec is not None:
                self._transport.leave(sid, room_of(channel.name, codec))
            return True

    def revoke(self, sid: str | None, channel: str | None) -> list[tuple[str, str]]:
        """End matching subscriptions; return (session id, channel) of each. From any thread."""
        sessions = [self._sessions.get(sid)] if sid is not None else list(self._sessions.values())
        return [
            (session.subscriber.sid, name)
            for session in sessions
            if session is not None
            for name in session.revoke(channel)
            if self.leave(session, name)
        ]

    def under_way_elsewhere(self, channel: SendingChannel, sid: str) -> int:
        """Return how many bytes a client has not acknowledged on its channels other than this one. From any thread."""
        session = self._sessions.get(sid)
        others = [] if session is None else [one for one in list(session.channels.values()) if one is not channel]
        return sum(other.window.under_way_bytes(sid) for other in others)

    # ---- forgetting ------------------------------------------------------------------------------------------------

    def departed(self, sid: str) -> None:
        """Forget a client that is gone."""
        session = self._sessions.pop(sid, None)
        if session is not None:
            self._leave_all(session)

    def forget_if_departed(self, session: Session) -> None:
        """Keep nothing of one that left while it was being answered."""
        if not self._transport.is_connected(session.subscriber.sid):
            self.departed(session.subscriber.sid)
            self._leave_all(session)

    def forget_channel(self, channel: SendingChannel, subscribers: Iterable[str]) -> None:
        """Forget who watched a channel that ended."""
        for sid in subscribers:
            session = self._sessions.get(sid)
            if session is not None:
                with session.guard:
                    session.channels.pop(channel.name, None)

    def _leave_all(self, session: Session) -> None:
        for name in list(session.channels):
            self.leave(session, name)
