"""The guards of this library. Whoever changes one changes its text here; whoever adds one adds it."""

from tests.mutants.guard import Guard

CONFORMANCE = ("tests/replication/test_replica_conformance.py",)
HOSTILE = ("tests/wire/test_hostile.py",)
REVOCATION = ("tests/broadcast/test_revocation.py",)
SLOW_READERS = ("tests/broadcast/test_slow_readers.py",)
SLOW_LINKS = ("tests/broadcast/test_slow_links.py",)
SEND_WINDOW = ("tests/replication/test_send_window.py",)
PLAIN_CLIENTS = ("tests/broadcast/test_plain_clients.py",)
LONG_POLLING = ("tests/client/test_long_polling.py",)
WHOLE_PACKETS = ("tests/adapters/test_whole_packets.py",)

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
        "so does one after a time in which the transport often failed",
        "broadcast/flusher.py",
        "                await self._save_keyframe_if_due(channel)\n            repeated",
        "            repeated",
        ("tests/broadcast/test_failing_parts.py",),
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

READERS: tuple[Guard, ...] = (
    Guard(
        "a large answer that is on its way is not said again",
        "replication/send_window.py",
        "return under_way >= ACK_BYTES and now - catch_up.at_s < self._seconds_for(under_way)",
        "return False",
        SLOW_LINKS,
    ),
    Guard(
        "a large answer that did not come is said again",
        "replication/send_window.py",
        "return under_way >= ACK_BYTES and now - catch_up.at_s < self._seconds_for(under_way)",
        "return True",
        SEND_WINDOW,
    ),
    Guard(
        "another question is answered though an answer is on its way",
        "replication/send_window.py",
        "catch_up.asked_from != asked_from",
        "False",
        SEND_WINDOW,
    ),
    Guard(
        "a parked reader has the time that its bytes need",
        "replication/send_window.py",
        "patience_s = max(self._limits.let_go_after_s, self._seconds_for(under_way))",
        "patience_s = self._limits.let_go_after_s",
        SLOW_LINKS,
    ),
    Guard(
        "what is under way on other channels has its time",
        "broadcast/membership.py",
        "return sum(other.window.under_way_bytes(sid) for other in others)",
        "return 0",
        SLOW_LINKS,
    ),
    Guard(
        "a window is wider behind a large document",
        "replication/send_window.py",
        "wider = self._limits, 1 + _size_bytes(reader.catch_up) / self._limits.max_unacked_bytes",
        "wider = self._limits, 1.0",
        SEND_WINDOW,
    ),
    Guard(
        "what was never sent cannot be acknowledged",
        "replication/send_window.py",
        "not reader.acked_offset <= offset <= self._offset",
        "offset < reader.acked_offset",
        SEND_WINDOW,
    ),
    Guard(
        "an older acknowledgement takes nothing back",
        "replication/send_window.py",
        "not reader.acked_offset <= offset <= self._offset",
        "offset > self._offset",
        SEND_WINDOW,
    ),
    Guard(
        "to say the same again is not to move on",
        "replication/send_window.py",
        "if reader.catch_up is not None or offset > reader.acked_offset:",
        "if True:",
        SEND_WINDOW,
    ),
    Guard(
        "only what is known to be read counts as read",
        "replication/send_window.py",
        "return next((total for marked, total in reversed(marks) if marked <= offset), None)",
        "return next((total for marked, total in reversed(marks) if marked <= offset), self.total)",
        SEND_WINDOW,
    ),
    Guard(
        "marks are read in one step",
        "replication/send_window.py",
        "marks = self._marks.copy()",
        "marks = self._marks",
        SEND_WINDOW,
    ),
    Guard(
        "who is parked in the moment in which it acknowledges is not",
        "replication/send_window.py",
        "if reader.acked_offset < sent.offset and self._readers.get(sid) is reader:",
        "if True:",
        SEND_WINDOW,
    ),
    Guard(
        "plain clients do not have too much waiting",
        "broadcast/flusher.py",
        "if waiting is None or waiting <= channel.readers.max_plain_packets:",
        "if True:",
        PLAIN_CLIENTS,
    ),
    Guard(
        "who asks and acknowledges without reading is let go",
        "broadcast/readers.py",
        "return waiting is not None and waiting > allowed",
        "return False",
        PLAIN_CLIENTS,
    ),
)

BOUNDS: tuple[Guard, ...] = (
    Guard(
        "channels that nobody uses are looked for also where no other is opened",
        "broadcast/sweeper.py",
        "            self._channels.sweep()\n",
        "            pass\n",
        ("tests/broadcast/test_unused_channels.py",),
    ),
    Guard(
        "the job that looks for them ends when there are none",
        "broadcast/sweeper.py",
        "            if self._channels.may_forget:\n                return False\n",
        "            if True:\n                return False\n",
        ("tests/broadcast/test_unused_channels.py",),
    ),
    Guard(
        "a document of too many values is refused where it is sent",
        "broadcast/encoded_frames.py",
        "        if not isinstance(frame, Keyframe) or len(text) <= allowed:\n",
        "        if True:\n",
        ("tests/broadcast/test_sizes.py",),
    ),
    Guard(
        "a value that is larger than a message is not fetched",
        "broadcast/reception.py",
        "        if found > allowed:  #",
        "        if False:  #",
        ("tests/broadcast/test_broadcasters.py",),
    ),
    Guard(
        "history is bounded in bytes",
        "replication/history.py",
        "or self._size_bytes > limits.max_bytes",
        "",
        ("tests/replication/test_history.py",),
    ),
    Guard(
        "history is bounded in time",
        "replication/history.py",
        "or now - self._kept[0].at_s > limits.max_age_s",
        "",
        ("tests/replication/test_history.py",),
    ),
    Guard(
        "the lossless lane is bounded in bytes",
        "replication/lossless_lane.py",
        "or self._size_bytes > limits.max_lossless_bytes",
        "",
        ("tests/replication/test_lossless_lane.py",),
    ),
    Guard(
        "the lossless lane is bounded in time",
        "replication/lossless_lane.py",
        "or now - self._kept[0].at_s > limits.max_lossless_age_s",
        "",
        ("tests/replication/test_lossless_lane.py",),
    ),
    Guard(
        "a pending patch is bounded by the document",
        "replication/primary.py",
        "if len(self._pending) > self._compact_at:",
        "if False:",
        ("tests/replication/test_primary.py",),
    ),
    Guard(
        "of what came since an edit began few values are kept",
        "replication/open_edits.py",
        "if len(self._recent) > MAX_OPERATIONS:",
        "if False:",
        ("tests/replication/test_open_edits.py",),
    ),
    Guard(
        "the places that were touched since an edit began are bounded",
        "replication/open_edits.py",
        "        if len(self._earlier) > self._max_places:\n            self._earlier.coarsen",
        "        if False:\n            self._earlier.coarsen",
        ("tests/replication/test_open_edits.py",),
    ),
    Guard(
        "a catch-up replays few events",
        "replication/history.py",
        "too_many = max(0, count_ordinary(events) - self._limits.max_catchup_events)",
        "too_many = 0",
        ("tests/replication/test_history.py",),
    ),
    Guard(
        "what is joined of parts is bounded",
        "replication/assembly.py",
        "            if found <= self._max_bytes:\n                return data",
        "            if True:\n                return data",
        ("tests/replication/test_assembly.py",),
    ),
    Guard(
        "one connection watches a bounded number of channels",
        "broadcast/reception.py",
        "return len(others) >= self._options.limits.max_channels_per_client",
        "return False",
        ("tests/broadcast/test_broadcasters.py",),
    ),
    Guard(
        "what is remembered of one who asks about ever more channels is bounded",
        "broadcast/session.py",
        "                channel = OTHER_CHANNELS\n",
        "                pass\n",
        ("tests/broadcast/test_hello.py",),
    ),
)

ISOLATION: tuple[Guard, ...] = (
    Guard(
        "a poll that was allowed before a revocation is asked again",
        "broadcast/polling.py",
        "if not admission.revoked:  # else: what was allowed is older",
        "if True:  # else: what was allowed is older",
        ("tests/broadcast/test_polling.py",),
    ),
    Guard(
        "a fetch that was allowed before a revocation is refused",
        "broadcast/reception.py",
        "        if admission.revoked:  # only now is it sure",
        "        if False:  # only now is it sure",
        ("tests/broadcast/test_threaded_broadcaster.py",),
    ),
    Guard(
        "nothing is kept of a name that no channel can have",
        "broadcast/reception.py",
        "        if not self._authority.is_channel_name(wanted.channel):  # nothing is kept of it",
        "        if False:  # nothing is kept of it",
        ("tests/broadcast/test_hello.py", "tests/broadcast/test_isolation.py"),
    ),
    Guard(
        "no two channels share a room",
        "broadcast/rooms.py",
        ".replace('%', '%25').replace('|', '%7C')",
        "",
        ("tests/broadcast/test_rooms.py",),
    ),
)

POLLS = ("tests/replication/test_polling_conformance.py", "tests/replication/test_polled_subscription.py")
POLL_ROUTES = ("tests/adapters/test_polling_routes.py",)

POLLING: tuple[Guard, ...] = (
    Guard(
        "a late reply is not taken once the connection is back",
        "replication/subscription.py",
        """        if self._polls is None or not self._polls.settle(request):
            return []  # the connection is back
""",
        """        if self._polls is None:
            return []  # the connection is back
""",
        POLLS,
    ),
    Guard(
        "a poll's answer is forgotten after a while",
        "replication/poll_schedule.py",
        "        if self._confirmed_until is not None and now >= self._confirmed_until:\n",
        "        if False:\n",
        POLLS,
    ),
    Guard(
        "a poll's answer does not outlive the connection that came after it",
        "replication/subscription.py",
        "        self.end_polling()  # a reply that is still on its way answers nothing any more\n",
        "",
        POLLS,
    ),
    Guard(
        "only an answer that helps confirms a document",
        "replication/subscription.py",
        "elif is_helped and answer is not None and answer.outcome.subscribed:",
        "elif answer is not None:",
        POLLS,
    ),
    Guard(
        "who was refused is not polled for",
        "replication/subscription.py",
        "        if not self._is_worth_asking:\n            self._polls.end()\n        elif",
        "        if",
        POLLS,
    ),
    Guard(
        "one poll at a time",
        "replication/poll_schedule.py",
        "        self._open, self._due_at = request, None\n",
        "        self._open = request\n",
        POLLS,
    ),
    Guard(
        "an attempt to connect that fails takes nothing from a poll under way",
        "replication/subscription.py",
        "        if self._polls is None or not self._polls.is_on:  # else:",
        "        if True:  # else:",
        POLLS,
    ),
    Guard(
        "a reply is read no further than it may be long",
        "client/http_reply.py",
        "        if len(self._body) > self._max_bytes:\n",
        "        if False:\n",
        ("tests/client/test_http_reply.py",),
    ),
    Guard(
        "the body of a poll is bounded over ASGI",
        "adapters/asgi_polling.py",
        "        if len(body) > MAX_REQUEST_BYTES:\n",
        "        if False:\n",
        POLL_ROUTES,
    ),
    Guard(
        "the body of a poll is bounded under Flask",
        "adapters/flask_polling.py",
        "        if len(body) > MAX_REQUEST_BYTES:\n",
        "        if False:\n",
        POLL_ROUTES,
    ),
)

CLIENTS: tuple[Guard, ...] = (
    Guard(
        "a new connection takes nothing for the rest of the last one's message",
        "client/base_client.py",
        "            self._in_line(self._forget_half_a_packet)\n",
        "",
        ("tests/client/test_half_packets.py",),
    ),
    Guard(
        "what was said last goes before the good-bye",
        "client/last_words.py",
        "    joined = asyncio.ensure_future(eio.queue.join())\n    try:\n",
        "    joined = asyncio.ensure_future(eio.queue.join())\n    try:\n        return\n",
        LONG_POLLING,
    ),
    Guard(
        "what was said last goes before the good-bye, on threads",
        "client/sync_client.py",
        "        wait_until_all_is_said(eio)\n",
        "",
        ("tests/client/test_sync_client.py",),
    ),
    Guard(
        "an answer of long polling is wholly here before it is looked at",
        "client/long_polling.py",
        "                await answer.read()\n            except",
        "                pass\n            except",
        LONG_POLLING,
    ),
    Guard(
        "a server is told no more at once than it takes",
        "client/portions.py",
        "if body is None or body.count(_SEPARATOR) < MAX_PACKETS:",
        "if True:",
        LONG_POLLING,
    ),
    Guard(
        "a client hears no more at once than it takes",
        "client/portions.py",
        'if method != "GET" or not answer.ok or content.count(separator) < MAX_PACKETS:',
        "if True:",
        LONG_POLLING,
    ),
)

ADAPTERS: tuple[Guard, ...] = (
    Guard(
        "a client that cannot be sent to keeps a frame from nobody else",
        "adapters/python_socketio.py",
        "        except Exception:  # the others",
        "        except ZeroDivisionError:  # the others",
        ("tests/adapters/test_room_delivery.py",),
    ),
    Guard(
        "who is ended while a frame is sent delays it for nobody else",
        "adapters/python_socketio.py",
        "if self._queues.is_overdue(eio_sid):",
        "if False:",
        ("tests/adapters/test_room_delivery.py",),
    ),
    Guard(
        "what belongs together is queued together",
        "adapters/_whole_packets.py",
        "        with self._lock:\n            self._thread.is_sending = True",
        "        if True:\n            self._thread.is_sending = True",
        WHOLE_PACKETS,
    ),
    Guard(
        "a packet waits for its attachments",
        "adapters/_whole_packets.py",
        "        if len(collected.parts) <= collected.attachments:\n            return []\n",
        "",
        WHOLE_PACKETS,
    ),
    Guard(
        "rooms are changed by one thread at a time",
        "adapters/_rooms_lock.py",
        "        with self.lock:\n            result",
        "        if True:\n            result",
        ("tests/adapters/test_rooms_lock.py",),
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

GUARDS: tuple[Guard, ...] = (
    *REPLICA,
    *LOSSLESS,
    *PRIMARY,
    *BROADCAST,
    *READERS,
    *BOUNDS,
    *ISOLATION,
    *POLLING,
    *CLIENTS,
    *ADAPTERS,
    *WIRE,
)
