"""Soak of generated mutations, with every strategy."""

import time
from argparse import Namespace
from collections import Counter
from itertools import count

from tests.integration.serving.mutation_rounds import mutation_round
from tests.integration.serving.test_writes_everywhere import STRATEGIES


def soak_mutations(arguments: Namespace, addresses: dict[str, str], lasting: float) -> int:
    """Run rounds until the time is over or an answer is wrong; return the exit code."""
    end, total, compared = time.monotonic() + arguments.seconds, Counter[str](), 0
    for seed in count(arguments.seed):
        for strategy in STRATEGIES:
            for kind, url in addresses.items():
                if time.monotonic() >= end:
                    print(f"in all {dict(total)}, {compared} comparisons, 0 wrong", flush=True)
                    return 0
                seconds = min(lasting, arguments.seconds)
                seen = mutation_round(url, strategy, seed, seconds, writers=arguments.writers)
                total += seen.mutations
                compared += seen.comparisons
                print(
                    f"{kind} {strategy} seed {seed}: {sum(seen.mutations.values())} mutations,"
                    f" {seen.comparisons} comparisons, {len(seen.wrong)} wrong",
                    flush=True,
                )
                if seen.wrong:
                    print("\n".join(seen.wrong[:5]), flush=True)
                    return 1
    raise AssertionError
