"""What a script sends, read strictly: a body nobody can read is refused and never taken for an empty one."""

import json
from typing import Any

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

#: Far more than a drawing of the most corners; files come another way.
LARGEST_JSON_BYTES = 2 << 20


class StrictRequest(Request):
    """A request whose JSON holds only what the database can store and an answer can repeat."""

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:  # noqa: FBT001, FBT002 - as inherited
        """Return the JSON body, None when there is none.

        Raises
        ------
        RequestEntityTooLarge, BadRequest
            The body is larger than `LARGEST_JSON_BYTES`, or no JSON of finite numbers and whole signs.
        """
        if not (force or self.is_json):
            return None
        # The form guard has opened the body by now: the limit of the stream is set, the length is not read.
        if (self.content_length or 0) > LARGEST_JSON_BYTES:
            raise RequestEntityTooLarge
        body = self.get_data(cache=cache)
        if len(body) > LARGEST_JSON_BYTES:
            raise RequestEntityTooLarge
        if not body:
            return None
        try:
            found = json.loads(body)
            # Half a surrogate pair, infinities and endless nesting pass the reader and fail the writer.
            json.dumps(found, ensure_ascii=False, allow_nan=False).encode()
        except (ValueError, RecursionError) as error:
            raise BadRequest from error
        return found
