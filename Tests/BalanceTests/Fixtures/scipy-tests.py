#!/usr/bin/env python3
"""Writes scipy-tests.json: p-values by SciPy, for the tests of Balance's own.

Run it beside this file's own folder: scipy-tests.py > scipy-tests.json
"""

import json
import random

import scipy
from scipy import stats


def chi_square():
    for degrees in (1, 2, 3, 4, 5, 7, 10, 19, 31, 64, 99, 255, 500, 999):
        arguments = {float(stats.chi2.ppf(p, degrees)) for p in (1e-9, 1e-4, 0.01, 0.2, 0.5, 0.8, 0.99, 1 - 1e-4)}
        arguments |= {0.002, 0.5, degrees / 3, float(degrees), 2.0 * degrees, 5.0 * degrees + 30}
        for x in sorted(arguments):
            yield [degrees, x, float(stats.chi2.cdf(x, degrees)), float(stats.chi2.sf(x, degrees))]


def homogeneity(rng):
    tables = [([334, 333, 333], [333, 334, 333]), ([10, 0], [0, 10]), ([1, 2, 3, 4], [4, 3, 2, 1]), ([50, 0, 50], [40, 0, 60])]
    for _ in range(60):
        servers = rng.randint(2, 12)
        scale = 10 ** rng.randint(1, 6)
        tables.append(tuple([rng.randint(1, scale) for _ in range(servers)] for _ in range(2)))
    for first, second in tables:
        used = [(a, b) for a, b in zip(first, second) if a + b]
        test = stats.chi2_contingency(list(zip(*used)), correction=False)
        yield {
            "first": first, "second": second, "statistic": float(test.statistic), "degrees_of_freedom": int(test.dof),
            "p": float(test.pvalue), "least_expected": float(test.expected_freq.min()),
        }


def mann_whitney(rng):
    cases = [([1, 2, 3], [4, 5, 6]), ([5, 5, 5, 5], [5, 5, 5, 6]), ([1], [2]), ([7, 7, 9], [7, 8, 9, 9])]
    for _ in range(60):
        spread = rng.choice([3, 50, 100_000])
        shift = rng.choice([0, 0, 1, 5, 40])
        cases.append((
            [rng.randint(0, spread) for _ in range(rng.randint(2, 300))],
            [rng.randint(0, spread) + shift for _ in range(rng.randint(2, 300))],
        ))
    for first, second in cases:
        test = stats.mannwhitneyu(second, first, alternative="two-sided", method="asymptotic")
        yield {"first": first, "second": second, "statistic": float(test.statistic), "p": float(test.pvalue)}


def fisher(rng):
    cases = [(0, 1000, 1, 1000), (0, 1000, 12, 1000), (3, 10, 7, 10), (5, 5, 0, 5), (0, 999, 333, 999), (0, 0, 3, 7), (4, 9, 4, 9)]
    for _ in range(80):
        first_total, second_total = (rng.randint(1, 10 ** rng.randint(1, 5)) for _ in range(2))
        rate = rng.random() ** 3
        first = sum(rng.random() < rate for _ in range(first_total))
        second = sum(rng.random() < rate * rng.choice([1, 1, 0.9]) for _ in range(second_total))
        cases.append((first, first_total, second, second_total))
    for first, first_total, second, second_total in cases:
        table = [[first, first_total - first], [second, second_total - second]]
        yield [first, first_total, second, second_total, float(stats.fisher_exact(table)[1])]


def main():
    rng = random.Random(20260301)
    parts = {
        "scipy": scipy.__version__, "chi_square": list(chi_square()), "homogeneity": list(homogeneity(rng)),
        "mann_whitney": list(mann_whitney(rng)), "fisher": list(fisher(rng)),
    }
    lines = []
    for name, part in parts.items():
        if isinstance(part, list):
            rows = ",\n".join("  " + json.dumps(row) for row in part)
            lines.append(f"{json.dumps(name)}: [\n{rows}\n ]")
        else:
            lines.append(f"{json.dumps(name)}: {json.dumps(part)}")
    print("{\n " + ",\n ".join(lines) + "\n}")


main()
