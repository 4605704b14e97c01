"""Makes the pictures in this folder and pixels.json, the SHA-256 of what Pillow reads from each: RGB bytes, turned as Exif says.

Needs Pillow, which brings libjpeg-turbo. The files 411, 440, arithmetic, mixed, plain-cmyk and ycck are of kinds that Pillow does not write: they were made with
libjpeg-turbo's own compressor and are only read here. Run it in this folder.
"""
import glob
import hashlib
import json

import numpy
from PIL import Image, ImageOps


def scene(width, height):
    y, x = numpy.mgrid[0:height, 0:width]
    pixels = numpy.stack([(x * 5 + y * 3) % 256, (255 - x * 4 + y * 2) % 256, ((x * y) // 3) % 256], -1).astype(numpy.uint8)
    pixels[height // 4:height // 2, width // 4:width // 2] = [230, 20, 40]
    noise = numpy.random.default_rng(7)
    pixels[height // 2:, width // 2:] = noise.integers(0, 256, (height - height // 2, width - width // 2, 3))
    return Image.fromarray(pixels)


odd = scene(37, 29)
odd.convert("L").save("grey.jpg", quality=90)
odd.save("420.jpg", quality=85, subsampling=2)
odd.save("422.jpg", quality=85, subsampling=1)
odd.save("444.jpg", quality=85, subsampling=0)
odd.save("progressive.jpg", quality=80, subsampling=2, progressive=True)
odd.save("coarse.jpg", quality=10, subsampling=2)
odd.save("restart.jpg", quality=85, subsampling=2, restart_marker_blocks=2)
odd.save("rgb.jpg", quality=90, keep_rgb=True)
odd.convert("CMYK").save("cmyk.jpg", quality=90)
scene(1, 1).save("one-pixel.jpg", quality=90)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x112] = orientation
    scene(21, 13).save(f"exif-{orientation}.jpg", quality=90, exif=exif)
exif = Image.Exif()
exif[0x112] = 6
scene(21, 13).save("exif-6.png", exif=exif)
scene(21, 13).save("exif-6.webp", lossless=True, exif=exif)
scene(21, 13).save("exif-6.tiff", exif=exif)
scene(16, 12).convert("L").save("grey.png")

steps = [Image.new("RGB", (24, 16), colour) for colour in ((200, 30, 40), (30, 200, 40), (30, 40, 200))]
steps[0].save("animated.png", save_all=True, append_images=steps[1:], duration=100)
steps[0].save("animated.gif", save_all=True, append_images=steps[1:], duration=100)
steps[0].save("animated.webp", save_all=True, append_images=steps[1:], duration=100)

pixels = {}
for path in sorted(glob.glob("*.*")):
    if path.startswith("animated") or path.endswith((".py", ".json")):
        continue
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
    pixels[path] = {"width": picture.width, "height": picture.height, "sha256": hashlib.sha256(picture.tobytes()).hexdigest()}
json.dump(pixels, open("pixels.json", "w"), indent=1)
