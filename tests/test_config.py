"""hooktap.toml, the environment and the flags: which one counts, and how a mistake is told."""

import os
import re
from pathlib import Path

import pytest

from inspector.config import Config, Settings, find_data_dir, load
from inspector.core.headers import Headers
from inspector.core.model import Endpoint, OnInvalid, Reply, ReplyMode, RetryPolicy
from inspector.errors import ConfigError


@pytest.fixture(autouse=True)
def _no_user_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    return path


def loaded(project: Path, text: str | bytes, **environ: str) -> Config:
    raw = text if isinstance(text, bytes) else text.encode()
    (project / "hooktap.toml").write_bytes(raw)
    return load(environ=environ, cwd=project)


def complaint(project: Path, text: str | bytes) -> str:
    """Return the sentence, less the line that it names: `test_a_mistake_names_its_line` is about that."""
    with pytest.raises(ConfigError) as caught:
        loaded(project, text)
    return re.sub(r"^hooktap\.toml:\d+:", "hooktap.toml:", str(caught.value))


def test_nothing_is_needed(tmp_path: Path, project: Path) -> None:
    """Without any file the defaults hold, and the data go to the user's data directory."""
    config = load(environ={}, cwd=project)

    assert (config.host, config.port, config.api_port) == ("127.0.0.1", 8400, 8401)
    assert config.endpoints == {}
    assert config.forward_to is None
    assert not config.strict
    assert not config.allow_remote_target
    assert config.body_cap_bytes == 32 * 1024 * 1024
    assert config.config_file is None
    assert config.warnings == ()
    assert config.data_dir.path == tmp_path / "share" / "hooktap"


def test_an_empty_file_says_nothing(project: Path) -> None:
    config = loaded(project, "")

    assert config.config_file == project / "hooktap.toml"
    assert config.endpoints == {}


def test_every_key_is_read(project: Path) -> None:
    config = loaded(
        project,
        """
        [inspector]
        host = "0.0.0.0"
        port = 0
        api_port = 9001
        forward_to = "3000"
        strict = true
        allow_remote_target = true
        body_cap_bytes = 1048576
        drain_s = 0

        [endpoint.jinko]
        provider = "jinko"
        secret = { env = "JINKO" }
        forward_to = "localhost:4000/hooks"
        reply = "target"
        on_invalid = "reject"
        duplicates = "forward"
        tolerance_s = 60
        max_rate = 50
        public_url = "https://example.com/in/jinko"
        retry = { attempts = 5, first_s = 2, factor = 3.5, max_s = 600, jitter = 0 }
        """,
        JINKO="s3cret",
    )

    assert (config.host, config.port, config.api_port) == ("0.0.0.0", 0, 9001)
    assert config.forward_to == "http://127.0.0.1:3000"
    assert config.strict
    assert config.allow_remote_target
    assert config.body_cap_bytes == 1048576
    assert config.drain_s == 0.0
    assert config.endpoints["jinko"] == Endpoint(
        name="jinko",
        provider="jinko",
        secrets=(b"s3cret",),
        tolerance_s=60,
        public_url="https://example.com/in/jinko",
        target="http://localhost:4000/hooks",
        reply=ReplyMode.TARGET,
        on_invalid=OnInvalid.REJECT,
        max_rate=50.0,
        retry=RetryPolicy(attempts=5, first_s=2.0, factor=3.5, max_s=600.0, jitter=0.0),
    )


def test_an_endpoint_may_say_nothing(project: Path) -> None:
    assert loaded(project, "[endpoint.demo]").endpoints["demo"] == Endpoint("demo")


def test_a_fixed_reply(project: Path) -> None:
    """A reply's header pairs keep their order and spelling; its body may be empty."""
    endpoints = loaded(
        project,
        """
        [endpoint.a.reply]
        status = 503
        headers = { Retry-After = "5", content-type = "text/plain", X-Empty = "" }
        body = "später"
        delay_s = 1.5

        [endpoint.b.reply]
        body = ""
        """,
    ).endpoints

    assert endpoints["a"].reply == Reply(
        503,
        Headers(((b"Retry-After", b"5"), (b"content-type", b"text/plain"), (b"X-Empty", b""))),
        "später".encode(),
        1.5,
    )
    assert endpoints["b"].reply == Reply(200, Headers(), b"", 0.0)


def test_retry_none_is_one_attempt(project: Path) -> None:
    assert loaded(project, '[endpoint.a]\nretry = "none"').endpoints["a"].retry is None


def test_a_policy_needs_its_attempts_only(project: Path) -> None:
    policy = loaded(project, "[endpoint.a]\nretry = { attempts = 3 }").endpoints["a"].retry

    assert policy == RetryPolicy(attempts=3)


def test_the_common_target_is_for_endpoints_without_one(project: Path) -> None:
    """`forward_to = "none"` keeps an endpoint's deliveries from being forwarded at all."""
    config = loaded(
        project,
        """
        [inspector]
        forward_to = 3000
        [endpoint.own]
        forward_to = 4000
        [endpoint.common]
        [endpoint.kept]
        forward_to = "none"
        """,
    )

    assert {name: endpoint.target for name, endpoint in config.endpoints.items()} == {
        "own": "http://127.0.0.1:4000",
        "common": "http://127.0.0.1:3000",
        "kept": None,
    }


def test_both_ports_may_be_any(project: Path) -> None:
    config = loaded(project, "[inspector]\nport = 0\napi_port = 0")

    assert (config.port, config.api_port) == (0, 0)


def test_a_flag_counts_before_a_file(project: Path) -> None:
    (project / "hooktap.toml").write_text(
        '[inspector]\nport = 1\napi_port = 2\nforward_to = "3"\nstrict = true\n[endpoint.demo]'
    )
    flags = Settings(port=10, forward_to="http://127.0.0.1:30")

    config = load(environ={}, cwd=project, flags=flags)

    assert (config.port, config.api_port, config.strict) == (10, 2, True)
    assert config.forward_to == "http://127.0.0.1:30"
    assert config.endpoints["demo"].target == "http://127.0.0.1:30"


def test_the_project_counts_before_the_user(tmp_path: Path, project: Path) -> None:
    """Settings are joined key by key; an endpoint that both name is the project's alone."""
    user = tmp_path / "xdg" / "hooktap" / "hooktap.toml"
    user.parent.mkdir(parents=True)
    user.write_text(
        "[inspector]\nport = 1\napi_port = 2\n"
        '[endpoint.both]\nprovider = "stripe"\ntolerance_s = 9\n[endpoint.user]'
    )
    (project / "hooktap.toml").write_text(
        '[inspector]\nport = 10\n[endpoint.both]\nprovider = "jinko"\n'
    )

    config = load(environ={}, cwd=project)

    assert (config.port, config.api_port) == (10, 2)
    assert config.endpoints["both"] == Endpoint("both", provider="jinko")
    assert set(config.endpoints) == {"both", "user"}
    assert config.config_file == project / "hooktap.toml"


def test_the_project_file_is_found_upwards(project: Path) -> None:
    (project / "hooktap.toml").write_text("[inspector]\nport = 1234")
    below = project / "a" / "b"
    below.mkdir(parents=True)

    assert load(environ={}, cwd=below).port == 1234


def test_a_directory_of_that_name_is_no_file(project: Path) -> None:
    (project / "hooktap.toml").mkdir()

    assert load(environ={}, cwd=project).config_file is None


def test_a_named_file_is_the_only_one(tmp_path: Path, project: Path) -> None:
    """`--config` counts before HOOKTAP_CONFIG, and either keeps the found ones from being read."""
    (project / "hooktap.toml").write_text("[inspector]\nport = 1\napi_port = 2")
    (tmp_path / "one.toml").write_text("[inspector]\nport = 11")
    (tmp_path / "two.toml").write_text("[inspector]\nport = 22")
    environ = {"HOOKTAP_CONFIG": str(tmp_path / "two.toml")}

    assert load(environ=environ, cwd=project).port == 22
    assert load(environ=environ, cwd=project).api_port == 8401
    assert load(environ=environ, cwd=project, config_file=Path("../one.toml")).port == 11
    assert load(environ={"HOOKTAP_CONFIG": ""}, cwd=project).port == 1


def test_a_named_file_must_be_there(project: Path) -> None:
    with pytest.raises(ConfigError, match=r"^nope\.toml: cannot be read: No such file"):
        load(environ={}, cwd=project, config_file=Path("nope.toml"))


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root to chown")
def test_a_strangers_file_is_not_read(project: Path) -> None:
    """Found on the way up, it could name commands to run; named by us, it is our choice."""
    path = project / "hooktap.toml"
    path.write_text("[inspector]\nport = 1234")
    os.chown(path, 12345, 12345)

    config = load(environ={}, cwd=project)

    assert config.port == 8400
    assert len(config.warnings) == 1
    assert str(path) in config.warnings[0]
    assert "belongs to another user" in config.warnings[0]
    assert load(environ={}, cwd=project, config_file=path).port == 1234


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[endpoint.stripe]\nsecert = 1",
            "hooktap.toml: endpoint.stripe: unknown key 'secert' (did you mean 'secret'?)",
        ),
        ("[endpoints.a]", "hooktap.toml: unknown key 'endpoints' (did you mean 'endpoint'?)"),
        (
            "[inspector]\nprot = 1",
            "hooktap.toml: inspector: unknown key 'prot' (did you mean 'port'?)",
        ),
        (
            "[endpoint.a.reply]\nstats = 1",
            "hooktap.toml: endpoint.a.reply: unknown key 'stats' (did you mean 'status'?)",
        ),
        (
            '[endpoint.a]\nprovider = "jinco"',
            "hooktap.toml: endpoint.a.provider: unknown value 'jinco' (did you mean 'jinko'?)",
        ),
        (
            '[endpoint.a]\nduplicates = "drop"',
            "hooktap.toml: endpoint.a.duplicates: unknown value 'drop' (one of: forward, hold)",
        ),
        (
            '[endpoint.a]\nduplicates = "hold"\nreply = "target"',
            "hooktap.toml: endpoint.a.duplicates: what is held has no answer of the target's to pass on (reply)",
        ),
        (
            '[endpoint.a]\nreply = { headers = { Content-Length = "5" } }',
            "hooktap.toml: endpoint.a.reply.headers.Content-Length: where an answer ends is not a reply's to say",
        ),
        (
            '[endpoint.a]\nreply = { headers = { "transfer-encoding" = "chunked" } }',
            (
                "hooktap.toml: endpoint.a.reply.headers.transfer-encoding: "
                "where an answer ends is not a reply's to say"
            ),
        ),
        (
            "[endpoint.a]\nmax_rate = 0",
            "hooktap.toml: endpoint.a.max_rate: expected 0.001 to 1e+06",
        ),
        (
            '[endpoint.a]\non_invalid = "refuse"',
            "hooktap.toml: endpoint.a.on_invalid: unknown value 'refuse' (one of: accept, hold, reject)",
        ),
        (
            '[endpoint.a]\nreply = "akc"',
            "hooktap.toml: endpoint.a.reply: unknown value 'akc' (did you mean 'ack'?)",
        ),
        (
            "[inspector]\nport = true",
            "hooktap.toml: inspector.port: expected an integer, got a boolean",
        ),
        (
            '[inspector]\nport = "8400"',
            "hooktap.toml: inspector.port: expected an integer, got a string",
        ),
        ("[inspector]\nport = 65536", "hooktap.toml: inspector.port: expected 0 to 65535"),
        (
            "[inspector]\nforward_to = 0",
            "hooktap.toml: inspector.forward_to: expected 1 to 65535",
        ),
        (
            "[inspector]\nforward_to = true",
            "hooktap.toml: inspector.forward_to: expected a string, got a boolean",
        ),
        ("[inspector]\nport = -1", "hooktap.toml: inspector.port: expected 0 to 65535"),
        (
            "[inspector]\nstrict = 1",
            "hooktap.toml: inspector.strict: expected a boolean, got an integer",
        ),
        ('[inspector]\nhost = " "', "hooktap.toml: inspector.host: must not be empty"),
        ("inspector = 1", "hooktap.toml: inspector: expected a table, got an integer"),
        ("endpoint = []", "hooktap.toml: endpoint: expected a table, got an array"),
        (
            'endpoint.provider = "jinko"',
            "hooktap.toml: endpoint.provider: expected a table, got a string",
        ),
        (
            "[endpoint.a]\ntolerance_s = 2026-01-01",
            "hooktap.toml: endpoint.a.tolerance_s: expected an integer, got a date or time",
        ),
        (
            "[endpoint.a]\nretry = { attempts = 2, jitter = nan }",
            "hooktap.toml: endpoint.a.retry.jitter: expected 0 to 1",
        ),
        (
            "[endpoint.a]\nretry = {}",
            "hooktap.toml: endpoint.a.retry.attempts: missing: how many attempts in all, the first included",
        ),
        (
            "[endpoint.a]\nretry = 3",
            "hooktap.toml: endpoint.a.retry: expected a string, got an integer",
        ),
        (
            '[endpoint.a]\npublic_url = "example.com/x"',
            "hooktap.toml: endpoint.a.public_url: expected the whole URL that the provider was given, https://...",
        ),
        (
            '[endpoint.a]\npublic_url = "https://[::1"',
            "hooktap.toml: endpoint.a.public_url: expected the whole URL that the provider was given, https://...",
        ),
        (
            '[endpoint.a.reply]\nheaders = { "X Y" = "1" }',
            "hooktap.toml: endpoint.a.reply.headers.X Y: not a header's name",
        ),
        (
            '[endpoint.a.reply]\nheaders = { X = "1\\r\\nSet-Cookie: x" }',
            "hooktap.toml: endpoint.a.reply.headers.X: a header's value holds no control characters",
        ),
        (
            "[inspector]\nport = 8401",
            "port and api_port are both 8401: the two doors need two ports",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(project: Path, text: str, sentence: str) -> None:
    """File, path of the key, what is wrong, and what was probably meant."""
    assert complaint(project, text) == sentence


@pytest.mark.parametrize("name", ["Jinko", "-a", "a b", "ü", "a/b", "", "a" * 65, "a\u001b[2J"])
def test_an_endpoints_name_goes_into_a_url(project: Path, name: str) -> None:
    escaped = name.encode("unicode_escape").decode().replace("\\x", "\\u00")
    assert "not an endpoint's name" in complaint(project, f'[endpoint."{escaped}"]')


@pytest.mark.parametrize("name", ["a", "0", "a.b-c_d", "a" * 64])
def test_a_name_that_may_be(project: Path, name: str) -> None:
    assert name in loaded(project, f'[endpoint."{name}"]').endpoints


@pytest.mark.parametrize("target", ["ftp://x", "http://user:pw@127.0.0.1/", "http://", "a b"])
def test_a_target_is_checked_where_it_is_written(project: Path, target: str) -> None:
    sentence = complaint(project, f'[endpoint.a]\nforward_to = "{target}"')

    assert sentence.startswith("hooktap.toml: endpoint.a.forward_to: ")
    assert "pw" not in sentence


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("[inspector]\n\nport = 0\nprot = 1", "hooktap.toml:4: inspector: unknown key 'prot'"),
        ("[endpoint.a]\nretry = { attempts = 0 }", "hooktap.toml:2: endpoint.a.retry.attempts: "),
        ("[endpoint.a]\n[endpoint.a.retry]", "hooktap.toml:2: endpoint.a.retry.attempts: missing"),
        ("a = 1\nb =\n", "hooktap.toml:2: invalid value (column 4)"),
        ("[endpoint.a]\n[endpoint.a]", "hooktap.toml:2: cannot declare "),
        ("[", "hooktap.toml:1: "),
        (b"a = '\xff'", "hooktap.toml:1: not UTF-8 text (byte 6)"),
        (b"a = '\x00'", "hooktap.toml:1: "),
        ("a = " + "[" * 100_000, "hooktap.toml: nested too deeply"),
        ("a = " + "1" * 5000, "hooktap.toml: nested too deeply, or a number too long"),
    ],
)
def test_a_mistake_names_its_line(project: Path, text: str | bytes, start: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(project, text)

    assert str(caught.value).startswith(start)


def test_the_data_directory(tmp_path: Path) -> None:
    """A flag counts before HOOKTAP_DATA_DIR; a relative one is below the working directory."""
    environ = {"HOOKTAP_DATA_DIR": "/srv/env"}

    assert find_data_dir(None, environ, tmp_path).path == Path("/srv/env")
    assert find_data_dir(Path("here"), environ, tmp_path).path == tmp_path / "here"
    assert find_data_dir(None, {"HOOKTAP_DATA_DIR": ""}, tmp_path).path.name == "hooktap"


def test_the_users_own_providers(tmp_path: Path, project: Path) -> None:
    """A file in the user's `providers` directory makes a provider that endpoints may name."""
    own = tmp_path / "xdg" / "hooktap" / "providers"
    own.mkdir(parents=True)
    (own / "acme.toml").write_text('title = "Acme"\nextends = "jinko"\n')

    config = loaded(project, '[endpoint.a]\nprovider = "acme"')

    assert config.endpoints["a"].provider == "acme"
    assert config.providers_dir == own
