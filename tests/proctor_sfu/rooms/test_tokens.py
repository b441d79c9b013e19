"""Join tokens: what is good, and everything that is not: forged, expired, future, for others, of wrong algorithms."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.errors import RefusedError, StateError
from proctor_sfu.rooms.keys import OwnKeys, PublicKeys
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.tokens import MAX_TOKEN, Tokens, authentic

NOW = 1_800_000_000.0
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()


def pem(key: Any) -> bytes:
    data: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return data


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def own(tmp_path: Path) -> OwnKeys:
    keys = OwnKeys(tmp_path / "keys")
    keys.open(NOW)
    return keys


@pytest.fixture
def tokens(own: OwnKeys, clock: Clock) -> Tokens:
    return Tokens(own, PublicKeys([], None), audience="psfu", leeway=30, clock=clock)


def claims(**changed: Any) -> dict[str, Any]:
    good = {"aud": "psfu", "room": "exam", "sub": "ana", "role": "candidate", "exp": NOW + 3600}
    return {name: value for name, value in (good | changed).items() if value is not ...}


def signed(own: OwnKeys, headers: dict[str, Any] | None = None, **changed: Any) -> str:
    key = own.signing
    return jwt.encode(claims(**changed), key.material, algorithm="HS256", headers={"kid": key.id} | (headers or {}))


def code(tokens: Tokens, token: str) -> str | None:
    """Why a token is refused, None: it is good; and no text of an error has any of the token."""
    problem = tokens.inspect(token).problem
    if problem is None:
        return None
    assert "\n" not in problem.message
    assert not [part for part in token.split(".") if len(part) > 8 and part in problem.message]
    return problem.reason


def test_what_is_minted_is_good_and_says_what_was_asked(tokens: Tokens, clock: Clock) -> None:
    made = tokens.mint(
        room="exam", subject="ana", role=Role.CANDIDATE, ttl=60, name="Ana \u202eÁlvarez\x1b[2J",
        sources=[Source.SCREEN, Source.CAMERA],
    )  # fmt: skip
    found = tokens.inspect(made.token)
    assert found.problem is None and found.claims == made.claims
    assert made.claims.name == "Ana Álvarez[2J"
    assert made.claims.sources == (Source.CAMERA, Source.SCREEN)
    assert made.claims.expires == NOW + 60
    clock.now += 90
    assert code(tokens, made.token) == "token_expired"
    ids = {tokens.mint(room="exam", subject="ana", role=Role.LEAD, ttl=60).claims.id for _ in range(50)}
    assert len(ids) == 50


@pytest.mark.parametrize("wrong", ["", "a b", "../etc", "ana\x1b[2J", "x" * 65, "é"])
def test_nothing_is_minted_for_an_id_that_is_no_slug(tokens: Tokens, wrong: str) -> None:
    for names in ({"room": wrong, "subject": "ana"}, {"room": "exam", "subject": wrong}):
        with pytest.raises(RefusedError) as refused:
            tokens.mint(**names, role=Role.CANDIDATE, ttl=60)
        assert refused.value.reason == "bad_data"


def test_ids_can_be_typed_as_arguments(tokens: Tokens) -> None:
    ids = {tokens.mint(room="exam", subject="ana", role=Role.CANDIDATE, ttl=60).claims.id for _ in range(100)}
    assert len(ids) == 100 and all(each.isalnum() for each in ids)


def test_nothing_is_minted_that_a_role_may_not(tokens: Tokens) -> None:
    with pytest.raises(RefusedError, match="a proctor never publishes camera"):
        tokens.mint(room="exam", subject="tom", role=Role.PROCTOR, ttl=60, sources=[Source.CAMERA])


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, None),
        ({"exp": NOW - 29}, None),
        ({"exp": NOW - 30}, "token_expired"),
        ({"exp": NOW - 86_400}, "token_expired"),
        ({"nbf": NOW + 30}, None),
        ({"nbf": NOW + 31}, "token_not_yet_valid"),
        ({"aud": "other"}, "token_wrong_audience"),
        ({"aud": ["other", "psfu"]}, None),
        ({"aud": []}, "token_wrong_audience"),
        ({"name": "é" * 10_000}, None),
        ({"name": "\u202e<script>\x00"}, None),
        ({"unknown": {"a": [1]}}, None),
        *(({name: ...}, "token_malformed") for name in ("exp", "aud", "sub", "room", "role")),
        *(({"exp": value}, "token_malformed") for value in ("soon", None, -1, 1e300, True, [NOW + 60])),
        *(({"role": value}, "token_malformed") for value in ("king", ["lead", "candidate"], None, "Lead", 1)),
        *(({"sub": value}, "token_malformed") for value in ("a b", "../x", "", 7, "x" * 65, "ana\n", "\u202eana")),
        *(({"room": value}, "token_malformed") for value in ("*", "", ["exam"], "exam\x00")),
        *(({"sources": value}, "token_malformed") for value in ("camera", ["mind"], ["voice"], 3)),
        ({"role": "observer", "sources": ["camera"]}, "token_malformed"),
        ({"name": 7}, "token_malformed"),
        ({"jti": ""}, "token_malformed"),
        ({"nbf": "now"}, "token_malformed"),
    ],
)
def test_claims(tokens: Tokens, own: OwnKeys, changed: dict[str, Any], expected: str | None) -> None:
    assert code(tokens, signed(own, **changed)) == expected


def test_names_are_made_safe(tokens: Tokens, own: OwnKeys) -> None:
    def name(given: str) -> str:
        found = tokens.inspect(signed(own, name=given)).claims
        assert found is not None
        return found.name

    assert name("\x1b]0;x\x07Ana\u202e") == "]0;xAna"
    assert name("\u200f\u202e\x00") == "ana", "nothing is left: the subject"
    assert name("<b>Ana</b>") == "<b>Ana</b>", "pages escape; here it is text"
    assert len(name("é" * 3000)) == 80


def unsigned(header: dict[str, Any], payload: Any, signature: bytes = b"") -> str:
    parts = (json.dumps(header).encode(), json.dumps(payload).encode(), signature)
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def test_a_token_without_a_signature_is_never_good(tokens: Tokens, own: OwnKeys) -> None:
    for algorithm in ("none", "None", "NONE", "nOnE", "", None):
        for header in ({"alg": algorithm}, {"alg": algorithm, "kid": own.signing.id}):
            assert code(tokens, unsigned(header, claims())) in ("token_wrong_algorithm", "token_malformed")
    assert code(tokens, unsigned({"kid": own.signing.id}, claims())) in ("token_wrong_algorithm", "token_malformed")
    assert code(tokens, unsigned({"alg": "HS256"}, claims())) == "token_bad_signature"
    good = signed(own)
    assert code(tokens, good.rpartition(".")[0] + ".") == "token_bad_signature"


def test_any_change_is_noticed(tokens: Tokens, own: OwnKeys) -> None:
    header, payload, signature = signed(own).split(".")
    other = base64.urlsafe_b64encode(json.dumps(claims(role="lead")).encode()).rstrip(b"=").decode()
    assert code(tokens, f"{header}.{other}.{signature}") == "token_bad_signature"
    assert code(tokens, f"{header}.{payload}.{signature[:-4]}AAAA") == "token_bad_signature"
    forged = jwt.encode(claims(), b"k" * 32, algorithm="HS256", headers={"kid": own.signing.id})
    assert code(tokens, forged) == "token_bad_signature"


def lms(tmp_path: Path, own: OwnKeys, clock: Clock, *keys: Any) -> Tokens:
    files = []
    for number, key in enumerate(keys):
        files.append(tmp_path / f"{number}.pem")
        files[-1].write_bytes(pem(key))
    public = PublicKeys(files, None)
    public.open()
    return Tokens(own, public, audience="psfu", leeway=0, clock=clock)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (EC, "ES256"), (ED, "EdDSA")])
def test_public_keys_of_others(tmp_path: Path, own: OwnKeys, clock: Clock, key: Any, algorithm: str) -> None:
    tokens = lms(tmp_path, own, clock, key)
    assert code(tokens, jwt.encode(claims(), key, algorithm=algorithm)) is None
    assert code(tokens, jwt.encode(claims(), key, algorithm=algorithm, headers={"kid": "theirs"})) is None
    assert code(tokens, signed(own)) is None, "our own stay good beside them"


def test_several_public_keys_of_a_kind(tmp_path: Path, own: OwnKeys, clock: Clock) -> None:
    second = ec.generate_private_key(ec.SECP256R1())
    tokens = lms(tmp_path, own, clock, EC, second)
    for key in (EC, second):
        assert code(tokens, jwt.encode(claims(), key, algorithm="ES256")) is None
    stranger = ec.generate_private_key(ec.SECP256R1())
    assert code(tokens, jwt.encode(claims(), stranger, algorithm="ES256")) == "token_bad_signature"


def test_the_header_never_chooses_the_algorithm(tmp_path: Path, own: OwnKeys, clock: Clock) -> None:
    """The classic confusion: a public key, which everybody has, used as the secret of an HMAC."""
    tokens = lms(tmp_path, own, clock, RSA)
    material = pem(RSA)
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims(role="lead")).encode()).rstrip(b"=")
    import hashlib
    import hmac

    digest = hmac.new(material, head + b"." + body, hashlib.sha256).digest()
    forged = b".".join((head, body, base64.urlsafe_b64encode(digest).rstrip(b"="))).decode()
    assert code(tokens, forged) == "token_bad_signature", "it is checked with our own secret, and only with that"
    public_only = [key for key in tokens.verifying() if key.algorithm != "HS256"]
    with pytest.raises(RefusedError) as refused:
        authentic(forged, public_only)
    assert refused.value.reason == "token_wrong_algorithm"
    for algorithm in ("RS384", "RS512", "PS256"):
        assert code(tokens, jwt.encode(claims(), RSA, algorithm=algorithm)) == "token_wrong_algorithm"
    for algorithm in ("HS384", "HS512"):
        token = jwt.encode(claims(), b"k" * 64, algorithm=algorithm)
        assert code(tokens, token) == "token_wrong_algorithm"


def test_kid_finds_the_key_and_nothing_else(tokens: Tokens, own: OwnKeys) -> None:
    assert code(tokens, signed(own, {"kid": "other"})) == "token_unknown_key"
    assert code(tokens, signed(own, {"kid": "../../etc/passwd"})) == "token_unknown_key"
    assert code(tokens, jwt.encode(claims(), own.signing.material, algorithm="HS256")) is None
    assert code(tokens, unsigned({"alg": "HS256", "kid": {"a": 1}}, claims())) == "token_malformed"
    for header in ({"jku": "http://127.0.0.1/"}, {"jwk": {"kty": "oct", "k": "AAAA"}}, {"x5u": "http://x/"}):
        assert code(tokens, signed(own, header)) is None, "keys in the header are never looked at"


@pytest.mark.parametrize(
    "token",
    [
        "", ".", "..", "...", "a.b.c", "eyJhbGciOiJIUzI1NiJ9", "\ud800.a.b", "é.é.é",
        "x" * (MAX_TOKEN + 1), "e30.e30.", "bnVsbA.e30.e30", "\x00" * 10, "W10.W10.W10",
    ],
)  # fmt: skip
def test_what_is_no_token(tokens: Tokens, token: str) -> None:
    assert code(tokens, token) in ("token_malformed", "token_wrong_algorithm")


@given(st.text(max_size=200) | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    with pytest.raises(RefusedError) as refused:
        authentic(text, [])
    assert refused.value.reason.startswith("token_")


def test_a_claim_that_comes_twice_is_refused(tokens: Tokens, own: OwnKeys) -> None:
    """Two readers could take different ones for true."""
    body = json.dumps(claims())
    key = own.signing
    for twice in ('"role": "candidate"', '"sub": "ana"', '"exp": 1'):
        payload = f"{body[:-1]}, {twice}}}".encode()
        token = jwt.PyJWS().encode(payload, key.material, algorithm="HS256", headers={"kid": key.id})
        assert code(tokens, token) == "token_malformed"
    for payload in (b"[]", b"7", b"null", b"{", b'{"exp": NaN}', b"[" * 5000):
        token = jwt.PyJWS().encode(payload, key.material, algorithm="HS256", headers={"kid": key.id})
        assert code(tokens, token) == "token_malformed"


def test_an_extension_that_must_be_understood_is_refused(tokens: Tokens, own: OwnKeys) -> None:
    assert code(tokens, signed(own, {"crit": ["exp2"], "exp2": 1})) == "token_malformed"
    assert code(tokens, signed(own, {"crit": []})) == "token_malformed"


# Keys.


def test_a_key_is_made_once_private_and_kept(tmp_path: Path) -> None:
    first, second = OwnKeys(tmp_path), OwnKeys(tmp_path)
    first.open(NOW)
    second.open(NOW + 100)
    assert [key.material for key in first.keys] == [key.material for key in second.keys]
    (path,) = tmp_path.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert first.signing.material.hex() not in repr(first.signing), "a secret does not get into a log by accident"


def test_rotation(tmp_path: Path, clock: Clock) -> None:
    own = OwnKeys(tmp_path)
    own.open(NOW)
    tokens = Tokens(own, PublicKeys([], None), audience="psfu", leeway=0, clock=clock)
    old = tokens.mint(room="exam", subject="ana", role=Role.CANDIDATE, ttl=60).token
    before = own.signing
    after = own.add(NOW + 1)
    new = tokens.mint(room="exam", subject="ana", role=Role.CANDIDATE, ttl=60).token
    assert jwt.get_unverified_header(new)["kid"] == after.id != before.id
    assert code(tokens, old) is None and code(tokens, new) is None
    with pytest.raises(RefusedError) as refused:
        own.retire(after.id)
    assert refused.value.reason == "conflict"
    own.retire(before.id)
    assert code(tokens, old) == "token_unknown_key" and code(tokens, new) is None
    again = OwnKeys(tmp_path)
    again.open(NOW + 2)
    assert [key.id for key in again.keys] == [after.id]
    with pytest.raises(RefusedError, match="no key"):
        own.retire("nothing")


@pytest.mark.parametrize(("content", "mode", "reason"), [
    (b"QUJD\n", 0o600, "no key of psfu"), (b"", 0o600, "no key of psfu"), (b"%%%", 0o600, "no key of psfu"),
    (base64.urlsafe_b64encode(b"k" * 32), 0o640, "others may read"),
    (base64.urlsafe_b64encode(b"k" * 32), 0o604, "others may read"),
])  # fmt: skip
def test_a_bad_key_file_is_one_clear_error(tmp_path: Path, content: bytes, mode: int, reason: str) -> None:
    path = tmp_path / "20260101T000000Z-0000.hs256"
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(StateError, match=reason):
        OwnKeys(tmp_path).open(NOW)


def jwks(*keys: tuple[str, Any], **extra: Any) -> str:
    def entry(kid: str, key: Any) -> dict[str, Any]:
        algorithm = {rsa.RSAPrivateKey: "RS256", ec.EllipticCurvePrivateKey: "ES256"}
        name = next((each for kind, each in algorithm.items() if isinstance(key, kind)), "EdDSA")
        data = json.loads(jwt.get_algorithm_by_name(name).to_jwk(key.public_key()))
        return {**data, "kid": kid, "use": "sig", **extra}

    return json.dumps({"keys": [entry(kid, key) for kid, key in keys]})


def test_a_key_set_is_read_again_when_it_changes(tmp_path: Path, own: OwnKeys, clock: Clock) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(jwks(("one", RSA), ("two", EC), ("three", ED)))
    public = PublicKeys([], path)
    public.open()
    tokens = Tokens(own, public, audience="psfu", leeway=0, clock=clock)

    def by(kid: str, key: Any, algorithm: str) -> str | None:
        return code(tokens, jwt.encode(claims(), key, algorithm=algorithm, headers={"kid": kid}))

    assert (by("one", RSA, "RS256"), by("two", EC, "ES256"), by("three", ED, "EdDSA")) == (None, None, None)
    assert by("two", RSA, "RS256") == "token_wrong_algorithm"
    other = rsa.generate_private_key(65537, 2048)
    assert by("four", other, "RS256") == "token_unknown_key"
    path.write_text(jwks(("four", other)))
    assert by("four", other, "RS256") is None
    assert by("one", RSA, "RS256") == "token_unknown_key"
    path.write_text("{")
    assert by("four", other, "RS256") is None, "a file that became unusable costs nobody the exam"
    path.unlink()
    assert by("four", other, "RS256") is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "no JSON Web Key Set"),
        ("[]", "no JSON Web Key Set"),
        ('{"keys": 7}', "no JSON Web Key Set"),
        (jwks(("weak", rsa.generate_private_key(65537, 1024))), "RSA with 2048 bits"),
        (jwks(("one", EC), d="AAAA"), "has a private key"),
    ],
)
def test_a_bad_key_set_is_one_clear_error(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "jwks.json"
    path.write_text(content)
    with pytest.raises(StateError, match=reason):
        PublicKeys([], path).open()


def test_keys_for_other_things_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "jwks.json"
    entries = json.loads(jwks(("sig", EC)))["keys"] + json.loads(jwks(("enc", RSA), use="enc"))["keys"]
    entries += [{"kty": "oct", "k": base64.urlsafe_b64encode(b"k" * 32).decode()}, {"kty": "new", "kid": "later"}]
    path.write_text(json.dumps({"keys": entries}))
    public = PublicKeys([], path)
    public.open()
    assert [key.id for key in public.current()] == ["sig"], "and never a secret that somebody else knows"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"nonsense", "no public key"),
        (ED.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "no public key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "EC P-256"),
    ],
)
def test_a_bad_public_key_is_one_clear_error(tmp_path: Path, content: bytes, reason: str) -> None:
    path = tmp_path / "lms.pem"
    path.write_bytes(content)
    with pytest.raises(StateError, match=reason):
        PublicKeys([path], None).open()
    with pytest.raises(StateError, match="no such file"):
        PublicKeys([tmp_path / "none.pem"], None).open()


def test_sequence_of_roles_stays_what_the_token_says(tokens: Tokens) -> None:
    roles: Sequence[Role] = list(Role)
    made = {role: tokens.mint(room="exam", subject="ana", role=role, ttl=60) for role in roles}
    for role, each in made.items():
        found = tokens.inspect(each.token).claims
        assert found is not None and found.role is role
