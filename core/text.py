"""Names and words as people type or paste them, fit to be shown, printed and stood in a file or a header."""

#: Hangul fillers and the empty braille pattern: printable, and drawn as nothing.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def visible(text: str) -> str:
    r"""Return a text in one line, without the signs that nobody sees: control signs, turners of direction.

    A control sign breaks XML and HTTP headers, and a turner of direction makes a name read as another.

    >>> visible(" 桥东\x01\n第1\u202e网格 ")
    '桥东 第1网格'
    >>> visible("\u3164\u2800")
    ''
    """
    line = " ".join(text.split())
    return "".join(sign for sign in line if sign.isprintable() and sign not in _BLANKS).strip()


def visible_lines(text: str) -> str:
    r"""Return a text of several lines as `visible` leaves each; empty ones at its ends go.

    >>> visible_lines("\u200b\n 看这里\u202e。\r\n\n第二段 \n")
    '看这里。\n\n第二段'
    """
    return "\n".join(visible(line) for line in text.splitlines()).strip()
