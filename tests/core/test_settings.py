"""Settings: read once, refused when missing or unreadable."""

import json
from pathlib import Path

import pytest

from core.errors import SettingsError
from core.settings import read_settings

COMPLETE = {
    "GRIDPATROL_DATABASE_URL": "postgresql+psycopg://a@h/d",
    "GRIDPATROL_REDIS_URL": "redis://h/0",
    "GRIDPATROL_SECRET_KEY": "k",
}


@pytest.mark.parametrize("missing", sorted(COMPLETE))
def test_a_missing_secret_refuses_to_start(missing: str, tmp_path: Path) -> None:
    environ = {name: value for name, value in COMPLETE.items() if name != missing}

    with pytest.raises(SettingsError) as refused:
        read_settings({**environ, "GRIDPATROL_VAR_DIR": str(tmp_path)})

    assert (refused.value.code, refused.value.fields["variable"]) == ("setting_missing", missing)


@pytest.mark.parametrize(("text", "value"), [("true", True), ("0", False), ("YES", True), ("off", False)])
def test_switches_are_read_in_plain_words(text: str, value: bool, tmp_path: Path) -> None:
    environ = {**COMPLETE, "GRIDPATROL_VAR_DIR": str(tmp_path), "GRIDPATROL_DEMO": text}

    assert read_settings(environ).demo is value


@pytest.mark.parametrize(
    ("variable", "text"), [("GRIDPATROL_DEMO", "maybe"), ("GRIDPATROL_DATABASE_POOL", "six")]
)
def test_an_unreadable_value_is_named(variable: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({**COMPLETE, "GRIDPATROL_VAR_DIR": str(tmp_path), variable: text})

    assert refused.value.fields == {"variable": variable, "value": text}


def test_the_environment_wins_over_the_private_clusters_file(tmp_path: Path) -> None:
    (tmp_path / "env.json").write_text(json.dumps({**COMPLETE, "GRIDPATROL_SECRET_KEY": "stored"}), "utf-8")
    var = {"GRIDPATROL_VAR_DIR": str(tmp_path)}

    assert read_settings(var).secret_key == "stored"
    assert read_settings({**var, "GRIDPATROL_SECRET_KEY": "given"}).secret_key == "given"
