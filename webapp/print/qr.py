"""The QR code that leads residents to the form of their grid, where there is one."""

from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

import segno

from core.settings import settings

#: Light modules that must surround the code (ISO/IEC 18004).
QUIET = 4


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code: the address in it, its side in modules with the quiet zone, the path of the dark ones."""

    address: str
    side: int
    path: str


def form_address(code: str) -> str | None:
    """Return the address of the resident form of the grid with `code`; None while no form can be reached.

    The setting ``public_url`` is filled when the form answers there: a code on a wall cannot be called back.
    """
    public = settings().public_url.strip().rstrip("/")
    return f"{public}/report/{quote(code, safe='')}" if public.startswith(("https://", "http://")) else None


def qr_code(address: str) -> QrCode:
    """Return the QR code of an address; 15 % of it may be dirty or torn (level M)."""
    made = segno.make_qr(address, error="m", boost_error=False)
    parts = []
    for row, modules in enumerate(made.matrix):
        for start, length in _runs(bytes(modules)):
            parts.append(f"M{start + QUIET} {row + QUIET}h{length}v1h-{length}z")
    return QrCode(address, len(made.matrix) + 2 * QUIET, "".join(parts))


def _runs(modules: bytes) -> list[tuple[int, int]]:
    """Return (start, length) of the runs of dark modules."""
    edges = [at for at in range(1, len(modules)) if modules[at] != modules[at - 1]]
    bounds = [0, *edges, len(modules)]
    return [(a, b - a) for a, b in pairwise(bounds) if modules[a]]
