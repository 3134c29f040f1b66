"""The configuration: `hooktap.toml`, the environment and the flags become one frozen Config."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from inspector import providers
from inspector.config import files
from inspector.config.files import providers_dir
from inspector.config.keeping import Keep, read_keep
from inspector.config.registration import WINK, Application, Registration, read_registrations
from inspector.config.schema import ENDPOINT_NAME, Settings, read_endpoint, read_settings, target
from inspector.config.secrets import Secrets, without_newline
from inspector.core.model import Endpoint
from inspector.core.overlays import Network
from inspector.core.table import Table
from inspector.datadir import DataDir
from inspector.errors import ConfigError

__all__ = [
    "ENDPOINT_NAME",
    "WINK",
    "Application",
    "Config",
    "Keep",
    "Registration",
    "Settings",
    "find_data_dir",
    "load",
    "providers_dir",
    "tables",
    "target",
    "without_newline",
]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a person may choose, decided."""

    data_dir: DataDir
    host: str = "127.0.0.1"
    """Where the public door listens; the API is on loopback whatever this says."""
    port: int = 8400
    """0: any free one, as with `api_port`."""
    api_port: int = 8401
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    """The configured ones, by name; `forward_to` is already the target of those without one of their own."""
    forward_to: str | None = None
    """Target of the endpoints that deliveries bring into being."""
    strict: bool = False
    """Whether an endpoint that is not configured is 404."""
    allow_remote_target: bool = False
    fetch_certificates: bool = True
    """Whether the certificates of PayPal and Amazon SNS may be fetched from their hosts; without them such deliveries
    cannot be checked."""
    body_cap_bytes: int = 32 * 1024 * 1024
    drain_s: float = 5.0
    """How long a stop waits for answers of targets; what is still open then is sent again by the next run."""
    trusted_proxies: tuple[Network, ...] = ()
    """Peers that are believed when they name, in `X-Forwarded-For`, whom they speak for."""
    keep: Keep | None = None
    """How much is kept of each endpoint; None: all."""
    keeps: Mapping[str, Keep | None] = field(default_factory=dict)
    """The same by endpoint, where the configuration says so for one."""
    registrations: Mapping[str, Registration] = field(default_factory=dict)
    """By provider: how to register webhooks with its API."""
    providers_dir: Path | None = None
    """Where the user's own provider files are; None: only those built in are known."""
    config_file: Path | None = None
    """The strongest file that was read."""
    warnings: tuple[str, ...] = ()
    """Sentences for the person who started us; nothing stops because of them."""

    def endpoint(self, name: str) -> Endpoint:
        """Return an endpoint, as configured or else as deliveries would bring it into being."""
        return self.endpoints.get(name) or Endpoint(name, target=self.forward_to)

    def endpoint_of(self, provider: str) -> Endpoint:
        """Return the first endpoint that is configured for a provider, else the one that is named like it."""
        names = (each.name for each in self.endpoints.values() if each.provider == provider)
        return self.endpoint(next(names, provider))


def find_data_dir(named: Path | None, environ: Mapping[str, str], cwd: Path) -> DataDir:
    """Return the data directory: `--data-dir`, else `HOOKTAP_DATA_DIR`, else the user's."""
    if named is None and environ.get("HOOKTAP_DATA_DIR"):
        named = Path(environ["HOOKTAP_DATA_DIR"])
    return DataDir(files.user_data_dir() if named is None else cwd / named)


def load(
    *,
    environ: Mapping[str, str],
    cwd: Path,
    config_file: Path | None = None,
    data_dir: Path | None = None,
    flags: Settings | None = None,
) -> Config:
    """Read what applies: a flag before the project's file, that before the user's, that before the default.

    An endpoint that both files name is the project's alone. Raises ConfigError, which names the file and the key.
    """
    found = files.find(config_file, environ, cwd)
    tables = [files.read(path, cwd) for path in found.paths]
    settings = flags or Settings()
    for table in tables:
        settings = settings.over(read_settings(table))
    config = Config(
        data_dir=find_data_dir(data_dir, environ, cwd),
        providers_dir=files.providers_dir(),
        config_file=found.paths[0] if found.paths else None,
        **settings.given(),
    )
    if config.port and config.port == config.api_port:
        raise ConfigError(f"port and api_port are both {config.port}: the two doors need two ports")
    endpoints, warnings = _endpoints(found.paths, tables, config, environ)
    return replace(
        config,
        endpoints=endpoints,
        keeps=_keeps(tables),
        registrations=_registrations(found.paths, tables, environ),
        warnings=(*found.warnings, *warnings),
    )


def tables(environ: Mapping[str, str], cwd: Path, config_file: Path | None) -> list[Table]:
    """Return the top tables of the files that apply, the strongest first, for what the terminal reads in them."""
    found = [files.read(path, cwd) for path in files.find(config_file, environ, cwd).paths]
    for table in found:
        read_settings(table)
    return found


def _endpoints(
    paths: Sequence[Path],
    tables: Sequence[Table],
    config: Config,
    environ: Mapping[str, str],
) -> tuple[dict[str, Endpoint], list[str]]:
    known = providers.load(config.providers_dir)
    endpoints: dict[str, Endpoint] = {}
    warnings: list[str] = []
    for path, top in zip(paths, tables, strict=True):
        secrets = Secrets(environ, path.parent)
        for name, table in top.tables("endpoint"):
            if name not in endpoints:
                endpoints[name] = read_endpoint(
                    name,
                    table,
                    providers=known,
                    secrets=secrets,
                    proxies=config.trusted_proxies,
                    default=config.forward_to,
                )
        warnings += secrets.warnings
    return endpoints, warnings


def _registrations(
    paths: Sequence[Path], tables: Sequence[Table], environ: Mapping[str, str]
) -> dict[str, Registration]:
    found: dict[str, Registration] = {}
    for path, top in zip(paths, tables, strict=True):
        found = read_registrations(top, Secrets(environ, path.parent)) | found
    return found


def _keeps(tables: Sequence[Table]) -> dict[str, Keep | None]:
    strongest = {name: table for top in reversed(tables) for name, table in top.tables("endpoint")}
    return {name: read_keep(table) for name, table in strongest.items() if "keep" in table}
