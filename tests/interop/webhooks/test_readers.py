"""The emulator's webhooks, read by others."""

import base64
import json
import queue
import urllib.request
from http.server import BaseHTTPRequestHandler

import jwt
import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from harness import emulator
from jobs import served

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()


class Receiver(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.received.put((headers, body.decode()))
        self.send_response(204)
        self.end_headers()


def received(*options):
    """The webhook of a job, where it went, and the address of its emulator."""
    deliveries = queue.Queue()
    with emulator(*options, job_duration="0.2s") as exports, served(Receiver, received=deliveries) as url:
        base_url = exports["GOOGLE_GEMINI_BASE_URL"]
        contents = [{"parts": [{"text": "x"}]}]
        batch = {
            "inputConfig": {"requests": {"requests": [{"request": {"contents": contents}}]}},
            "webhookConfig": {"uris": [f"{url}/hook"], "userMetadata": {"a": "b"}},
        }
        request = urllib.request.Request(
            f"{base_url}/v1beta/models/gemini-2.5-flash:batchGenerateContent?key=any",
            data=json.dumps({"batch": batch}).encode(),
            headers={"content-type": "application/json"},
        )
        urllib.request.urlopen(request).close()
        headers, body = deliveries.get(timeout=30)
        yield headers, body, f"{url}/hook", base_url


@pytest.mark.software("pyjwt")
def test_pyjwt_as_reader():
    for headers, body, url, base_url in received():
        token = headers["webhook-signature"]
        key = jwt.PyJWKClient(f"{base_url}/.well-known/jwks.json").get_signing_key_from_jwt(token)
        wanted = {"require": ["iat", "exp", "aud"]}
        claims = jwt.decode(token, key.key, algorithms=["RS256"], audience=url, options=wanted)
        assert claims["type"] == json.loads(body)["type"]


@pytest.mark.software("standardwebhooks")
def test_standardwebhooks_as_reader():
    for headers, body, _, _ in received("--webhook-secret", SECRET):
        assert Webhook(SECRET).verify(body, headers)["type"] == json.loads(body)["type"]
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body + " ", headers)


@pytest.mark.software("standardwebhooks")
def test_standardwebhooks_refuses_a_forged_one():
    options = ("--webhook-secret", SECRET, "--fault", "forge-webhooks")
    for headers, body, _, _ in received(*options):
        with pytest.raises(WebhookVerificationError):
            Webhook(SECRET).verify(body, headers)
