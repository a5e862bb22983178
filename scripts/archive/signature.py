"""A detached signature over SHA256SUMS, and so over every byte of an archive: OpenSSH's, where a key is named.

`ssh-keygen -Y` (OpenSSH 8.2 or later) makes and checks it; `ssh-keygen -t ed25519` makes a key. Standard library only.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from scripts.archive.sums import SIGNATURE, SUMS
from scripts.archive.tree import Tree

TOOL, NAMESPACE, SIGNER = "ssh-keygen", "segment-2a-archive", "archive"
KEY_VARIABLE = "SEGMENT_2A_SIGNING_KEY"  # in the environment, so that no path of a machine need stand in the config


class Unusable(Exception):
    """A key or a tool that cannot be used; the message says which and why, on one line."""


def sign(text: str, key: str) -> str:
    """The signature of `text` by the private key in the file `key`, or by an agent that holds it; raises `Unusable`."""
    done = _keygen("sign", "-f", key, stdin=text)
    if done.returncode:
        said = " ".join(done.stderr.split()) or f"{TOOL} ended with {done.returncode}"
        raise Unusable(f"cannot sign with {key}: {said}")
    return done.stdout


def check_signature(tree: Tree, public_key: str) -> None:
    """An unpacked archive: its SHA256SUMS is signed by that key. Raises `Unusable` for no key and for no ssh-keygen."""
    try:
        kind, key = Path(public_key).read_text(encoding="ascii").split()[:2]
    except (OSError, ValueError):
        raise Unusable(f"{public_key} is no OpenSSH public key") from None
    with tree.guarded(-2, SIGNATURE):
        signed, signature = tree.text(SUMS), tree.text(SIGNATURE)
        with tempfile.TemporaryDirectory() as folder:
            signers, stated = Path(folder, "signers"), Path(folder, "signature")
            signers.write_text(f'{SIGNER} namespaces="{NAMESPACE}" {kind} {key}\n')
            stated.write_text(signature)
            done = _keygen("verify", "-f", str(signers), "-I", SIGNER, "-s", str(stated), stdin=signed)
        if done.returncode:
            tree.add(-2, "changed", SIGNATURE, f"It is no signature of {SUMS} by the key in {public_key}.")


def _keygen(action: str, *arguments: str, stdin: str) -> subprocess.CompletedProcess[str]:
    """Run ssh-keygen without a terminal, so that it never waits for a pass phrase."""
    tool = shutil.which(TOOL)
    if tool is None:
        raise Unusable(f"{TOOL} (OpenSSH 8.2 or later) is not installed, and a signature needs it")
    command = [tool, "-Y", action, "-n", NAMESPACE, *arguments]
    quiet = {**os.environ, "SSH_ASKPASS_REQUIRE": "never"}
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, check=False, env=quiet, start_new_session=True
    )
