"""Words for what HTTP, sign-in, permissions and the services below refuse."""

from webapp.i18n import mark

#: Status of an error of HTTP itself -> the code its words stand under.
HTTP_CODES = {
    400: "request_unreadable",
    403: "request_refused",
    404: "page_unknown",
    405: "method_unknown",
    406: "request_refused",
    413: "upload_too_large",
    415: "content_type_wrong",
    429: "too_many_requests",
}

WEB: dict[str, tuple[str, str]] = {
    "request_unreadable": (
        mark("The request could not be read."),
        mark("Reload the page and try again."),
    ),
    "request_refused": (mark("The request was refused."), mark("Reload the page and try again.")),
    "page_unknown": (
        mark("There is nothing at this address."),
        mark("Check the address or go back to the start page."),
    ),
    "method_unknown": (mark("This address does not take such a request."), ""),
    "upload_too_large": (
        mark("What was sent is too large."),
        mark("Send a smaller file, or load it with the command gridpatrol import."),
    ),
    "content_type_wrong": (mark("The request has a content type that is not taken here."), ""),
    "too_many_requests": (
        mark("Too many requests in a short time."),
        mark("Wait a minute, then try again."),
    ),
    "form_expired": (
        mark("This form is no longer valid."),
        mark("Go back, reload the page and send it again."),
    ),
    "server_error": (
        mark("Something broke on the server."),
        mark("It has been noted. Try again; if it happens again, tell your administrator."),
    ),
    "database_unreachable": (
        mark("The database does not answer."),
        mark("Nothing was saved. Try again in a minute."),
    ),
    "redis_unreachable": (
        mark("Redis does not answer."),
        mark("Background jobs wait until it does. Try again in a minute."),
    ),
    "filter_unknown": (mark("There is no filter %(state)s."), mark("Choose one of the tabs.")),
    "took_too_long": (
        mark("This took too long and was stopped."),
        mark("Nothing was saved. Try a smaller area or a shorter period."),
    ),
    "data_conflict": (
        mark("This does not fit what is already stored."),
        mark("Somebody may have saved the same thing. Reload and compare."),
    ),
    "value_unusable": (mark("A value cannot be stored."), mark("Check what you typed.")),
    "version_conflict": (
        mark("Somebody else changed this meanwhile."),
        mark("Your input is kept here. Reload to see the new version, then repeat your change."),
    ),
    "version_missing": (
        mark("The change does not say which version it was made from."),
        mark("Reload the page and repeat it."),
    ),
    "signed_out": (mark("You are signed out."), mark("Sign in and repeat this step.")),
    "permission_missing": (
        mark("Your account may not do this."),
        mark("Ask your administrator for the permission %(permission)s."),
    ),
    "no_room_open": (
        mark("No page is open to your account."),
        mark("Ask your administrator for a role."),
    ),
    "login_refused": (
        mark("Login name and password do not match."),
        mark("Check both; after several tries wait a minute."),
    ),
    "login_unusable": (
        mark("The login name %(login)s cannot be used."),
        mark("Use 2 to 64 letters, digits, dots, hyphens or @."),
    ),
    "login_taken": (mark("The login name %(login)s is taken."), mark("Choose another one.")),
    "password_too_short": (mark("The password needs at least %(minimum)s characters."), ""),
    "password_temporary": (
        mark("Choose your own password first."),
        mark("Open your account page and change the password you were given."),
    ),
    "password_refused": (mark("The present password is wrong."), ""),
    "password_unchanged": (mark("That is the present password."), mark("Choose another one.")),
    "password_repeated_wrongly": (
        mark("The new password was not typed the same twice."),
        mark("Type it twice again."),
    ),
    "contacts_wait": (
        mark("Names and phones stay closed to your account until %(until)s."),
        mark(
            "An administrator made it or gave it a password a short while ago. A second administrator can "
            "confirm it at once."
        ),
    ),
    "account_needs_second_person": (
        mark("The account %(login)s must be confirmed by a second person."),
        mark("Ask an administrator who did not make it or give it its password."),
    ),
    "account_unknown": (mark("There is no account %(login)s."), mark("gridpatrol account list shows all.")),
    "account_own": (
        mark("You cannot deactivate your own account."),
        mark("Ask another administrator to do it."),
    ),
    "account_outside_area": (
        mark("The account %(login)s also acts outside your area."),
        mark("Ask the administrator of the whole area."),
    ),
    "role_unknown": (
        mark("There is no role %(role)s."),
        mark("Roles: captain, dispatcher, leader, boundary, admin, auditor."),
    ),
    "locale_unknown": (mark("This language is not available."), ""),
    "metrics_refused": (
        mark("The figures are shown on this machine or with the token only."),
        mark("Send GRIDPATROL_METRICS_TOKEN as a bearer token."),
    ),
    "tile_layer_unknown": (mark("There is no map layer %(layer)s."), ""),
    "tile_unknown": (mark("There is no such map tile."), ""),
    "parameter_unusable": (
        mark("The value of %(name)s cannot be used."),
        mark("Expected: %(wanted)s."),
    ),
    "scope_unreadable": (mark("The area path %(path)s cannot be read."), ""),
    "setting_missing": (
        mark("The setting %(variable)s is missing."),
        mark("Set it in the environment, or start with ./start, which makes its own."),
    ),
    "setting_unreadable": (mark("The setting %(variable)s cannot be read: %(value)s"), ""),
}
