"""A gateway of its own process, beside others with the same accounts and the same Valkey."""

import sys
import time
from pathlib import Path

from tests.gateway.serving import open_accounts, serving
from tests.gateway.test_screening import screened_bundle

from llmaas.gateway.layer import ScreeningMemory


def main(directory: Path, valkey: str) -> None:
    """Serve until the standard input ends."""
    accounts = open_accounts(directory)
    secret = accounts.store.vault.history_secret
    accounts.close()
    memory = ScreeningMemory.shared_by_processes(
        valkey, secret=secret, now_ms=lambda: time.time_ns() // 1_000_000
    )
    with serving(directory, bundle=screened_bundle(), screening_memory=memory) as gateway:
        print(gateway.url, gateway.token, flush=True)
        sys.stdin.read()
        gateway.run(memory.close())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
