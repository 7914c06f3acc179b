"""What one client has open, its channels and subscriptions, and how each of its requests is answered.

Requests come as caproto's command objects and are answered at once, in order, without tasks.
"""

import logging
import struct
from collections.abc import Callable
from itertools import count
from typing import Any, ClassVar, NamedTuple, Protocol

import caproto as ca

from hydra_ioc.ca.events import (
    ECA_BADCOUNT,
    ECA_BADTYPE,
    ECA_NORMAL,
    ECA_NOWTACCESS,
    ECA_PUTFAIL,
    Reading,
    Subscription,
    readable,
)
from hydra_ioc.ca.hooks import PutContext
from hydra_ioc.ca.names import Target
from hydra_ioc.ca.outbox import Outbox, frame
from hydra_ioc.ca.puts import Puts
from hydra_ioc.ca.record import Record
from hydra_ioc.ca.wire import PUT_ACKS, PUT_ACKT

READ, READ_NOTIFY, EVENT_ADD, WRITE_NOTIFY = 3, 15, 1, 19
MAX_CHANNELS = 1 << 16
"""Channels, and subscriptions, of one client."""
_REFUSALS_LOGGED = 10

logger = logging.getLogger(__name__)


class Service(Protocol):
    """What a session asks of the server it belongs to."""

    puts: Puts
    port: int

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
    """One client. `user` and `host` are what it claims to be, `address` is where it comes from."""

    def __init__(self, service: Service, outbox: Outbox, address: str) -> None:
        self.service, self.outbox, self.address = service, outbox, address
        self.user = self.host = ""
        self.channels: dict[int, Channel] = {}
        self.subscriptions: dict[int, Subscription] = {}
        self._sids = count(1)
        self._refusals = 0

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
        self.user = command.name[:64]

    def _identify_host(self, command: Any) -> None:
        self.host = command.name[:64]

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
        rights = ca.AccessRights.READ
        variable = target.variable
        if variable.writable or (isinstance(variable, Record) and variable.acknowledgeable):
            rights |= ca.AccessRights.WRITE
        created = ca.CreateChanResponse(target.native, target.length, channel.cid, channel.sid)
        self._write(bytes(ca.AccessRightsResponse(channel.cid, rights)) + bytes(created))

    def _clear_channel(self, command: Any) -> None:
        channel = self._channel(command.sid)
        for subscription_id in channel.subscriptions:
            self._forget(subscription_id)
        del self.channels[channel.sid]
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
            self._error(command, channel, ECA_BADTYPE, f"DBR type {dbr_type} cannot be read")
        elif number > channel.target.length:
            self._error(command, channel, ECA_BADCOUNT, f"{number} elements asked for, {channel.target.length} there")
        else:
            return dbr_type, number
        return None

    def _read(self, command: Any) -> None:
        channel = self._channel(command.sid)
        view = self._view(command, channel)
        if view is None:
            return
        reading = channel.target.variable.reading((*view, channel.target.filter))
        if isinstance(command, ca.ReadNotifyRequest):
            self._write(self._packed(READ_NOTIFY, view[0], reading, reading.status, command.ioid))
        elif reading.status == ECA_NORMAL:
            self._write(self._packed(READ, view[0], reading, channel.cid, command.ioid))
        else:
            self._error(command, channel, reading.status, "the value cannot be converted")

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
        variable = channel.target.variable
        data = b"".join(bytes(part) for part in command.buffers)
        dbr_type = command.header.data_type
        if dbr_type in (PUT_ACKT, PUT_ACKS):
            self._acknowledge(command, channel, dbr_type, data)
            return
        if not isinstance(variable, Record) or not variable.writable:
            self._refuse(command, channel, ECA_NOWTACCESS, "read-only")
            return
        try:
            value = variable.shape.put(dbr_type, command.header.data_count, data)
        except ValueError as error:
            self._refuse(command, channel, ECA_PUTFAIL, str(error))
            return
        context = PutContext(self.user, self.host, self.address)
        self.service.puts.put(variable, value, context, lambda reason: self._put_done(command, channel, reason))

    def _put_done(self, command: Any, channel: Channel, reason: str | None) -> None:
        if reason is not None:
            self._refuse(command, channel, ECA_PUTFAIL, reason)
        elif isinstance(command, ca.WriteNotifyRequest):
            self._write_done(command, ECA_NORMAL)

    def _acknowledge(self, command: Any, channel: Channel, dbr_type: int, data: bytes) -> None:
        record = channel.target.variable
        if not isinstance(record, Record) or not record.spec.alarms:
            self._refuse(command, channel, ECA_NOWTACCESS, "carries no alarm to acknowledge")
            return
        if len(data) < 2:
            raise ProtocolError("an acknowledgement without a value")
        (value,) = struct.unpack_from(">H", data)
        if dbr_type == PUT_ACKS:
            record.acknowledge(value)
        else:
            record.acknowledge_transients(bool(value))
        logger.info("acknowledged pv=%s value=%d user=%r client=%s", record.name, value, self.user, self.address)
        self._put_done(command, channel, None)

    def _refuse(self, command: Any, channel: Channel, status: int, reason: str) -> None:
        if self._refusals < _REFUSALS_LOGGED:
            self._refusals += 1
            logger.info(
                "put refused pv=%s user=%r host=%r client=%s why=%s",
                channel.target.variable.name, self.user, self.host, self.address, reason,
            )  # fmt: skip
        if isinstance(command, ca.WriteNotifyRequest):
            self._write_done(command, status)
        else:
            self._error(command, channel, status, f"{channel.target.variable.name}: {reason}")

    def _write_done(self, command: Any, status: int) -> None:
        header = command.header
        self._write(frame(WRITE_NOTIFY, header.data_type, status, command.ioid, header.data_count, b""))

    def _error(self, command: Any, channel: Channel, status: int, reason: str) -> None:
        """Tell a client of a failure; never ECA_INTERNAL, which ends a libca client."""
        message = reason.encode("ascii", "replace").decode()[:200]
        self._write(bytes(ca.ErrorResponse(command, channel.cid, status=status, error_message=message)))

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
