"""Prepares data for scoring, and times others' scorers on it.

  python3 scoring.py prepare TRUTH RESULTS OUT COPIES   masks as 0 and 1 in DAVIS-2017's folders, each sequence COPIES times (by links)
  python3 scoring.py davis2017 OUT                      davis2017-evaluation (semi-supervised)
  python3 scoring.py vos-benchmark OUT PROCESSES        vos-benchmark

The time is by the clock, the start of the interpreter and imports left out. Needs Pillow and numpy; davis2017-evaluation comes from
https://github.com/davisvideochallenge/davis2017-evaluation (on PYTHONPATH, with pandas, scikit-image, opencv-python-headless, scipy, tqdm),
vos-benchmark from PyPI.
"""
import os
import sys
import time


def prepare(truth: str, results: str, out: str, copies: int) -> None:
    import numpy as np
    from PIL import Image

    names = sorted(name for name in os.listdir(results) if os.path.isdir(os.path.join(results, name)))
    listed = []
    for kind, source in (("Annotations/480p", truth), ("results", results)):
        for name in names:
            folder = os.path.join(out, kind, name)
            os.makedirs(folder, exist_ok=True)
            for file in sorted(os.listdir(os.path.join(truth, name))):
                mask = np.array(Image.open(os.path.join(source, name, file)))
                picture = Image.fromarray((mask > 0).astype(np.uint8))
                # As DAVIS and its methods write masks: with a palette.
                picture.putpalette([0, 0, 0, 128, 0, 0])
                picture.save(os.path.join(folder, file))
    for copy in range(copies):
        for name in names:
            other = name if copy == 0 else f"{name}-{copy}"
            listed.append(other)
            for kind in ("Annotations/480p", "results"):
                target = os.path.join(out, kind, other)
                if not os.path.exists(target):
                    os.symlink(name, target)
            images = os.path.join(out, "JPEGImages/480p", other)
            os.makedirs(images, exist_ok=True)
            # Only the names of the pictures matter.
            for file in os.listdir(os.path.join(out, "Annotations/480p", name)):
                open(os.path.join(images, file.replace(".png", ".jpg")), "w").close()
    os.makedirs(os.path.join(out, "ImageSets/2017"), exist_ok=True)
    with open(os.path.join(out, "ImageSets/2017/val.txt"), "w") as file:
        file.write("\n".join(listed) + "\n")


def davis2017(out: str) -> None:
    import numpy as np
    from davis2017.evaluation import DAVISEvaluation

    start = time.perf_counter()
    evaluation = DAVISEvaluation(davis_root=out, task="semi-supervised", gt_set="val")
    metrics = evaluation.evaluate(os.path.join(out, "results"))
    seconds = time.perf_counter() - start
    j, f = np.mean(metrics["J"]["M"]), np.mean(metrics["F"]["M"])
    print(f"davis2017-evaluation: {seconds:.2f} s  J {j:.6f}  F {f:.6f}")


def vos_benchmark(out: str, processes: int) -> None:
    from vos_benchmark.benchmark import benchmark

    start = time.perf_counter()
    _, j, f, _ = benchmark(
        [os.path.join(out, "Annotations/480p")], [os.path.join(out, "results")], num_processes=processes, verbose=False)
    seconds = time.perf_counter() - start
    print(f"vos-benchmark, {processes} processes: {seconds:.2f} s  J {j[0] / 100:.6f}  F {f[0] / 100:.6f}")


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5]))
    elif sys.argv[1] == "davis2017":
        davis2017(sys.argv[2])
    else:
        vos_benchmark(sys.argv[2], int(sys.argv[3]))
