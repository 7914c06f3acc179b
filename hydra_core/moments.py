"""Days and times as people write them, in the hall's time zone."""

from datetime import UTC, datetime, time, timedelta, tzinfo

_DAY = len("2026-11-24")


def moment(text: str, zone: tzinfo, end: bool = False) -> datetime | None:
    """Return the time that somebody wrote in UTC, None for nothing; a day is its start, or (`end`) its end.

    Raises ValueError, in words for whoever wrote it.
    """
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        if len(text) <= _DAY and end:
            at = datetime.combine(at.date() + timedelta(days=1), time())
        return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f'"{text[:40]}" is no day or time, such as 2026-11-24 or 2026-11-24T08:00.') from None
