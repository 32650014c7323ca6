"""The guards of this library. Whoever changes one changes its text here; whoever adds one adds it."""

from tests.mutants.guard import Guard

CONFORMANCE = ("tests/replication/test_replica_conformance.py",)
HOSTILE = ("tests/wire/test_hostile.py",)
REVOCATION = ("tests/broadcast/test_revocation.py",)
SLOW_READERS = ("tests/broadcast/test_slow_readers.py",)

REPLICA: tuple[Guard, ...] = (
    Guard(
        "a delta is applied to its base alone",
        "replication/replica.py",
        "        if frame.base == mine:\n",
        "        if same_epoch and mine is not None and frame.position.offset > mine.offset:\n",
    ),
    Guard(
        "offsets of two epochs are not compared",
        "replication/replica.py",
        "same_epoch = mine is not None and frame.position.epoch == mine.epoch",
        "same_epoch = mine is not None",
    ),
    Guard(
        "another epoch comes only as an answer to a request",
        "replication/replica.py",
        "if self._answered is not None and not self._was_passed(frame.position):",
        "if not self._was_passed(frame.position):",
    ),
    Guard(
        "an answer does not lead back in time",
        "replication/replica.py",
        "if self._answered is not None and not self._was_passed(frame.position):",
        "if self._answered is not None:",
        CONFORMANCE,
    ),
    Guard(
        "a keyframe is applied when it is newer",
        "replication/replica.py",
        "if frame.position.offset > self.position.offset:",
        "if True:",
    ),
    Guard(
        "garbage makes a document stale",
        "replication/replica.py",
        """        if self.state is State.LIVE:
            self._enter(State.STALE)
        self._resynchronizing.begin(ResyncReason.GARBAGE, self._last_applied)
""",
        "        self._resynchronizing.begin(ResyncReason.GARBAGE, self._last_applied)\n",
        CONFORMANCE,
    ),
    Guard(
        "an unanswered request is repeated",
        "replication/replica.py",
        "if self.deadline is not None and now >= self.deadline:",
        "if False:",
    ),
    Guard(
        "a checksum is compared",
        "replication/replica.py",
        "checksum(document, check.pointers) != check.crc32",
        "check.crc32 < 0",
        CONFORMANCE,
    ),
    Guard(
        "up to date counts at the position that is held",
        "replication/replica.py",
        "if self._held is not None and position == self._held:",
        "if self._held is not None:",
        CONFORMANCE,
    ),
    Guard(
        "a patch that does not fit loses the document",
        "replication/replica.py",
        """                self._lose_frame(frame, now, f"a patch that does not fit: {error}")
                return
""",
        "                document = self.document\n",
        CONFORMANCE,
    ),
    Guard(
        "a new connection has to confirm what is shown as live",
        "replication/subscription.py",
        "        self._connected, self._admitted = True, False\n",
        "        self._connected, self._admitted = True, True\n",
        ("tests/replication/test_subscription.py",),
    ),
    Guard(
        "parts are joined in their order",
        "replication/assembly.py",
        "return (part.id, part.index, part.count, type(part.data)) == expected",
        "return part.id == self.last.id",
        ("tests/replication/test_assembly.py",),
    ),
    Guard(
        "a dictionary is the one that its id names",
        "wire/dictionary.py",
        "if dictionary.id != named:",
        "if False:",
        ("tests/wire/test_dictionary.py",),
    ),
    Guard(
        "few dictionaries are kept",
        "replication/subscription.py",
        "if len(self._dictionaries) > DICTIONARIES_KEPT:",
        "if False:",
        ("tests/replication/test_subscription.py",),
    ),
)

LOSSLESS: tuple[Guard, ...] = (
    Guard(
        "a lossless event is given once",
        "replication/lossless_hearing.py",
        "if heard is not None and event.serial <= heard:",
        "if False:",
    ),
    Guard(
        "lossless events that were skipped are told",
        "replication/lossless_hearing.py",
        "if heard is not None and event.serial > heard + 1:",
        "if False:",
    ),
    Guard(
        "lossless events that no frame carries any more are told",
        "replication/lossless_hearing.py",
        "if heard is not None and serial > heard:",
        "if False:",
    ),
    Guard(
        "another epoch ends the lossless events of the one before",
        "replication/lossless_hearing.py",
        "lost = [] if self._is_over else [EventsLost(self.heard.epoch, self.heard.serial + 1, None)]",
        "lost: list[EventsLost] = []",
    ),
    Guard(
        "who gets a whole document gets the lossless events that it missed",
        "replication/primary.py",
        "            events = self._lane.since(self._last_heard(in_epoch, heard), now)\n",
        "            events: tuple[Event, ...] = ()\n",
    ),
    Guard(
        "lossless events come back with the log",
        "replication/primary.py",
        "        self._lane.recover(kept, keyframe.serial, self.position.offset, now)\n",
        "",
    ),
    Guard(
        "the lossless lane is bounded",
        "replication/lossless_lane.py",
        "len(self._kept) > limits.max_lossless_events",
        "False",
    ),
    Guard(
        "a queue takes no more lossless events than it may hold",
        "replication/event_queue.py",
        "if lossless and len(self._lossless) >= self._max_size:",
        "if False:",
    ),
    Guard(
        "what must not be lost has no rank among what may be",
        "replication/event_queue.py",
        "        if lossless:\n            assert key is None",
        "        if False:\n            assert key is None",
    ),
)

PRIMARY: tuple[Guard, ...] = (
    Guard(
        "a keyframe is cut without what is pending",
        "replication/primary.py",
        "keyframe = Keyframe(self.position, self._settled, events, serial=self._lane.serial)",
        "keyframe = Keyframe(self.position, self._head, events, serial=self._lane.serial)",
    ),
    Guard(
        "a frame under way is repeated as it was",
        "replication/primary.py",
        "if self._taken is None and self.is_pending:",
        "if self.is_pending:",
    ),
    Guard(
        "history is an unbroken run of one epoch",
        "replication/history.py",
        "if not first.base.offset <= position.offset <= self._kept[-1].delta.position.offset:",
        "if position.offset < first.base.offset:",
        ("tests/replication/test_history.py",),
    ),
    Guard(
        "history is bounded",
        "replication/history.py",
        "len(self._kept) > limits.max_frames",
        "False",
    ),
    Guard(
        "edits that overlap conflict",
        "replication/primary.py",
        "if met is not None:",
        "if False:",
    ),
)

BROADCAST: tuple[Guard, ...] = (
    Guard(
        "what subscribers get next is decided by one at a time",
        "broadcast/flusher.py",
        "        return channel.send_lock\n",
        "        return self._runtime.lock()\n",
    ),
    Guard(
        "a frame is committed after the log has it",
        "broadcast/flusher.py",
        """        if self._log is not None and not isinstance(frame, LooseEvents):
            await self._log.call(self._log.log.append, channel.name, frame)
        with channel.lock:
            channel.commit_frame(frame, self._runtime.now())
""",
        """        with channel.lock:
            channel.commit_frame(frame, self._runtime.now())
        if self._log is not None and not isinstance(frame, LooseEvents):
            await self._log.call(self._log.log.append, channel.name, frame)
""",
    ),
    Guard(
        "a delivery leaves the outbox once the transport has it",
        "broadcast/flusher.py",
        """            await self._deliver(channel.outbox[0])
            channel.outbox.popleft()
""",
        """            await self._deliver(channel.outbox.popleft())
""",
        ("tests/broadcast/test_failing_parts.py",),
    ),
    Guard(
        "who leaves a channel leaves its room",
        "broadcast/membership.py",
        """                self._transport.leave(sid, room_of(channel.name, codec))
            return True
""",
        "                pass\n            return True\n",
    ),
    Guard(
        "who was revoked meanwhile does not join",
        "broadcast/membership.py",
        "            if admission.revoked:\n                return False\n",
        "",
        REVOCATION,
    ),
    Guard(
        "who was revoked meanwhile gets no further part",
        "broadcast/entrance.py",
        "            if admission.revoked:\n                return sent",
        "            if False:\n                return sent",
        REVOCATION,
    ),
    Guard(
        "authorize is asked",
        "broadcast/authority.py",
        "        return allowed is True\n",
        "        return True\n",
    ),
    Guard(
        "nobody is kept who left while being answered",
        "broadcast/membership.py",
        "        if not self._transport.is_connected(session.subscriber.sid):\n            self.departed",
        "        if False:\n            self.departed",
    ),
    Guard(
        "a channel that ended admits nobody",
        "broadcast/opening.py",
        "                if not self._channels.holds(channel):\n                    continue",
        "                if False:\n                    continue",
        ("tests/broadcast/test_endings.py",),
    ),
    Guard(
        "answers are paced",
        "broadcast/pace.py",
        "return max(0.0, (1.0 - self._filled(now)) / PER_S)",
        "return 0.0",
        ("tests/broadcast/test_pace.py", "tests/broadcast/test_slow_readers.py"),
    ),
    Guard(
        "a log takes what follows its end",
        "broadcast/memory_log.py",
        "            elif not life.deltas or life.deltas[-1] != frame:\n",
        "            elif False:\n",
        ("tests/broadcast/test_memory_log.py", "tests/broadcast/test_failing_parts.py"),
    ),
    Guard(
        "a restart replays a bounded number of deltas",
        "broadcast/sending_channel.py",
        "self.deltas_since_keyframe = len(deltas)",
        "self.deltas_since_keyframe = 0",
    ),
    Guard(
        "encodings are kept in bounded number",
        "broadcast/encoded_frames.py",
        "len(self._kept) > KEPT or ",
        "",
    ),
    Guard(
        "who does not read is parked",
        "replication/send_window.py",
        "return frames > 1 and (",
        "return False and (",
    ),
    Guard(
        "who is parked is out of the live room",
        "broadcast/flusher.py",
        """            if codec is not None:
                self._transport.leave(sid, room_of(channel.name, codec))
        for sid in channel.window.overdue(now):
""",
        """            if codec is None:
                self._transport.leave(sid, room_of(channel.name, codec))
        for sid in channel.window.overdue(now):
""",
        SLOW_READERS,
    ),
    Guard(
        "who does not read for long is let go",
        "replication/send_window.py",
        "return now - max(parked.since, reader.acked_at_s) > patience_s",
        "return False",
    ),
    Guard(
        "an event queue is bounded",
        "replication/event_queue.py",
        "if len(self._events) > self._max_size:",
        "if False:",
    ),
)

WIRE: tuple[Guard, ...] = (
    Guard(
        "a context is never shared",
        "wire/zstd_frames.py",
        "            return self._contexts.pop()\n",
        "            return self._contexts[-1]\n",
        ("tests/wire/test_codec_threads.py",),
    ),
    Guard(
        "a declared size is looked at before memory is taken",
        "wire/zstd_frames.py",
        "if header.content_size != zstandard.CONTENTSIZE_UNKNOWN and header.content_size > max_bytes:",
        "if False:",
        HOSTILE,
    ),
    Guard(
        "a window is looked at before memory is taken",
        "wire/zstd_frames.py",
        "if header.window_size > limits.max_window_bytes and header.window_size != header.content_size:",
        "if False:",
        HOSTILE,
    ),
    Guard(
        "nothing follows a zstd frame",
        "wire/zstd_frames.py",
        "allow_extra_data=False",
        "allow_extra_data=True",
        HOSTILE,
    ),
    Guard(
        "a stream is whole",
        "wire/zlib_streams.py",
        "    if not stream.eof:\n",
        "    if False:\n",
        HOSTILE,
    ),
    Guard(
        "nothing follows a stream",
        "wire/zlib_streams.py",
        "    if stream.unused_data:\n",
        "    if False:\n",
        HOSTILE,
    ),
    Guard(
        "a stream is read no further than it may be long",
        "wire/zlib_streams.py",
        "plain = stream.decompress(data, max_bytes + 1)",
        "plain = stream.decompress(data)",
        HOSTILE,
    ),
    Guard(
        "elements are counted before JSON is parsed",
        "wire/elements.py",
        "    if elements > limits.max_elements:\n",
        "    if False:\n",
        ("tests/wire/test_elements.py", "tests/wire/test_hostile.py"),
    ),
    Guard(
        "unsafe integers are refused",
        "wire/serializers.py",
        "        if may_have_unsafe_integers:\n",
        "        if False:\n",
        HOSTILE,
    ),
)

GUARDS: tuple[Guard, ...] = (*REPLICA, *LOSSLESS, *PRIMARY, *BROADCAST, *WIRE)
