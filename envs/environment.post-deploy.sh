#!/bin/sh -e
# Snakemake copies environment.yaml away from the lock, so the packages are installed here, from the project's folder.
# It names an environment by this text: the digest makes a new lock a new environment.
echo "fa8145f6f80ce31721b43b665a9afbdfcddf95a028fb6bec25ce7b9cd27c81ac  envs/requirements.lock" | sha256sum --check --quiet
python -m pip install --quiet --require-hashes -r envs/requirements.lock
