"""Names as people type or paste them, made fit to be shown, printed and stood in a file or a header."""


def visible(text: str) -> str:
    r"""Return a text in one line, without the signs that nobody sees: control signs, turners of direction.

    A control sign breaks XML and HTTP headers, and a turner of direction makes a name read as another.

    >>> visible(" 桥东\x01\n第1\u202e网格 ")
    '桥东 第1网格'
    """
    line = " ".join(text.split())
    return "".join(sign for sign in line if sign.isprintable()).strip()
