"""Training speed of ensembles against one model at a time, as ratios in one run: python scripts/benchmark.py."""

import argparse
import statistics
import time

import torch

from varexp.evidence.train import Problem, Training, train
from varexp.maps.domain import Domain
from varexp.maps.targets import build_target
from varexp.models.chain import BlockConfig


def seconds(models: int, side: int, steps: int) -> float:
    """Wall seconds to train so many one-block chains as one ensemble."""
    target, domain = build_target("sine", (side, side), 2.1), Domain("curve", side)
    problems = [Problem(target, domain, "dct", seed) for seed in range(models)]
    started = time.perf_counter()
    train(problems, BlockConfig(), Training(steps=steps))
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seconds(2, 2, 20)  # warm-up
    print("side  ensemble  model-steps/s  ratio to one at a time (median of pairs)")
    for side in (2, 4, 8):
        for size in (1, 8, 16, 32):
            pairs = [
                (seconds(1, side, arguments.steps), seconds(size, side, arguments.steps))
                for _ in range(arguments.repeats)
            ]
            ratio = statistics.median(size * alone / together for alone, together in pairs)
            rate = statistics.median(size * arguments.steps / together for _, together in pairs)
            print(f"{side:4d}  {size:8d}  {rate:13.0f}  {ratio:6.2f}")


if __name__ == "__main__":
    main()
