"""How people sign in, and plots by HTTP: what is wrong in the YAML is told with its line."""

from pathlib import Path

import pytest

from hydra_core.config import parse_config
from hydra_core.errors import ConfigError

HALL = """deployment: hall-d
data_dir: data
epics: {prefix: "H:"}
defaults: {classes: {Good: {severity: none, key: g}, Bad: {severity: major, key: b}}}
plots: {CDC: {pv: CDC, response: Call.}}
"""


def wrong(tmp_path: Path, more: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_config(HALL + more, tmp_path / "hall.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("auth", "said"),
    [
        ("{kind: proxy}", "kind: proxy needs the section proxy"),
        ("{kind: ldap}", "kind: ldap and the section ldap go together"),
        ("{kind: local, ldap: {url: 'ldaps://h', base: x}}", "go together"),
        ("{kind: proxy, proxy: {addresses: []}}", "must not be empty"),
        ("{kind: proxy, proxy: {addresses: [10.0.0.0/8]}}", "is a network"),
        ("{kind: proxy, proxy: {addresses: [127.0.0.1], user_header: 'X: y'}}", "no name of an HTTP header"),
        ("{kind: ldap, ldap: {url: 'http://h', base: x}}", "no LDAP server"),
        ("{kind: ldap, ldap: {url: 'ldaps://h', base: x, user_filter: '(uid=*)'}}", "must have {name}"),
        ("{kind: ldap, ldap: {url: 'ldaps://h', base: x, bind_dn: cn=x}}", "bind_dn and password_file go together"),
        ("{anonymous: admin}", "must be one of viewer, none"),
    ],
)
def test_wrong_ways_to_sign_in(tmp_path: Path, auth: str, said: str) -> None:
    assert said in wrong(tmp_path, f"web: {{auth: {auth}}}\n")


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        ("[{kind: http}, {kind: http, path: other}]", "sources[1]: a second source of kind http"),
        ("[{kind: http, pattern: x}]", "sources[0].pattern: unknown key"),
        ("[{path: x}]", "sources[0].kind: missing"),
        ("[http]", "must be a mapping of keys"),
    ],
)
def test_wrong_sources(tmp_path: Path, sources: str, said: str) -> None:
    assert said in wrong(tmp_path, f"sources: {sources}\n")


def test_the_inbox_is_in_the_data_directory(tmp_path: Path) -> None:
    config = parse_config(f"{HALL}sources: [{{kind: http}}]\n", tmp_path / "hall.yaml")
    assert config.inbox == tmp_path / "data" / "inbox"
    elsewhere = parse_config(f"{HALL}sources: [{{kind: http, path: box}}]\n", tmp_path / "hall.yaml")
    assert elsewhere.inbox == tmp_path / "box"
    assert parse_config(HALL, tmp_path / "hall.yaml").inbox is None
