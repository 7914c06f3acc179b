"""What one client has open, its channels and subscriptions, and how each of its requests is answered.

Requests come as caproto's command objects and are answered at once, in order, without tasks.
"""

from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar, NamedTuple, Protocol

import caproto as ca

from hydra_ioc.ca.events import (
    ECA_BADCOUNT,
    ECA_BADTYPE,
    ECA_NORDACCESS,
    ECA_NORMAL,
    Reading,
    Subscription,
    blank,
    readable,
)
from hydra_ioc.ca.hooks import Access, PutDone
from hydra_ioc.ca.names import Target
from hydra_ioc.ca.outbox import Outbox, frame
from hydra_ioc.ca.permits import Permits
from hydra_ioc.ca.puts import Puts
from hydra_ioc.ca.putting import Putting

READ, READ_NOTIFY, EVENT_ADD = 3, 15, 1
MAX_CHANNELS = 1 << 16
"""Channels, and subscriptions, of one client."""


class Service(Protocol):
    """What a session asks of the server it belongs to."""

    puts: Puts
    port: int
    access: Access

    def on_put(self, done: PutDone) -> None:
        """Be told of a put that was kept and is to be logged."""
        ...

    def find(self, name: str) -> Target | None:
        """Return what a channel name means."""
        ...


class Channel(NamedTuple):
    """A client's channel. `sid` is ours, `cid` the client's; `subscriptions` are the ids of those on it."""

    sid: int
    cid: int
    target: Target
    subscriptions: set[int]


class ProtocolError(Exception):
    """The client sent something that is not Channel Access, or too much of it."""


class Session:
    """One client; `permits.who` is what it claims to be and where it comes from."""

    def __init__(self, service: Service, outbox: Outbox, address: str) -> None:
        self.service, self.outbox = service, outbox
        self.permits = Permits(service.access, address)
        self.channels: dict[int, Channel] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self._putting = Putting(service.puts, self.permits, service.on_put, outbox.write, self._error)
        self._shown: dict[int, int] = {}
        self._sids = count(1)

    @property
    def user(self) -> str:
        """The user that the client claims to be."""
        return self.permits.who.user

    def handle(self, command: Any) -> None:
        """Answer one request. Raises ProtocolError when the client cannot be served any more."""
        handler = self._HANDLERS.get(type(command))
        if handler is None:
            raise ProtocolError(f"{type(command).__name__} has no place here")
        handler(self, command)

    def close(self) -> None:
        """Forget everything that the client has open."""
        self.outbox.close()
        for subscription in self.subscriptions.values():
            subscription.variable.unsubscribe(subscription)
        self.subscriptions.clear()
        self.channels.clear()
        self._shown.clear()

    def access_changed(self) -> None:
        """Tell the client which of its rights are others now; what it may not read any more it is not told."""
        self.permits.changed()
        for channel in self.channels.values():
            shown = self.permits.shown(channel.target)
            before, self._shown[channel.sid] = self._shown[channel.sid], shown
            if shown != before:
                self._write(bytes(ca.AccessRightsResponse(channel.cid, shown)))
            if (shown ^ before) & 1:
                for subscription_id in channel.subscriptions:
                    self._mute(self.subscriptions[subscription_id], not shown & 1)

    def _mute(self, subscription: Subscription, muted: bool) -> None:
        if muted:
            subscription.variable.unsubscribe(subscription)
            self.outbox.forget(subscription)
            self.outbox.event(subscription, blank(subscription.view, ECA_NORDACCESS))
        else:
            subscription.variable.subscribe(subscription)
            self.outbox.event(subscription, subscription.reading())

    def _write(self, data: bytes) -> None:
        self.outbox.write(data)

    def _channel(self, sid: int) -> Channel:
        try:
            return self.channels[sid]
        except KeyError:
            raise ProtocolError(f"no channel {sid}") from None

    def _version(self, command: Any) -> None:
        self._write(bytes(ca.VersionResponse(ca.DEFAULT_PROTOCOL_VERSION)))

    def _identify_user(self, command: Any) -> None:
        if self.permits.identify(user=command.name):
            self.access_changed()

    def _identify_host(self, command: Any) -> None:
        if self.permits.identify(host=command.name):
            self.access_changed()

    def _echo(self, command: Any) -> None:
        self._write(bytes(ca.EchoResponse()))

    def _nothing(self, command: Any) -> None:
        """READ_SYNC wants no answer: requests are answered in order anyway."""

    def _search(self, command: Any) -> None:
        """Answer a search over TCP, as clients with EPICS_CA_NAME_SERVERS send it."""
        if self.service.find(command.name) is not None:
            version = ca.DEFAULT_PROTOCOL_VERSION
            self._write(bytes(ca.SearchResponse(self.service.port, None, command.cid, version)))
        elif command.reply == ca.DO_REPLY:
            self._write(bytes(ca.NotFoundResponse(version=ca.DEFAULT_PROTOCOL_VERSION, cid=command.cid)))

    def _create_channel(self, command: Any) -> None:
        target = self.service.find(command.name)
        if target is None:
            self._write(bytes(ca.CreateChFailResponse(cid=command.cid)))
            return
        if len(self.channels) >= MAX_CHANNELS:
            raise ProtocolError("too many channels")
        channel = Channel(next(self._sids), command.cid, target, set())
        self.channels[channel.sid] = channel
        self._shown[channel.sid] = shown = self.permits.shown(target)
        created = ca.CreateChanResponse(target.native, target.length, channel.cid, channel.sid)
        self._write(bytes(ca.AccessRightsResponse(channel.cid, shown)) + bytes(created))

    def _clear_channel(self, command: Any) -> None:
        channel = self._channel(command.sid)
        for subscription_id in channel.subscriptions:
            self._forget(subscription_id)
        del self.channels[channel.sid], self._shown[channel.sid]
        self._write(bytes(ca.ClearChannelResponse(channel.sid, channel.cid)))

    def _forget(self, subscription_id: int) -> Subscription | None:
        subscription = self.subscriptions.pop(subscription_id, None)
        if subscription is not None:
            subscription.variable.unsubscribe(subscription)
            self.outbox.forget(subscription)
        return subscription

    def _view(self, command: Any, channel: Channel) -> tuple[int, int] | None:
        """Return DBR type and count asked for; None, and an error to the client, when that cannot be."""
        dbr_type, number = command.header.data_type, command.header.data_count
        if not readable(dbr_type):
            self._error(command, channel.cid, ECA_BADTYPE, f"DBR type {dbr_type} cannot be read")
        elif number > channel.target.length:
            there = channel.target.length
            self._error(command, channel.cid, ECA_BADCOUNT, f"{number} elements asked for, {there} there")
        else:
            return dbr_type, number
        return None

    def _read(self, command: Any) -> None:
        channel = self._channel(command.sid)
        view = self._view(command, channel)
        if view is None:
            return
        allowed, view_key = self._shown[channel.sid] & 1, (*view, channel.target.filter)
        reading = channel.target.variable.reading(view_key) if allowed else blank(view_key, ECA_NORDACCESS)
        if isinstance(command, ca.ReadNotifyRequest):
            self._write(self._packed(READ_NOTIFY, view[0], reading, reading.status, command.ioid))
        elif reading.status == ECA_NORMAL:
            self._write(self._packed(READ, view[0], reading, channel.cid, command.ioid))
        else:
            self._error(command, channel.cid, reading.status, "the value cannot be read")

    @staticmethod
    def _packed(command: int, dbr_type: int, reading: Reading, first: int, second: int) -> bytes:
        return frame(command, dbr_type, first, second, reading.count, reading.payload)

    def _subscribe(self, command: Any) -> None:
        channel = self._channel(command.sid)
        view = self._view(command, channel)
        if view is None:
            return
        if len(self.subscriptions) >= MAX_CHANNELS or command.subscriptionid in self.subscriptions:
            raise ProtocolError(f"subscription {command.subscriptionid} is one too many")
        target = channel.target
        view_key = (*view, target.filter)
        subscription = Subscription(target.variable, view_key, command.mask, command.subscriptionid, self.outbox)
        self.subscriptions[subscription.id] = subscription
        channel.subscriptions.add(subscription.id)
        if not self._shown[channel.sid] & 1:
            self.outbox.event(subscription, blank(view_key, ECA_NORDACCESS))
            return
        target.variable.subscribe(subscription)
        subscription.wants(subscription.mask)
        self.outbox.event(subscription, subscription.reading())

    def _unsubscribe(self, command: Any) -> None:
        channel = self._channel(command.sid)
        if command.subscriptionid not in channel.subscriptions:
            raise ProtocolError(f"no subscription {command.subscriptionid}")
        channel.subscriptions.discard(command.subscriptionid)
        self._forget(command.subscriptionid)
        header = command.header
        self._write(frame(EVENT_ADD, header.data_type, channel.sid, command.subscriptionid, header.data_count, b""))

    def _events_off(self, command: Any) -> None:
        self.outbox.hold_events()

    def _events_on(self, command: Any) -> None:
        self.outbox.release_events()

    def _put(self, command: Any) -> None:
        channel = self._channel(command.sid)
        self._putting.handle(command, channel.cid, channel.target)

    def _error(self, command: Any, cid: int, status: int, reason: str) -> None:
        """Tell a client of a failure; never ECA_INTERNAL, which ends a libca client."""
        message = reason.encode("ascii", "replace").decode()[:200]
        self._write(bytes(ca.ErrorResponse(command, cid, status=status, error_message=message)))

    _HANDLERS: ClassVar[dict[Any, Callable[["Session", Any], None]]] = {
        ca.VersionRequest: _version,
        ca.ClientNameRequest: _identify_user,
        ca.HostNameRequest: _identify_host,
        ca.EchoRequest: _echo,
        ca.ReadSyncRequest: _nothing,
        ca.SearchRequest: _search,
        ca.CreateChanRequest: _create_channel,
        ca.ClearChannelRequest: _clear_channel,
        ca.ReadNotifyRequest: _read,
        ca.ReadRequest: _read,
        ca.EventAddRequest: _subscribe,
        ca.EventCancelRequest: _unsubscribe,
        ca.EventsOffRequest: _events_off,
        ca.EventsOnRequest: _events_on,
        ca.WriteRequest: _put,
        ca.WriteNotifyRequest: _put,
    }
    COMMANDS: ClassVar[frozenset[int]] = frozenset(int(command.ID) for command in _HANDLERS)
    """The numbers of the requests that are answered."""
