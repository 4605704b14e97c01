"""Fits the coefficients of Sources/SAMPT/Confidence/FittedConfidence.swift.

    sampt evaluate confidence --clips 9 --frames 28 --clip-seed 1 --csv 1.csv           # and the same with seeds 2, 3 and 4
    sampt evaluate confidence --clips 9 --frames 28 --clip-seed 1000 --csv 1000.csv     # and the same with seed 1001
    python ../nano_track/clips_folder.py photographs 36 28 990001                       # and held-out ones: 12 48 777001
    python moving_pictures.py moving 60 12 5                                            # and held-out ones: 40 12 6
    sampt evaluate confidence --root photographs/ --csv photographs.csv                 # and the same with the others
    python fit.py --train photographs.csv moving.csv --held-out 1000.csv photographs-held.csv moving-held.csv

Expected J is a logistic function of the evidence, fitted by cross entropy with J itself as the target (fractional logistic regression), once for frames with a
mask and once for frames without. Weights are kept at 0 or above (FLOORS), so that better evidence never lowers the confidence. Needs numpy and scipy.
"""

import argparse
import csv

import numpy as np
from scipy.optimize import minimize
from scipy.stats import spearmanr

PRESENT = [
    ("~predictedIoU", "unsure"), ("~stability", "unsure"), ("visibleShare", "fewPoints"), ("trackerConfidence", "fewPoints"),
    ("insideShare", "disagreement"), ("outsideShare", "disagreement"), ("queryShare", None), ("shapeOverlap", "jump"), ("areaRatio", "jump"),
]
# "-": one minus the value; "~": its log odds, from LEAST to MOST brought to 0 to 1 (they order masks better, on all held-out clips).
ABSENT = [("leftShare", "lost"), ("-trackerConfidence", "lost"), ("-predictedIoU", "lost"), ("-lastArea", "lost")]
PENALTY = 1e-4
# A mask that has outlived its points is to be looked at, though these clips have too few of them to say so.
FLOORS = {"queryShare": 0.2}
LEAST, MOST = 0.02, 0.995  # as MaskConfidence.logOdds has them


def read(paths):
    rows = []
    for path in paths:
        with open(path) as file:
            rows += csv.DictReader(file)
    return rows


def log_odds(x):
    x = min(max(x, LEAST), MOST)
    low, high = (np.log(v / (1 - v)) for v in (LEAST, MOST))
    return (np.log(x / (1 - x)) - low) / (high - low)


def table(rows, columns):
    def value(row, name):
        if name[0] == "~":
            return log_odds(float(row[name[1:]]))
        return 1 - float(row[name[1:]]) if name[0] == "-" else float(row[name])

    x = np.array([[value(row, name) for name, _ in columns] for row in rows]).reshape(len(rows), len(columns))
    return np.clip(x, 0, 1), np.array([float(row["j"]) for row in rows])


def expected(x, w):
    return 1 / (1 + np.exp(-(w[0] + x @ w[1:])))


def fit(x, j, columns):
    def loss(w):
        p = expected(x, w)
        eps = 1e-9
        value = -np.mean(j * np.log(p + eps) + (1 - j) * np.log(1 - p + eps)) + PENALTY * np.sum(w[1:] ** 2)
        slope = x.T @ (p - j) / len(j) + 2 * PENALTY * w[1:]
        return value, np.concatenate([[np.mean(p - j)], slope])

    start = np.zeros(x.shape[1] + 1)
    return minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(None, None)] + [(FLOORS.get(name, 0), None) for name, _ in columns]).x


def report(name, p, j):
    if len(j) < 2:
        print(f"{name}: {len(j)} masks")
        return
    print(f"{name}: {len(j)} masks, mean J {j.mean():.3f}, Spearman {spearmanr(p, j)[0]:.3f}, mean absolute error {np.abs(p - j).mean():.3f}, "
          f"bias {np.mean(p - j):+.3f}")
    for low in np.arange(0, 1, 0.1):
        here = (p >= low) & ((p < low + 0.1) | (low > 0.85))
        if here.any():
            print(f"   {low:.1f}  {here.sum():6d}  {p[here].mean():.3f}  {j[here].mean():.3f}")


def swift(name):
    return {"-": f"1 - $0.{name[1:]}", "~": f"logOdds($0.{name[1:]})"}.get(name[0], f"$0.{name}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--train", nargs="+", required=True)
    arguments.add_argument("--held-out", nargs="+", required=True)
    arguments = arguments.parse_args()
    train, heldout = read(arguments.train), read(arguments.held_out)
    together = {"train": ([], []), "held out": ([], [])}
    for title, origin, columns in [("present", "predicted", PRESENT), ("absent", "absent", ABSENT)]:
        sets = {"train": [r for r in train if r["origin"] == origin], "held out": [r for r in heldout if r["origin"] == origin]}
        x, j = table(sets["train"], columns)
        w = fit(x, j, columns)
        print(f"{title}: bias {w[0]:.3f}")
        for (name, _), weight in zip(columns, w[1:]):
            mine = x[:, [name for name, _ in columns].index(name)]
            alone = spearmanr(mine, j)[0] if np.ptp(mine) > 0 else float("nan")
            print(f"   {name:20s} {weight:.3f}   (alone: Spearman {alone:.3f}, mean {mine.mean():.2f})")
        terms = [f"({{ {swift(name)} }}, {weight:.3f}, {'.' + reason if reason else 'nil'})"
                 for (name, reason), weight in zip(columns, w[1:]) if weight >= 5e-4]
        print(f"{title}: Sum(bias: {w[0]:.3f}, weights: [{', '.join(terms)}])")
        for name, rows in sets.items():
            x, j = table(rows, columns)
            p = expected(x, w)
            report(f"{title}, {name}", p, j)
            together[name][0].append(p)
            together[name][1].append(j)
    for name, (p, j) in together.items():
        report(f"together, {name}", np.concatenate(p), np.concatenate(j))


main()
