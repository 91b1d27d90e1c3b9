"""Signs what is sent to webhooks, after the Standard Webhooks specification 1.0 (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime


def signed_headers(secrets: Sequence[str], message_id: str, body: bytes, moment: datetime) -> dict[str, str]:
    """The headers that let a receiver check `body`; a signature for each secret (`whsec_` and base64)."""
    timestamp = int(moment.astimezone(UTC).timestamp())
    signatures = " ".join(signature(secret, message_id, timestamp, body) for secret in secrets)
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures,
    }


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256 over id, time (seconds since 1970) and body, as `v1,` and base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
