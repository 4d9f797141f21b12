"""Writing values into the module script of a map."""

import json
from collections.abc import Mapping
from typing import Any

from branca.element import Element
from folium.template import Template

#: What must not stand in a script element or in an attribute, and what JavaScript once took for line ends.
_UNSAFE = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "'": "\\u0027",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}


def to_script(value: Any) -> str:
    """Return `value` as JSON that is safe inside a script element and inside a branca element.

    Branca compiles every rendered part as a template once more, so a place called ``{{ config }}`` would be
    evaluated there. Outside of strings JSON never has an opening brace followed by ``{``, ``%`` or ``#``;
    writing that second sign as an escape therefore changes no value.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    for sign, escape in _UNSAFE.items():
        text = text.replace(sign, escape)
    for sign in "{%#":
        text = text.replace("{" + sign, f"{{\\u{ord(sign):04x}")
    return text


def template(source: str) -> Template:
    """Return a Folium template in which ``value | to_script`` and ``value | only_given`` are known."""
    made = Template("")
    made.environment.filters["to_script"] = to_script
    made.environment.filters["only_given"] = only_given
    compiled: Template = made.environment.from_string(source, template_class=Template)
    return compiled


def only_given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return `options` without those that are None: the browser's default then holds."""
    return {name: value for name, value in options.items() if value is not None}


class ScriptLink(Element):
    """A classic script of our own server that carries the page's nonce."""

    _template = template('<script src="{{ this.url }}" nonce="{{ kwargs.nonce }}" defer></script>')

    def __init__(self, url: str) -> None:
        super().__init__()
        self._name = "ScriptLink"
        self.url = url


class StyleLink(Element):
    """A style sheet of our own server that carries the page's nonce."""

    _template = template('<link rel="stylesheet" href="{{ this.url }}" nonce="{{ kwargs.nonce }}">')

    def __init__(self, url: str) -> None:
        super().__init__()
        self._name = "StyleLink"
        self.url = url
