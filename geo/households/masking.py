"""Masked forms of names and phone numbers: what lists, tiles and search may hold (pure)."""

import re

_FEWEST_DIGITS = 7


def mask_name(name: str) -> str:
    """Return a name with only its first character left.

    At most two stars follow, so that the masked form does not tell a long name's length.

    >>> mask_name("王小明"), mask_name("李丽"), mask_name("Johnson"), mask_name(" ")
    ('王**', '李*', 'J**', '')
    """
    bare = name.strip()
    return bare[:1] + "*" * min(len(bare) - 1, 2) if bare else ""


def mask_phone(phone: str) -> str:
    """Return a phone number with its middle hidden; of a short number only the last two digits stay.

    >>> mask_phone("13812345678"), mask_phone("0571-8612345"), mask_phone("8612345"), mask_phone("110")
    ('138****5678', '057****2345', '****45', '****')
    """
    digits = re.sub(r"\D", "", phone)
    if not digits:
        return ""
    if len(digits) >= 11:
        return f"{digits[:3]}****{digits[-4:]}"
    return "****" + (digits[-2:] if len(digits) >= _FEWEST_DIGITS else "")
