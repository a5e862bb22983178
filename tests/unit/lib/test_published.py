"""The flag of a bundle: what is one line with a digest, and what is not."""

import pytest

from scripts.lib.published import NoDigest, NoFlag, flag_digest, flag_text

DIGEST = "0123456789abcdef" * 4


def test_a_flag_is_78_bytes_and_read_with_or_without_its_line_feed():
    data = flag_text(DIGEST).encode()
    assert data == b"sha256_hex = " + DIGEST.encode() + b"\n"
    assert len(data) == 78
    assert flag_digest(data) == flag_digest(data[:-1]) == DIGEST


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NoFlag),
        (b"sha256_hex = " + DIGEST[:-1].encode(), NoFlag),
        (flag_text(DIGEST).encode() + b"\n", NoFlag),
        (flag_text(DIGEST).encode().replace(b" = ", b"="), NoFlag),
        (b" " + flag_text(DIGEST).encode(), NoFlag),
        (b"sha256_hex = " + DIGEST.encode() + b"\r\n", NoFlag),
        (flag_text(DIGEST.upper()).encode(), NoDigest),
        (b"sha256_hex = " + b"\xff" * 64, NoDigest),
    ],
)
def test_anything_else_is_no_flag(data: bytes, error: type[Exception]):
    with pytest.raises(NoFlag) as caught:
        flag_digest(data)
    assert type(caught.value) is error
