"""The database password gets in from a file or the environment, and never out."""

from pathlib import Path

import pytest

from hydra_core.config import load_config, render, render_resolved, resolved
from hydra_core.errors import ConfigError

SECRET = "s3cr:t@/ü"


@pytest.fixture
def hall(tmp_path: Path, sound: str) -> Path:
    """A hall with MariaDB and a password file."""
    path = tmp_path / "hall.yaml"
    database = "database: {url: 'mysql+pymysql://hydra@dbhost/hall_d?charset=utf8mb4', password_file: db.password}\n"
    path.write_text(database + sound)
    return path


def secret_file(hall: Path, text: str = SECRET + "\n", mode: int = 0o600) -> Path:
    """Write the password file."""
    path = hall.with_name("db.password")
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o400])
def test_the_password_comes_from_the_file(hall: Path, mode: int) -> None:
    secret_file(hall, mode=mode)
    url = "mysql+pymysql://hydra:s3cr%3At%40%2F%C3%BC@dbhost/hall_d?charset=utf8mb4"
    assert load_config(hall, {}).database_url() == url


def test_a_credential_of_systemd_goes_before_the_file(hall: Path, tmp_path: Path) -> None:
    given = tmp_path / "credentials"
    given.mkdir()
    environ = {"CREDENTIALS_DIRECTORY": str(given)}
    secret_file(hall)
    assert "s3cr" in load_config(hall, environ).database_url(), "none was given: the file counts"
    (given / "db.password").write_text("from systemd\n")
    (given / "db.password").chmod(0o400)
    config = load_config(hall, environ)
    assert config.database_url() == "mysql+pymysql://hydra:from systemd@dbhost/hall_d?charset=utf8mb4"
    assert config.password_origin() == str(given / "db.password")
    assert "other" in load_config(hall, {**environ, "HYDRA_DB_PASSWORD": "other"}).database_url()


def test_the_environment_goes_before_the_file(hall: Path) -> None:
    url = load_config(hall, {"HYDRA_DB_PASSWORD": "other"}).database_url()
    assert url == "mysql+pymysql://hydra:other@dbhost/hall_d?charset=utf8mb4"


def test_a_file_that_others_can_read_is_refused(hall: Path) -> None:
    path = secret_file(hall, mode=0o644)
    with pytest.raises(ConfigError, match=f"{path}: everybody on this machine can read .* chmod 600 {path}"):
        load_config(hall, {}).database_url()


def test_a_missing_file_is_refused(hall: Path) -> None:
    with pytest.raises(ConfigError, match=r"db\.password: no such file; it should hold the database password"):
        load_config(hall, {}).database_url()


@pytest.mark.parametrize("text", ["", "\n", "one\ntwo\n"])
def test_a_file_without_exactly_one_line_is_refused(hall: Path, text: str) -> None:
    secret_file(hall, text)
    with pytest.raises(ConfigError, match="must hold the database password as its one line"):
        load_config(hall, {}).database_url()


def test_nothing_that_is_shown_has_the_password(hall: Path) -> None:
    secret_file(hall)
    config = load_config(hall, {"HYDRA_DB_PASSWORD": SECRET})
    assert SECRET in config._password.get_secret_value()  # type: ignore[union-attr]
    shown = [repr(config), str(config), render(config), render_resolved(config), repr(resolved(config))]
    shown += [config.model_dump_json(), config.database_address(), repr(config.__pydantic_private__)]
    assert not [text for text in shown if "s3cr" in text]
    assert "database.password" in render_resolved(config)


def test_a_url_with_a_password_is_refused_without_repeating_it(hall: Path) -> None:
    hall.write_text(hall.read_text().replace("hydra@", "hydra:s3cret@"))
    with pytest.raises(ConfigError) as caught:
        load_config(hall, {})
    assert "database.url: holds a password" in str(caught.value)
    assert "s3cret" not in str(caught.value)
