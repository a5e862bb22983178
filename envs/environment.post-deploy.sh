#!/bin/sh -e
# Snakemake copies environment.yaml away from the lock, so the packages are installed here, from the project's folder.
# It names an environment by this text: the digest makes a new lock a new environment.
echo "658f2c8239ef568943a9b250bcbcf5b89b6638ffa592adcb8c506d24928ecd74  envs/requirements.lock" | sha256sum --check --quiet
python -m pip install --quiet --require-hashes -r envs/requirements.lock
