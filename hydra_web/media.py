"""Pictures: plots and thumbnails by the hash of their bytes, never by path, and heat maps by inference."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Response
from fastapi import Path as PathArgument
from fastapi.responses import FileResponse

from hydra_core.errors import ImageError, StoreError
from hydra_web.heatmap import heatmap_png
from hydra_web.parts import PartsOf
from hydra_web.people.rights import Reader

IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Bytes named by their hash, or drawn from a row that is written once, never change."""

_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
Sha256 = Annotated[str, PathArgument(pattern="^[0-9a-f]{64}$", description="SHA-256 of the picture's bytes, hex.")]
InferenceId = Annotated[int, PathArgument(ge=1, le=2**63 - 1)]
router = APIRouter(tags=["pictures"])


@router.get("/images/{sha256}", response_class=Response)
def image(sha256: Sha256, parts: PartsOf, person: Reader) -> Response:
    """Return the plot as it was archived."""
    try:
        data = parts.archive.get(sha256)
    except StoreError as error:
        raise HTTPException(404, "There is no such picture in the archive; it may have been purged.") from error
    return Response(data, media_type=_media_type(data), headers={**IMMUTABLE, "ETag": f'"{sha256}"'})


@router.get("/thumbs/{sha256}", response_class=FileResponse)
def thumbnail(sha256: Sha256, parts: PartsOf, person: Reader) -> FileResponse:
    """Return the plot's small WebP."""
    try:
        path = parts.archive.thumbnail(sha256)
    except (StoreError, ImageError) as error:
        raise HTTPException(404, "There is no such picture in the archive; it may have been purged.") from error
    return FileResponse(path, media_type="image/webp", headers=IMMUTABLE)


@router.get("/heatmaps/{inference_id}.png", response_class=Response)
def heatmap(inference_id: InferenceId, parts: PartsOf, person: Reader) -> Response:
    """Return the transparent heat map of a judgement, to be stretched over its plot."""
    cam = parts.store.cam(inference_id)
    if cam is None:
        raise HTTPException(404, "There is no such judgement, or its model gave no heat map.")
    return Response(heatmap_png(cam), media_type="image/png", headers=IMMUTABLE)


def _media_type(data: bytes) -> str:
    found = (kind for signature, kind in _SIGNATURES.items() if data.startswith(signature))
    return next(found, "application/octet-stream")
