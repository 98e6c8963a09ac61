"""Where deliveries lie that are fetched into the data folder: an address, patterns, and never a credential."""

import re
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from hotspot.study_registers import Part
from hotspot.text.door import shown

# Here what stands before the @ is a container or a login, and part of the address.
_NAMED_BEFORE_AT = {"abfs", "abfss", "wasb", "wasbs", "sftp", "ssh"}
_OF_S3 = {"s3", "s3a"}


class Archive(Part):
    """
    ``[[archive]]``: what ``hotspot fetch`` brings into the data folder. Credentials are the store's library's affair.

    They come from where that library looks (environment, profile files). An address that holds any is refused, and
    what is refused here is never printed: ``study._faults`` keeps the values of this table to itself.
    """

    url: str  # of a folder: s3://bucket/pm25, https://, gs://, az://, file:// ... what fsspec knows
    files: tuple[str, ...] = Field(min_length=1)  # patterns below it
    into: str = "."  # a folder below the data root; what stands below the url stands below it under the same name
    endpoint: str | None = None  # of another S3 than Amazon's
    anonymous: bool = False  # of s3, gs and az: ask without credentials, for what is public
    largest_mb: float = Field(4096.0, gt=0)  # bound of one file (proposal)
    silent_s: float = Field(60.0, gt=0, le=3600)  # how long a store may say nothing (proposal)

    @field_validator("url")
    @classmethod
    def _is_a_folder(cls, value: str) -> str:
        return _without_secrets(value, "give the address of a folder, like s3://bucket/pm25 or https://host/pm25")

    @field_validator("endpoint")
    @classmethod
    def _is_a_host(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if not value.startswith(("http://", "https://")):
            raise ValueError("give the address of a server, like https://host:9000")
        return _without_secrets(value, "give the address of a server, like https://host:9000")

    @field_validator("files")
    @classmethod
    def _below(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in value:
            parts = pattern.split("/")
            if not all(parts) or ".." in parts or "\\" in pattern or "://" in pattern or parts[-1] == "**":
                raise ValueError("patterns lie below the url and end in a file, like 'pm25_*.tif' or '2020/**/*.nc'")
        return value

    @model_validator(mode="after")
    def _fits(self) -> "Archive":
        if self.endpoint is not None and self.protocol not in _OF_S3:
            raise ValueError("endpoint is for s3:// alone; every other url names its server itself")
        return self

    @property
    def protocol(self) -> str:
        """What stands before ``://``, a str."""
        return self.url.split("://")[0]


def _without_secrets(address: str, how: str) -> str:
    """
    An address that anybody may read.

    Raises
    ------
    ValueError
        It holds a password, a token or a query, or is no address; the message does not repeat it.
    """
    if not re.fullmatch(r"[a-z][a-z0-9+]*://\S+", address) or "::" in address or shown(address) != address:
        raise ValueError(how)
    try:
        parts = urlsplit(address)
        user, _ = parts.username, parts.port
    except ValueError:
        raise ValueError(how) from None
    if parts.password is not None or (user is not None and parts.scheme not in _NAMED_BEFORE_AT):
        raise ValueError("a user or a password stands in it; leave it to where the store's library looks for them")
    if "?" in address or "#" in address:
        raise ValueError("what follows a ? or # may be a signature or a token; give the address of the folder alone")
    return address
