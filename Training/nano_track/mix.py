"""mix.py OLD NEW SHARE OUT: weights between two .safetensors files of one network, SHARE of the way from OLD to NEW, the ranges of the eight-bit form as well.

The tracker was taken 0.75 of the way from the weights that its training began with to those that it ended with (docs/models/nano-track.md), segmenter and
tracker halfway when they had learned from clips (Training/README.md)."""

import os
import sys

from safetensors.torch import load_file, save_file


def main(old, new, share, out):
    share, old, new = float(share), load_file(old), load_file(new)
    mixed = {
        k: ((1 - share) * old[k].float() + share * v.float()).to(v.dtype).contiguous() if v.dtype.is_floating_point else v
        for k, v in new.items()
    }
    save_file(mixed, out + ".part", metadata={"format": "pt"})
    os.chmod(out + ".part", 0o644)  # save_file lets nobody else read it
    os.replace(out + ".part", out)


if __name__ == "__main__":
    main(*sys.argv[1:])
