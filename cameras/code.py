"""The 20-digit device code of GB/T 28181 (pure): 8 centre, 2 industry, 3 type, 1 network, 6 serial."""

from __future__ import annotations

from dataclasses import dataclass

# Type segments of the standard's table of device kinds that stand for something that films:
# 111 DVR, 112 video server, 118 NVR, 131 camera, 132 network camera (IPC).
_CAMERA_TYPES = frozenset({"131", "132"})
_CODE_LENGTH = 20


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """The parts of a code."""

    centre: str
    industry: str
    kind: str
    network: str
    serial: str


def read_code(code: str) -> DeviceCode | None:
    """Return the parts of a camera's code, None when it is no camera's code.

    >>> read_code("33019900001320000001").kind
    '132'
    >>> read_code("33019900001110000001") is None  # a recorder
    True
    """
    if len(code) != _CODE_LENGTH or not (code.isascii() and code.isdigit()):
        return None
    parts = DeviceCode(code[:8], code[8:10], code[10:13], code[13], code[14:])
    return parts if parts.kind in _CAMERA_TYPES else None
