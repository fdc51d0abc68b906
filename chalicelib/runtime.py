"""What the use cases work with, built once in each function, lazily.

This is the only place that reads the environment and the clock, makes random ids and builds
clients; everything else is handed a Runtime.
"""

import functools
import hashlib
import json
import os
import secrets
import urllib.request
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import boto3
from botocore.config import Config
from ulid import ULID

from chalicelib.domain.attachments import PARTS_LIMIT, WHOLE_LIMIT
from chalicelib.domain.times import moment
from chalicelib.storage.anchors import Anchors
from chalicelib.storage.archives import Archives
from chalicelib.storage.bus import Bus
from chalicelib.storage.evidence import Evidence
from chalicelib.storage.files import Files
from chalicelib.storage.mail import Mail
from chalicelib.storage.quarantine import Quarantine
from chalicelib.storage.queue import Queue
from chalicelib.storage.receivers import Receivers
from chalicelib.storage.scanners import Scanner, scanner_of
from chalicelib.storage.sealing import KmsSealer, Sealer
from chalicelib.storage.signing import LinkSigner
from chalicelib.storage.table import Table

T = TypeVar("T")

TRUST = timedelta(seconds=60)  # how long a warm function trusts what it read about people
FETCH_SECONDS = 5
COPY_SECONDS = 120  # that S3 may take to copy the largest file there is


@dataclass(frozen=True, slots=True)
class Issuer:
    """An OpenID Connect issuer whose tokens are believed.

    `audience` must be the token's `aud`, or its `client_id` where it has no `aud` (as the access
    tokens of Amazon Cognito). `keys` is the address of its JSON Web Key Set.
    """

    issuer: str
    audience: str
    keys: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of a stage. Functions that never need a value have it empty."""

    table: str
    files_bucket: str = ""
    quarantine_bucket: str = ""
    evidence_bucket: str = ""
    archives_bucket: str = ""
    audit_bucket: str = ""
    uploads_queue: str = ""
    exports_queue: str = ""
    whole_limit: int = WHOLE_LIMIT
    parts_limit: int = PARTS_LIMIT
    scanner: str = "off"
    link_keys_secret: str = ""
    sealing_key: str = ""
    issuers: tuple[Issuer, ...] = ()
    mail_sender: str = ""
    public_url: str = ""
    event_bus: str = ""
    deliveries_queue: str = ""
    trusted_receivers: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings from environment variables."""
    issuers = json.loads(environment.get("ISSUERS", "[]"))
    return Settings(
        table=environment["TABLE"],
        files_bucket=environment.get("FILES_BUCKET", ""),
        quarantine_bucket=environment.get("QUARANTINE_BUCKET", ""),
        evidence_bucket=environment.get("EVIDENCE_BUCKET", ""),
        archives_bucket=environment.get("ARCHIVES_BUCKET", ""),
        exports_queue=environment.get("EXPORTS_QUEUE", ""),
        audit_bucket=environment.get("AUDIT_BUCKET", ""),
        uploads_queue=environment.get("UPLOADS_QUEUE", ""),
        whole_limit=int(environment.get("WHOLE_LIMIT", WHOLE_LIMIT)),
        parts_limit=int(environment.get("PARTS_LIMIT", PARTS_LIMIT)),
        scanner=environment.get("SCANNER", "off"),
        link_keys_secret=environment.get("LINK_KEYS_SECRET", ""),
        sealing_key=environment.get("SEALING_KEY", ""),
        issuers=tuple(Issuer(i["issuer"], i["audience"], i["keys"]) for i in issuers),
        mail_sender=environment.get("MAIL_SENDER", ""),
        public_url=environment.get("PUBLIC_URL", "").rstrip("/"),
        event_bus=environment.get("EVENT_BUS", ""),
        deliveries_queue=environment.get("DELIVERIES_QUEUE", ""),
        trusted_receivers=tuple(environment.get("TRUSTED_RECEIVERS", "").split()),
        cors_origins=tuple(filter(None, environment.get("CORS_ORIGINS", "").split(","))),
    )


class Cache:
    """The most recently used values of a warm function, each for ever or until its time is up."""

    def __init__(self, now: Callable[[], datetime], size: int = 256) -> None:
        self._now = now
        self._size = size
        self._kept: OrderedDict[tuple[str, ...], tuple[datetime | None, Any]] = OrderedDict()

    def get(
        self, key: tuple[str, ...], load: Callable[[], T], lifetime: timedelta | None = None
    ) -> T:
        """Return what is kept under the key, or load and keep it; None is never kept."""
        if key in self._kept:
            until, value = self._kept[key]
            if until is None or self._now() < until:
                self._kept.move_to_end(key)
                kept: T = value
                return kept
        loaded = load()
        if loaded is not None:
            self._kept[key] = (None if lifetime is None else self._now() + lifetime, loaded)
            self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)
        return loaded

    def forget(self, key: tuple[str, ...]) -> None:
        """Drop a value that turned out to be out of date."""
        self._kept.pop(key, None)


def new_id() -> str:
    """Make an id that sorts by time: a ULID, with 80 random bits."""
    return str(ULID())


def new_secret() -> str:
    """Make 256 random bits, as 64 hexadecimal digits."""
    return secrets.token_hex(32)


def clock() -> datetime:
    """Return the present moment."""
    return moment(datetime.now(UTC))


def fetch_json(address: str) -> Any:  # noqa: ANN401 (whatever stands there)
    """Fetch a JSON document. The address comes from our own settings, never from a request."""
    with urllib.request.urlopen(address, timeout=FETCH_SECONDS) as answer:  # noqa: S310 (as above)
        return json.load(answer)


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """Everything outside the domain that a use case may touch."""

    settings: Settings
    table: Table
    files: Files
    quarantine: Quarantine
    evidence: Evidence
    archives: Archives
    anchors: Anchors
    uploads: Queue
    exports: Queue
    scanner: Scanner
    signer: LinkSigner
    sealer: Sealer
    mail: Mail
    bus: Bus
    deliveries: Queue
    receivers: Receivers
    now: Callable[[], datetime] = clock
    new_id: Callable[[], str] = new_id
    new_secret: Callable[[], str] = new_secret
    fetch_json: Callable[[str], Any] = fetch_json
    cache: Cache = field(default_factory=lambda: Cache(clock))


def load_link_keys(client: Any, secret: str) -> tuple[int, dict[int, bytes]]:  # noqa: ANN401 (boto3)
    """Read the keys of signed links: `{"current": "1", "1": "random text"}`, ids from 1 to 255."""
    document = json.loads(client.get_secret_value(SecretId=secret)["SecretString"])
    current = int(document.pop("current"))
    keys = {int(name): hashlib.sha256(text.encode()).digest() for name, text in document.items()}
    return current, keys


def build_runtime(settings: Settings, client: Callable[[str], Any]) -> Runtime:
    """Build a runtime from settings and from what makes the client of a service."""
    s3 = client("s3")
    return Runtime(
        settings=settings,
        table=Table(client("dynamodb"), settings.table),
        files=Files(s3, settings.files_bucket),
        quarantine=Quarantine(s3, settings.quarantine_bucket),
        evidence=Evidence(s3, settings.evidence_bucket),
        archives=Archives(s3, settings.archives_bucket),
        exports=Queue(functools.cache(lambda: client("sqs")), settings.exports_queue),
        anchors=Anchors(s3, settings.audit_bucket),
        uploads=Queue(functools.cache(lambda: client("sqs")), settings.uploads_queue),
        scanner=scanner_of(settings.scanner),
        signer=LinkSigner(
            lambda: load_link_keys(client("secretsmanager"), settings.link_keys_secret)
        ),
        sealer=KmsSealer(functools.cache(lambda: client("kms")), settings.sealing_key),
        mail=Mail(client("ses"), settings.mail_sender),
        # Few functions need these two, and a client costs some milliseconds of a cold start.
        bus=Bus(functools.cache(lambda: client("events")), settings.event_bus),
        deliveries=Queue(functools.cache(lambda: client("sqs")), settings.deliveries_queue),
        receivers=Receivers(settings.trusted_receivers),
    )


@functools.cache
def runtime() -> Runtime:
    """Build the runtime of this function from its environment, once."""
    session = boto3.session.Session()
    config = Config(
        retries={"mode": "standard", "max_attempts": 4}, connect_timeout=2, read_timeout=8
    )
    # Without the version, some regions would sign links to S3 the old way. Without the style they
    # would name its global address, which redirects to a new bucket: browsers then send nothing.
    to_s3 = Config(
        signature_version="s3v4", s3={"addressing_style": "virtual"}, read_timeout=COPY_SECONDS
    )
    configs = {"s3": config.merge(to_s3)}

    def client(service: Any) -> Any:  # noqa: ANN401 (boto3 makes clients at run time)
        return session.client(service, config=configs.get(service, config))

    return build_runtime(read_settings(os.environ), client)
