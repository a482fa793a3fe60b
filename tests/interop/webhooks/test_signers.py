"""Webhooks that others sign, held to our verifier."""

import base64
import datetime
import json
import warnings

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from http.server import BaseHTTPRequestHandler
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from standardwebhooks import Webhook
import jwt

from harness import drive
from jobs import served

BODY = json.dumps(
    {
        "type": "batch.succeeded",
        "version": "v1",
        "timestamp": "2026-11-29T10:00:00Z",
        "data": {"id": "batches/abc", "output_file_uri": "files/x ü"},
    },
    ensure_ascii=False,
)
NOW = datetime.datetime.now(datetime.timezone.utc)
FIRST = "whsec_" + base64.b64encode(b"0" * 24).decode()
SECOND = "whsec_" + base64.b64encode(bytes(range(32))).decode()


class Keys(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        body = json.dumps(self.server.keys).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def case(name, headers, body=BODY, **rest):
    return {"name": name, "headers": headers, "body": base64.b64encode(body.encode()).decode(), **rest}


def judge(path, good, bad):
    """Holds the verifier to what is to pass and what is not."""
    path.write_text("".join(json.dumps(one) + "\n" for one in good + bad))
    verdicts = drive("verify", path)["verdicts"]
    assert len(verdicts) == len(good) + len(bad)
    passed = {name for name, verdict in verdicts.items() if "Ok" in verdict}
    assert passed == {one["name"] for one in good}, verdicts


def by_secret(secret, body=BODY, id="msg_1", at=NOW):
    signature = Webhook(secret).sign(id, at, body)
    timestamp = str(int(at.timestamp()))
    return {"webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature}


@pytest.mark.software("standardwebhooks")
def test_standardwebhooks_as_signer(tmp_path):
    ago = lambda **time: NOW - datetime.timedelta(**time)
    headers = by_secret(FIRST)
    signature, other = headers["webhook-signature"], by_secret(SECOND)["webhook-signature"]
    with_ = lambda **changed: {**headers, **{f"webhook-{name}": value for name, value in changed.items()}}
    one, both = {"secrets": [FIRST]}, {"secrets": [SECOND, FIRST]}
    good = [
        case("plain", headers, **one),
        case("a secret without its prefix", headers, secrets=[FIRST[6:]]),
        case("one of two secrets", headers, **both),
        case("one of two signatures", with_(signature=f"{other} {signature}"), **one),
        case("a version unknown beside", with_(signature=f"v1a,AAAA {signature}"), **one),
        case("names in capitals", {name.title(): value for name, value in headers.items()}, **one),
        case("almost five minutes old", by_secret(FIRST, at=ago(seconds=280)), **one),
    ]
    bad = [
        case("another secret", headers, secrets=[SECOND]),
        case("another body", headers, BODY + " ", **one),
        case("another id", with_(id="msg_2"), **one),
        case("another time", with_(timestamp=str(int(NOW.timestamp()) + 1)), **one),
        case("ten minutes old", by_secret(FIRST, at=ago(minutes=10)), **one),
        case("ten minutes ahead", by_secret(FIRST, at=ago(minutes=-10)), **one),
        case("an empty signature", with_(signature=""), **one),
        case("another version alone", with_(signature=signature.replace("v1,", "v2,")), **one),
    ]
    for name in headers:
        rest = {other: value for other, value in headers.items() if other != name}
        bad.append(case(f"without {name}", rest, **one))
    judge(tmp_path / "cases.jsonl", good, bad)


@pytest.mark.software("pyjwt")
@pytest.mark.filterwarnings("ignore")
def test_pyjwt_as_signer(tmp_path):
    key, large, weak = (
        rsa.generate_private_key(public_exponent=65537, key_size=size) for size in (2048, 4096, 1024)
    )
    curve = ec.generate_private_key(ec.SECP256R1())

    def published(key, id, algorithm=RSAAlgorithm, **more):
        return {**json.loads(algorithm.to_jwk(key.public_key())), "kid": id, "use": "sig", **more}

    keys = {
        "keys": [
            published(key, "key", alg="RS256"),
            published(large, "large"),
            published(weak, "weak"),
            published(curve, "curve", ECAlgorithm),
        ]
    }
    # It says for what the private half is good.
    keys["keys"] = [{k: v for k, v in one.items() if k != "key_ops"} for one in keys["keys"]]
    now = int(NOW.timestamp())
    claims = {"iat": now, "exp": now + 300, "aud": "me", "iss": "https://example.com"}

    def token(claims=claims, key=key, id="key", algorithm="RS256", headers=None, at=now):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            named = {"kid": id} if id else {}
            signed = jwt.encode(claims, key, algorithm=algorithm, headers={**named, **(headers or {})})
        return {"webhook-id": "msg_1", "webhook-timestamp": str(at), "webhook-signature": signed}

    with served(Keys, keys=keys) as url:
        me = {"keysUrl": url, "audience": "me"}
        with_ = lambda **changed: {**claims, **changed}
        header, _, signature = token()["webhook-signature"].split(".")
        swapped = base64.urlsafe_b64encode(json.dumps(with_(x=1)).encode()).rstrip(b"=").decode()
        modulus = keys["keys"][0]["n"].encode() * 2
        good = [
            case("plain", token(), **me),
            case("a key of 4096 bits", token(key=large, id="large"), **me),
            case("one of several audiences", token(with_(aud=["you", "me"])), **me),
            case("no audience asked for", token(with_(aud="you")), keysUrl=url),
            case("a time with a fraction", token(with_(iat=now + 0.5)), **me),
            case("not before a minute ago", token(with_(nbf=now - 60)), **me),
            case("the event within the claims", token({**claims, **json.loads(BODY)}), **me),
        ]
        bad = [
            case("another audience", token(with_(aud="you")), **me),
            case("no audience", token({k: v for k, v in claims.items() if k != "aud"}), **me),
            case("expired ten minutes ago", token(with_(iat=now - 900, exp=now - 600)), **me),
            case("issued in an hour", token(with_(iat=now + 3600, exp=now + 7200)), **me),
            case("not before an hour from now", token(with_(nbf=now + 3600)), **me),
            case("by another key than it names", token(key=large), **me),
            case("of a key that is not there", token(id="none"), **me),
            case("of no key", token(id=None), **me),
            case("RS512", token(algorithm="RS512"), **me),
            case("PS256", token(algorithm="PS256"), **me),
            case("ES256", token(key=curve, id="curve", algorithm="ES256"), **me),
            case("none", token(key=None, algorithm="none"), **me),
            case("HS256 by the public key", token(key=modulus, algorithm="HS256"), **me),
            case("extensions that are critical", token(headers={"crit": ["exp"]}), **me),
            case("delivered ten minutes ago", token(at=now - 600), **me),
            case("no signature", {**token(), "webhook-signature": f"{header}.{swapped}."}, **me),
            case("other claims", {**token(), "webhook-signature": f"{header}.{swapped}.{signature}"}, **me),
            case("a secret's signature", by_secret(FIRST), **me),
            case("a token where a secret is", token(), secrets=[FIRST]),
        ]
        try:
            bad.append(case("a key of 1024 bits", token(key=weak, id="weak"), **me))
        except jwt.InvalidKeyError:
            pass
        judge(tmp_path / "cases.jsonl", good, bad)
