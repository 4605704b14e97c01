"""Judges annotation formats with software that is not ours.

    judge-formats.py check FOLDER   reads every format that lies in FOLDER and compares it with FOLDER/truth.bin
    judge-formats.py write FOLDER   writes FOLDER/foreign in other software's ways, to be read

Every format that is right is a line "ok FORMAT: by whom"; anything wrong ends with an error.
"""
import base64
import csv
import io
import json
import os
import subprocess
import sys
import traceback
import xml.etree.ElementTree as ElementTree
import zlib

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

folder = os.path.abspath(sys.argv[2])
head = json.load(open(f"{folder}/truth.json"))
W, H, N, STEP, IDS, CATEGORIES = (head[k] for k in ("width", "height", "frames", "step", "ids", "categories"))
truth = np.fromfile(f"{folder}/truth.bin", np.uint8).reshape(N, len(IDS), H, W)
CLASSES = {"car": 1, "pedestrian": 2}


def flat(t):
    """One id a pixel, the later object on top."""
    index = np.zeros((H, W), np.uint16)
    for k, identity in enumerate(IDS):
        index[truth[t, k] > 0] = identity
    return index


def same(found, expected, what):
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, not {expected.shape}"
    wrong = int(np.sum(found != expected))
    assert wrong == 0, f"{what}: {wrong} pixels differ"


def ok(name, who):
    print(f"ok {name}: {who}", flush=True)


def picture(path):
    return np.array(Image.open(path))


def trackeval_config(**settings):
    return {"PRINT_CONFIG": False, "OUTPUT_FOLDER": f"{folder}/trackeval", "TRACKERS_TO_EVAL": ["ours"], **settings}


def perfect(dataset, sequence, class_name, metrics):
    """The tracker's file is the truth's: whatever TrackEval understands of both must agree, and hold objects."""
    raw = dataset.get_raw_seq_data("ours", sequence)
    data = dataset.get_preprocessed_seq_data(raw, class_name)
    assert data["num_gt_dets"] > 0 and data["num_gt_dets"] == data["num_tracker_dets"], data["num_gt_dets"]
    for metric, key in metrics:
        value = metric.eval_sequence(data)[key]
        assert np.allclose(value, 1), f"{key} is {value}"
    return data


def link(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    os.symlink(source, target)


def blank_images(target):
    """Datumaro takes annotations only beside the images they name."""
    os.makedirs(f"{target}/images")
    for t in range(N):
        Image.new("RGB", (W, H)).save(f"{target}/images/{STEP * t:05d}.jpg")


def check_masks():
    for t in range(N):
        image = Image.open(f"{folder}/masks/{STEP * t:05d}.png")
        assert image.mode == "P"
        same(np.array(image), flat(t), "masks")
    ok("masks", "Pillow")


def check_davis():
    import trackeval
    annotations = f"{folder}/davis/Annotations/480p"
    assert open(f"{folder}/davis/ImageSets/2017/val.txt").read().split() == ["street"]
    for t in range(N):
        same(picture(f"{annotations}/street/{STEP * t:05d}.png"), flat(t), "davis")
    link(annotations, f"{folder}/trackeval/davis/ours/data")
    dataset = trackeval.datasets.DAVIS(trackeval_config(GT_FOLDER=annotations, TRACKERS_FOLDER=f"{folder}/trackeval/davis"))
    perfect(dataset, "street", "general", [(trackeval.metrics.HOTA({"PRINT_CONFIG": False}), "HOTA")])
    ok("davis", "Pillow, TrackEval (HOTA of itself is 1)")


def check_png():
    for row in json.load(open(f"{folder}/png/objects.json")):
        k = IDS.index(row["id"])
        assert row["category"] == CATEGORIES[k] and row["name"] == f'object, "{row["id"]}"'
        seen = 0
        for t in range(N):
            path = f"{folder}/png/{row['id']}/{STEP * t:05d}.png"
            if os.path.exists(path):
                seen += 1
                same(picture(path), truth[t, k] * 255, "png")
            else:
                assert truth[t, k].sum() == 0
        assert seen > 0
    ok("png", "Pillow")


def check_rle():
    document = json.load(open(f"{folder}/rle.json"))
    assert document["complete"] and document["frameCount"] == N
    for t, frame in enumerate(document["frames"]):
        assert frame["frame"] == STEP * t
        found = {o["id"]: coco_mask.decode(o["segmentation"]) for o in frame["objects"]}
        for k, identity in enumerate(IDS):
            same(found.get(identity, np.zeros((H, W))), truth[t, k], "rle")
    ok("rle", "pycocotools")


def coco_masks(name):
    coco = COCO(f"{folder}/{name}.json")
    for t in range(N):
        image = coco.loadImgs([STEP * t + 1])[0]
        assert (image["width"], image["height"], image["frame_id"]) == (W, H, STEP * t)
        found = {a["track_id"]: a for a in coco.loadAnns(coco.getAnnIds(imgIds=[image["id"]]))}
        for k, identity in enumerate(IDS):
            if identity not in found:
                assert truth[t, k].sum() == 0
                continue
            annotation = found[identity]
            same(coco.annToMask(annotation), truth[t, k], f"{name}, frame {t}, object {identity}")
            assert coco.loadCats([annotation["category_id"]])[0]["name"] == CATEGORIES[k]
            rle = coco_mask.encode(np.asfortranarray(truth[t, k]))
            assert annotation["area"] == coco_mask.area(rle) and annotation["bbox"] == list(coco_mask.toBbox(rle))


def check_coco():
    from pycocotools.cocoeval import COCOeval
    truth_of = COCO(f"{folder}/coco.json")
    results = truth_of.loadRes([dict(a) for a in truth_of.dataset["annotations"]])
    evaluation = COCOeval(truth_of, results, "segm")
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] > 0.999, evaluation.stats[0]
    coco_masks("coco")
    import datumaro
    target = f"{folder}/datumaro-coco"
    link(f"{folder}/coco.json", f"{target}/annotations/instances_default.json")
    blank_images(target)
    dataset = datumaro.Dataset.import_from(target, "coco_instances")
    assert len(dataset) == N
    for item in dataset:
        masks = [a for a in item.annotations if a.type == datumaro.AnnotationType.mask]
        expected = [m for m in truth[int(item.id) // STEP] if m.any()]
        assert len(masks) == len(expected), len(masks)
        for annotation in masks:
            assert any(np.array_equal(np.asarray(annotation.image) > 0, m > 0) for m in expected)
    ok("coco", "pycocotools (AP of itself is 1), Datumaro")


def check_coco_polygons():
    coco_masks("coco-polygons")
    ok("coco-polygons", "pycocotools")


def check_youtube_vis():
    import trackeval
    document = json.load(open(f"{folder}/youtube-vis.json"))
    for annotation in document["annotations"]:
        k = IDS.index(annotation["id"])
        for t, segmentation in enumerate(annotation["segmentations"]):
            if segmentation is None:
                assert truth[t, k].sum() == 0
                continue
            same(coco_mask.decode(coco_mask.frPyObjects(segmentation, H, W)), truth[t, k], "youtube-vis")
            assert annotation["areas"][t] == truth[t, k].sum()
    results = json.load(open(f"{folder}/youtube-vis-results.json"))
    for k, annotation in zip((IDS.index(a["id"]) for a in document["annotations"]), results):
        assert annotation["score"] == 0.5
        for t, segmentation in enumerate(annotation["segmentations"]):
            found = np.zeros((H, W)) if segmentation is None else coco_mask.decode(segmentation)
            same(found, truth[t, k], "youtube-vis-results")
    base = f"{folder}/trackeval/youtube_vis"
    link(f"{folder}/youtube-vis.json", f"{base}/gt/youtube_vis_val/truth.json")
    link(f"{folder}/youtube-vis-results.json", f"{base}/trackers/youtube_vis_val/ours/data/results.json")
    config = trackeval_config(GT_FOLDER=f"{base}/gt/", TRACKERS_FOLDER=f"{base}/trackers/", SPLIT_TO_EVAL="val")
    dataset = trackeval.datasets.YouTubeVIS(config)
    hota = trackeval.metrics.HOTA({"PRINT_CONFIG": False})
    for name in ("car", "pedestrian"):
        perfect(dataset, "street", name, [(hota, "HOTA")])
    ok("youtube-vis", "pycocotools, TrackEval")
    ok("youtube-vis-results", "pycocotools, TrackEval (HOTA against the truth's file is 1)")


def check_cvat_images():
    from cvat_sdk.masks import decode_mask, encode_mask
    seen = 0
    for image in ElementTree.parse(f"{folder}/cvat-images.xml").getroot().iter("image"):
        t = int(image.get("id")) // STEP
        found = {}
        for mask in image.iter("mask"):
            left, top, width, height = (int(mask.get(k)) for k in ("left", "top", "width", "height"))
            runs = [int(r) for r in mask.get("rle").split(",")] + [left, top, left + width - 1, top + height - 1]
            k = IDS.index(int(mask.get("group_id")))
            assert runs == encode_mask(truth[t, k].astype(bool)) and mask.get("label") == CATEGORIES[k]
            found[k] = decode_mask(runs, image_width=W, image_height=H)
            seen += 1
        for k in range(len(IDS)):
            same(found.get(k, np.zeros((H, W))), truth[t, k], "cvat-images")
    assert seen > N
    import datumaro
    target = f"{folder}/datumaro-cvat"
    link(f"{folder}/cvat-images.xml", f"{target}/annotations.xml")
    blank_images(target)
    masks = 0
    for item in datumaro.Dataset.import_from(target, "cvat"):
        masks += sum(1 for a in item.annotations if a.type == datumaro.AnnotationType.mask)
    ok("cvat-images", f"CVAT's SDK, Datumaro ({masks} masks)")


def check_cvat_video():
    from scipy.ndimage import binary_fill_holes
    root = ElementTree.parse(f"{folder}/cvat-video.xml").getroot()
    found = np.zeros((N, len(IDS), H, W), bool)
    for track in root.iter("track"):
        k = IDS.index(int(track.get("group_id")))
        assert track.get("label") == CATEGORIES[k]
        frames = [int(p.get("frame")) for p in track.iter("polygon")]
        assert frames == sorted(set(frames))
        for polygon in track.iter("polygon"):
            if polygon.get("outside") == "1":
                continue
            points = [[float(v) for v in p.split(",")] for p in polygon.get("points").split(";")]
            t = int(polygon.get("frame")) // STEP
            rle = coco_mask.frPyObjects([[v for p in points for v in p]], H, W)
            found[t, k] |= coco_mask.decode(rle)[:, :, 0] > 0
    for t in range(N):
        for k in range(len(IDS)):
            # Parts are joined by sides, so what is outside goes through corners.
            same(found[t, k], binary_fill_holes(truth[t, k], np.ones((3, 3))), f"cvat-video, frame {t}, object {IDS[k]}")
    import datumaro
    os.makedirs(f"{folder}/datumaro-cvat-video")
    link(f"{folder}/cvat-video.xml", f"{folder}/datumaro-cvat-video/annotations.xml")
    polygons = sum(len(item.annotations) for item in datumaro.Dataset.import_from(f"{folder}/datumaro-cvat-video", "cvat"))
    assert polygons > N
    ok("cvat-video", f"pycocotools and SciPy (the masks without holes), Datumaro ({polygons} polygons)")


def check_cvat_masks():
    import datumaro
    base = f"{folder}/cvat-masks"
    colours = {}
    for line in open(f"{base}/labelmap.txt"):
        if not line.startswith("#"):
            name, colour = line.split(":")[:2]
            colours[name] = [int(v) for v in colour.split(",")]
    assert colours["background"] == [0, 0, 0]
    names = open(f"{base}/ImageSets/Segmentation/default.txt").read().split()
    assert names == [f"{STEP * t:05d}" for t in range(N)]
    for t, name in enumerate(names):
        expected = np.zeros((H, W, 3), np.uint8)
        for k, identity in enumerate(IDS):
            expected[flat(t) == identity] = colours[CATEGORIES[k]]
        same(picture(f"{base}/SegmentationClass/{name}.png"), expected, "cvat-masks")
        same(picture(f"{base}/SegmentationObject/{name}.png"), flat(t), "cvat-masks, objects")
    dataset = datumaro.Dataset.import_from(base, "voc_segmentation")
    for item in dataset:
        t = int(item.id) // STEP
        labels = dataset.categories()[datumaro.AnnotationType.label]
        for annotation in item.annotations:
            mask = np.asarray(annotation.image) > 0
            values = set(flat(t)[mask].tolist())
            assert len(values) == 1, values
            identity = values.pop()
            assert labels[annotation.label].name == CATEGORIES[IDS.index(identity)]
            same(mask, flat(t) == identity, "cvat-masks by Datumaro")
        assert len(item.annotations) == len(set(flat(t).ravel().tolist()) - {0})
    ok("cvat-masks", "Pillow, Datumaro (VOC)")


def check_mots():
    import trackeval
    found = np.zeros((N, H, W), np.int64)
    for line in open(f"{folder}/mots.txt"):
        frame, identity, group, height, width, counts = line.split()
        assert (int(height), int(width)) == (H, W) and int(identity) // 1000 == int(group)
        mask = coco_mask.decode({"size": [H, W], "counts": counts.encode()}) > 0
        assert not found[int(frame) // STEP][mask].any(), "masks overlap"
        found[int(frame) // STEP][mask] = int(identity)
    for t in range(N):
        same(found[t] % 1000, flat(t), "mots")
        for k, identity in enumerate(IDS):
            assert set(found[t][flat(t) == identity].tolist()) <= {1000 * CLASSES[CATEGORIES[k]] + identity}
    base = f"{folder}/trackeval/mots"
    link(f"{folder}/mots.txt", f"{base}/gt/label_02/street.txt")
    link(f"{folder}/mots.txt", f"{base}/trackers/ours/data/street.txt")
    config = trackeval_config(GT_FOLDER=f"{base}/gt", TRACKERS_FOLDER=f"{base}/trackers", SEQ_INFO={"street": STEP * N})
    dataset = trackeval.datasets.KittiMOTS(config)
    metrics = [(trackeval.metrics.HOTA({"PRINT_CONFIG": False}), "HOTA"), (trackeval.metrics.CLEAR({"PRINT_CONFIG": False}), "sMOTA")]
    for name in ("car", "pedestrian"):
        perfect(dataset, "street", name, metrics)
    ok("mots", "pycocotools, TrackEval (HOTA and sMOTSA of itself are 1)")


def check_mots_png():
    for t in range(N):
        image = Image.open(f"{folder}/mots-png/{STEP * t:05d}.png")
        values = np.array(image).astype(np.int64)
        expected = np.zeros((H, W), np.int64)
        for k, identity in enumerate(IDS):
            expected[flat(t) == identity] = 1000 * CLASSES[CATEGORIES[k]] + identity
        same(values, expected, "mots-png")
    import datumaro
    base = f"{folder}/datumaro-mots/train/instances"
    os.makedirs(base)
    open(f"{base}/labels.txt", "w").write("car\npedestrian\n")
    for name in os.listdir(f"{folder}/mots-png"):
        link(f"{folder}/mots-png/{name}", f"{base}/{name}")
    masks = 0
    dataset = datumaro.Dataset.import_from(f"{folder}/datumaro-mots", "mots")
    labels = dataset.categories()[datumaro.AnnotationType.label]
    for item in dataset:
        for annotation in item.annotations:
            identity = annotation.attributes["track_id"]
            assert labels[annotation.label].name == CATEGORIES[IDS.index(identity)]
            same(np.asarray(annotation.image) > 0, flat(int(item.id) // STEP) == identity, "mots-png by Datumaro")
            masks += 1
    assert masks > N
    ok("mots-png", f"Pillow, Datumaro ({masks} masks)")


def check_sav():
    document = json.load(open(f"{folder}/sav.json"))
    assert (document["video_width"], document["video_height"], len(document["masklet"])) == (W, H, N)
    for t, masks in enumerate(document["masklet"]):
        assert len(masks) == len(document["masklet_id"]) == document["masklet_num"]
        for identity, mask in zip(document["masklet_id"], masks):
            same(coco_mask.decode(mask), truth[t, IDS.index(identity)], "sav")
    ok("sav", "pycocotools")


def check_sav_folders():
    base = f"{folder}/sav-folders/Annotations_6fps/street"
    for k, identity in enumerate(IDS):
        for t in range(N):
            path = f"{base}/{identity:03d}/{STEP * t:05d}.png"
            found = picture(path) if os.path.exists(path) else np.zeros((H, W), np.uint8)
            same(found > 0, truth[t, k] > 0, "sav-folders")
    ok("sav-folders", "Pillow")


def check_yolo():
    import yaml
    names = yaml.safe_load(open(f"{folder}/yolo/data.yaml"))["names"]
    for t in range(N):
        found = {}
        for line in open(f"{folder}/yolo/labels/train/{STEP * t:05d}.txt"):
            values = [float(v) for v in line.split()[1:]]
            assert len(values) >= 6 and all(0 <= v <= 1 for v in values)
            # A point at the right or lower edge is 1, which has no pixel of its own.
            points = [v * (W if i % 2 == 0 else H) for i, v in enumerate(values)]
            mask = coco_mask.decode(coco_mask.frPyObjects([points], H, W))[:, :, 0]
            name = names[int(line.split()[0])]
            found[name] = found.get(name, np.zeros((H, W), bool)) | (mask > 0)
        for name in CLASSES:
            expected = np.zeros((H, W), bool)
            for k, category in enumerate(CATEGORIES):
                if category == name:
                    expected |= truth[t, k] > 0
            same(found.get(name, np.zeros((H, W), bool)), expected, "yolo")
    ok("yolo", "PyYAML, pycocotools")


def check_supervisely():
    base = f"{folder}/supervisely"
    meta = json.load(open(f"{base}/meta.json"))
    assert sorted(c["title"] for c in meta["classes"]) == ["car", "pedestrian"]
    document = json.load(open(f"{base}/dataset/ann/street.json"))
    assert document["size"] == {"height": H, "width": W} and document["framesCount"] == STEP * (N - 1) + 1
    titles = {o["key"]: o["classTitle"] for o in document["objects"]}
    order = {}
    for frame in document["frames"]:
        t = frame["index"] // STEP
        assert len(frame["figures"]) == sum(truth[t, k].any() for k in range(len(IDS)))
        for figure in frame["figures"]:
            k = order.setdefault(figure["objectKey"], int(figure["objectKey"][:16], 16))
            bitmap = figure["geometry"]["bitmap"]
            image = np.array(Image.open(io.BytesIO(zlib.decompress(base64.b64decode(bitmap["data"])))))
            x, y = bitmap["origin"]
            mask = np.zeros((H, W), bool)
            mask[y:y + image.shape[0], x:x + image.shape[1]] = image > 0
            same(mask, truth[t, IDS.index(k)] > 0, "supervisely")
            assert titles[figure["objectKey"]] == CATEGORIES[IDS.index(k)]
    ok("supervisely", "Pillow, zlib, base64 as its SDK reads bitmaps")


def check_csv():
    rows = list(csv.DictReader(open(f"{folder}/csv.csv", newline="")))
    for row in rows:
        mask = truth[int(row["frame"]) // STEP, IDS.index(int(row["object"]))]
        ys, xs = np.nonzero(mask)
        assert int(row["area"]) == len(xs) and row["name"] == f'object, "{row["object"]}"'
        assert (int(row["left"]), int(row["top"]), int(row["width"])) == (xs.min(), ys.min(), xs.max() - xs.min() + 1)
        assert abs(float(row["center_x"]) - xs.mean() - 0.5) < 1e-3 and abs(float(row["center_y"]) - ys.mean() - 0.5) < 1e-3
    assert len(rows) > N
    points = list(csv.DictReader(open(f"{folder}/csv-points.csv", newline="")))
    for row in points:
        t = int(row["frame"]) // STEP
        assert (float(row["x"]), float(row["y"]), row["visible"]) == (t + 0.5, 2.25, "0" if t == 1 else "1")
    assert len(points) == len(rows)
    ok("csv", "Python's csv")
    ok("csv-points", "Python's csv")


def probe(path):
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-count_frames", "-of", "json", path]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["streams"][0]


def decoded(path, form, bytes_per_pixel, *before):
    command = ["ffmpeg", "-v", "error", *before, "-i", path, "-f", "rawvideo", "-pix_fmt", form, "-"]
    data = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(data, np.uint8).reshape(-1, *bytes_per_pixel)


def union(t):
    return truth[t].any(0)


def pictures():
    ys, xs = np.mgrid[0:H, 0:W]
    return [np.stack([xs, 2 * ys, np.full((H, W), 10 * t + 40)], 2).astype(np.uint8) for t in range(N)]


def check_videos():
    for name in ("overlay", "cutout"):
        stream = probe(f"{folder}/{name}.mp4")
        assert stream["codec_name"] == "h264" and int(stream["nb_read_frames"]) == N
    frames = decoded(f"{folder}/cutout.mp4", "rgb24", (H + H % 2, W + W % 2, 3))
    for t in range(N):
        from scipy.ndimage import binary_erosion
        outside = binary_erosion(~union(t), iterations=3)
        difference = np.abs(frames[t][:H, :W][outside].astype(int) - [0, 177, 64])
        assert difference.size == 0 or np.median(difference) <= 4, np.median(difference)
    ok("overlay", "ffprobe")
    ok("cutout", "ffprobe, a decode of the colour")
    for t in range(N):
        image = Image.open(f"{folder}/rgba/{STEP * t:05d}.png")
        assert image.mode == "RGBA"
        same(np.array(image)[:, :, 3], union(t) * 255, "rgba")
        same(np.array(image)[:, :, :3], pictures()[t], "rgba, colours")
    ok("rgba", "Pillow")
    stream = probe(f"{folder}/prores.mov")
    assert stream["codec_name"] == "prores" and stream["codec_tag_string"] == "ap4h", stream["codec_tag_string"]
    assert stream["pix_fmt"].startswith("yuva444p") and int(stream["nb_read_frames"]) == N, stream["pix_fmt"]
    frames = decoded(f"{folder}/prores.mov", "rgba", (H, W, 4))
    for t in range(N):
        same(frames[t][:, :, 3], union(t) * 255, "prores")
        assert np.abs(frames[t][:, :, :3].astype(int) - pictures()[t]).mean() < 3
    ok("prores", "ffprobe, a decode of the alpha (exact)")
    stream = probe(f"{folder}/vp9.webm")
    tags = {k.lower(): v for k, v in stream["tags"].items()}
    assert stream["codec_name"] == "vp9" and tags["alpha_mode"] == "1" and int(stream["nb_read_frames"]) == N, stream
    frames = decoded(f"{folder}/vp9.webm", "rgba", (H, W, 4), "-c:v", "libvpx-vp9")
    for t in range(N):
        opaque = frames[t][:, :, 3] > 127
        agreement = (opaque & union(t)).sum() / (opaque | union(t)).sum()
        assert agreement > 0.97, agreement
    ok("vp9", "ffprobe, a decode of the alpha")


def encoded(mask, as_text=True):
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": rle["size"], "counts": rle["counts"].decode() if as_text else rle["counts"]}


def run_list(mask):
    values = mask.astype(np.uint8).ravel(order="F")
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = np.concatenate([[0], edges, [len(values)]])
    runs = np.diff(bounds).tolist()
    return {"size": [H, W], "counts": runs if values[0] == 0 else [0] + runs}


def present():
    return [(t, k, truth[t, k]) for t in range(N) for k in range(len(IDS)) if truth[t, k].any()]


def write_coco(base):
    def document(segmentation):
        images = [{"id": 100 + t, "file_name": f"x/{t:06d}.jpg", "width": W, "height": H} for t in range(N)]
        categories = [{"id": 17, "name": "car"}, {"id": 3, "name": "pedestrian"}]
        annotations = [
            {"id": i + 1, "image_id": 100 + t, "category_id": 17 if CATEGORIES[k] == "car" else 3, "iscrowd": 0, "area": int(m.sum()),
             "bbox": coco_mask.toBbox(coco_mask.encode(np.asfortranarray(m))).tolist(), "segmentation": segmentation(m),
             "attributes": {"occluded": False, "track_id": IDS[k]}} for i, (t, k, m) in enumerate(present())]
        return {"annotations": annotations, "categories": categories, "images": images}

    json.dump(document(encoded), open(f"{base}/coco-compressed.json", "w"), indent=1)
    json.dump(document(run_list), open(f"{base}/coco-lists.json", "w"))

    # Slanted polygons, whose pixels depend on every step of how COCO fills: truth is what pycocotools makes of them.
    shapes = np.random.default_rng(3)
    for t, k, _ in present():
        truth[t, k] = 0
    polygons = {}
    for t in range(N):
        for k in range(len(IDS)):
            if (t + k) % 4 == 3:
                continue
            lines = [(shapes.random(2 * shapes.integers(3, 9)) * np.tile([W + 6, H + 6], 1)[0] - 3).tolist() for _ in range(1 + k % 2)]
            mask = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(lines, H, W)))
            truth[t, k] = mask
            polygons[mask.tobytes()] = lines
    json.dump(document(lambda m: polygons[m.tobytes()]), open(f"{base}/coco-polygons.json", "w"))
    truth.tofile(f"{base}/polygons.bin")


def write_others(base):
    from cvat_sdk.masks import encode_mask
    files = [f"street/{t:05d}.jpg" for t in range(N)]
    annotations = [
        {"id": identity, "video_id": 4, "category_id": 1, "iscrowd": 0, "width": W, "height": H,
         "segmentations": [run_list(truth[t, k]) if truth[t, k].any() else None for t in range(N)]} for k, identity in enumerate(IDS)]
    video = {"id": 4, "width": W, "height": H, "length": N, "file_names": files}
    document = {"videos": [video], "annotations": annotations, "categories": [{"id": 1, "name": "thing"}]}
    json.dump(document, open(f"{base}/youtube-vis.json", "w"))

    root = ElementTree.Element("annotations")
    for t in reversed(range(N)):
        image = ElementTree.SubElement(root, "image", id=str(t), name=f"a/{t}.png", width=str(W), height=str(H))
        for k, identity in enumerate(IDS):
            if truth[t, k].any():
                *runs, x1, y1, x2, y2 = encode_mask(truth[t, k].astype(bool))
                ElementTree.SubElement(
                    image, "mask", label=CATEGORIES[k], rle=", ".join(map(str, runs)), left=str(x1), top=str(y1), width=str(x2 - x1 + 1),
                    height=str(y2 - y1 + 1), group_id=str(identity))
    ElementTree.ElementTree(root).write(f"{base}/cvat.xml", encoding="utf-8", xml_declaration=True)

    with open(f"{base}/mots.txt", "w") as out:
        for t in range(N):
            for k, identity in enumerate(IDS):
                mask = flat(t) == identity
                if mask.any():
                    group = CLASSES[CATEGORIES[k]]
                    out.write(f"{t} {1000 * group + identity} {group} {H} {W} {encoded(mask)['counts']}\n")
    json.dump(
        {"video_id": "sav_1", "video_frame_count": 4.0 * N, "video_width": float(W), "video_height": float(H), "masklet_id": IDS,
         "masklet": [[encoded(truth[t, k]) for k in range(len(IDS))] for t in range(N)]}, open(f"{base}/sav.json", "w"))
    for name in ("mots", "davis", "masks"):
        os.makedirs(f"{base}/{name}")
    for t in range(N):
        values = flat(t)
        classes = np.zeros((H, W), np.uint16)
        for k, identity in enumerate(IDS):
            classes[values == identity] = 1000 * CLASSES[CATEGORIES[k]] + identity
        Image.fromarray(classes).save(f"{base}/mots/{t:05d}.png")
        Image.fromarray(values.astype(np.uint8)).save(f"{base}/masks/{t:05d}.png")
        palette = Image.fromarray(np.where(np.arange(W) == -1, 255, values).astype(np.uint8))
        palette.putpalette([v for i in range(256) for v in (i, 255 - i, 7 * i % 256)])
        palette.save(f"{base}/davis/{t:05d}.png")
        for k, identity in enumerate(IDS):
            for kind, value in (("png", 255), ("sav", 1)):
                os.makedirs(f"{base}/{kind}/{identity:03d}", exist_ok=True)
                Image.fromarray(truth[t, k] * value).save(f"{base}/{kind}/{identity:03d}/{t:05d}.png")


if sys.argv[1] == "check":
    failures = 0
    for check in [
            check_masks, check_davis, check_png, check_rle, check_coco, check_coco_polygons, check_youtube_vis, check_cvat_images,
            check_cvat_video, check_cvat_masks, check_mots, check_mots_png, check_sav, check_sav_folders, check_yolo, check_supervisely,
            check_csv, check_videos]:
        try:
            check()
        except Exception:
            traceback.print_exc()
            failures += 1
    sys.exit(1 if failures else 0)
else:
    os.makedirs(f"{folder}/foreign")
    write_others(f"{folder}/foreign")
    write_coco(f"{folder}/foreign")
