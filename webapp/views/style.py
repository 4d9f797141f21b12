"""The style page: every token and component of the visual language in all its states."""

from flask import Blueprint, render_template

from webapp.permission import requires

blueprint = Blueprint("style", __name__)


@blueprint.get("/style")
@requires("area.view")
def show() -> str:
    """Show the visual language."""
    return render_template("style.html")
