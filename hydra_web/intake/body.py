"""Reads a plot out of a request: the body itself, or the part `file` of a form, never more than allowed."""

from collections.abc import AsyncGenerator, Mapping

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

FORM = 64 * 1024
"""Bytes that a form may have besides the picture."""


DRAINED = 64 << 20
"""Bytes beyond what is allowed that are read and dropped: a sender that is cut off at once never sees the answer."""


class TooBigError(Exception):
    """There is more than was allowed."""


class NoPlotError(Exception):
    """There is no picture in the request; the message says what is wrong."""


async def read_plot(request: Request, most: int) -> tuple[bytes, Mapping[str, str]]:
    """Return a picture of at most `most` bytes, and the fields of the form. Raises TooBigError and NoPlotError."""
    if request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        return await _form(request, most)
    return b"".join([part async for part in _limited(request, most)]), {}


async def _form(request: Request, most: int) -> tuple[bytes, Mapping[str, str]]:
    parser = MultiPartParser(
        request.headers, _limited(request, most + FORM), max_files=1, max_fields=10, max_part_size=1024
    )
    try:
        form = await parser.parse()
    except (MultiPartException, UnicodeError) as error:
        raise NoPlotError(f"this is no proper form: {getattr(error, 'message', error)}") from error
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise NoPlotError('the form has no file: send it as -F "file=@plot.png"')
        data = await file.read()
    finally:
        await form.close()
    if len(data) > most:
        raise TooBigError
    return data, {name: value for name, value in form.items() if isinstance(value, str)}


async def _limited(request: Request, most: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= most:
            yield part
        elif size > most + DRAINED:
            break
    if size > most:
        raise TooBigError
