from __future__ import annotations

import pytest

from ymltrain.record.redaction import Redactor

ENVIRONMENT = {
    "AWS_SECRET_ACCESS_KEY": "aws/secret+value",
    "HF_TOKEN": "hf_abcdefgh",
    "DB_PASSWORD": "p4ssw0rd!",
    "MY_KEY": "a.b*c(d)",
    "SHORT_TOKEN": "1",
    "HOME": "/home/someone",
    "KEYBOARD": "qwertz-layout",
}


@pytest.mark.parametrize("secret", ["aws/secret+value", "hf_abcdefgh", "p4ssw0rd!", "a.b*c(d)"])
def test_values_of_secret_variables_are_hidden_wherever_they_stand(secret):
    """The value of a variable whose name says secret is found within any text."""
    assert Redactor(ENVIRONMENT).redact(f"cannot log in with <{secret}>\nat all") == "cannot log in with <***>\nat all"


def test_plain_variables_and_short_values_stay():
    """Values of other variables, and values too short to be told from words, are left alone."""
    text = "1 of 10 in /home/someone with qwertz-layout"
    assert Redactor(ENVIRONMENT).redact(text) == text


def test_other_secrets_can_be_given():
    """A secret that a recipe names is hidden like one of the environment; the longer of two goes first."""
    redactor = Redactor({}, secrets=["abcdef", "abcdef-ghi"])
    assert redactor.redact("abcdef-ghi abcdef") == "*** ***"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("s3://user:pass@host/a.csv", "s3://***@host/a.csv"),
        ("postgresql+psycopg://me:p@ss@db:5432/x", "postgresql+psycopg://***@db:5432/x"),
        ("https://token@github.com/a", "https://***@github.com/a"),
        ("https://h/a.csv?X-Amz-Signature=0a1b&part=2", "https://h/a.csv?X-Amz-Signature=***&part=2"),
        ("https://h/a?sp=r&sig=Ab%2B1&se=9", "https://h/a?sp=r&sig=***&se=9"),
        ("tool --password hunter2 --epochs 3", "tool --password *** --epochs 3"),
        ("tool --api-key=abc --epochs 3", "tool --api-key=*** --epochs 3"),
        ('tool --db-password "two words" x', "tool --db-password *** x"),
        ("password: hunter2, user: me", "password: ***, user: me"),
        ('{"access_token": "abc", "rows": 3}', '{"access_token": ***, "rows": 3}'),
        ("MLFLOW_TRACKING_TOKEN=abc ymltrain fit", "MLFLOW_TRACKING_TOKEN=*** ymltrain fit"),
        ("Authorization: Bearer eyJ.x.y end", "Authorization: Bearer *** end"),
        ("tracker.api_key='a b'", "tracker.api_key=***"),
    ],
)
def test_written_secrets_are_hidden(text, redacted):
    """Passwords and tokens in URLs, options, keys and headers are hidden, and nothing beside them."""
    assert Redactor({}).redact(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "https://host/path?rows=3",
        "me@example.org",
        "features.key=category optimizer.lr=1e-3",
        "12 tokens: a, b",
        "val/rmse 0.5 --set model.hidden=[128,64]",
        "the token embedding is 64 wide",
    ],
)
def test_plain_text_stays(text):
    """What only looks a little like a secret is not touched."""
    assert Redactor({}).redact(text) == text


def test_a_command_line_word_by_word():
    """The word after a secret option is hidden, also one with spaces; an option that follows is kept."""
    redactor = Redactor({"X_TOKEN": "abcdefg"})
    words = ["fit", "r.yaml", "--db-password", "two words", "--token", "--json", "url=https://a:b@c/d", "abcdefg"]
    assert redactor.redact_command(words) == [
        "fit",
        "r.yaml",
        "--db-password",
        "***",
        "--token",
        "--json",
        "url=https://***@c/d",
        "***",
    ]


def test_a_reference_to_a_secret_is_none_and_a_password_in_a_url_is_one():
    """`${secret:NAME}` in a URL may be kept with a run; a literal password, whole or in part, may not."""
    redactor = Redactor({})
    assert not redactor.holds_secret("postgresql+psycopg://reader:${secret:FLATS_PASSWORD}@host/flats")
    assert redactor.holds_secret("postgresql+psycopg://reader:hunter2@host/flats")
    assert redactor.holds_secret("postgresql+psycopg://reader:hunter${secret:REST}@host/flats")
