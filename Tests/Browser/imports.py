"""Masks that are a start, and answers to choose from."""

import json
import os
import struct
import subprocess
import sys
import zipfile
import zlib

from playwright.sync_api import expect


class Imports:
    def test_imports_davis_pngs(self):
        with zipfile.ZipFile(os.path.join(self.folder, "masks.zip")) as masks:
            masks.extractall(os.path.join(self.folder, "davis"))
        folder = os.path.join(self.folder, "davis")
        while not any(name.endswith(".png") for name in os.listdir(folder)):
            folder = os.path.join(folder, next(name for name in sorted(os.listdir(folder)) if os.path.isdir(os.path.join(folder, name))))
        self.imported = self.fresh("imported")
        annotator, page = self.imported
        page.page.locator("#import").click()
        page.page.locator("#import-path").fill(folder)
        page.page.locator("#import-start").click()
        expect(page.page.locator("#import-message")).to_contain_text("masks of 1 object", timeout=60_000)
        page.press("Escape")
        assert len(page.state()["objects"]) == 1
        assert page.area(0) > 500 and page.area(self.last) > 500
        # One step back, and on again.
        objects, masks = page.state()["objects"], page.masks(40)["objects"]
        page.focus()
        page.press("Control+z")
        page.wait(lambda: page.state()["objects"] == [], "the whole import undone")
        assert not page.state()["canUndo"] and page.masks(40)["objects"] == []
        page.press("Control+Shift+Z")
        page.wait(lambda: page.state()["objects"] == objects, "and done again")
        assert page.masks(40)["objects"] == masks

    def test_imports_a_coco_file(self):
        annotator, page = self.imported
        path = os.path.join(self.folder, "page.json")
        page.page.locator("#import").click()
        page.page.locator("#import-file").set_input_files(path)
        assert page.page.locator("#import-path").input_value() == "", "a path of before counts beside the file"
        page.page.locator("#import-start").click()
        expect(page.page.locator("#import-message")).to_contain_text("masks of 1 object", timeout=60_000)
        page.press("Escape")
        assert len(page.state()["objects"]) == 2
        # The file's pixels, and the DAVIS masks' of the same export. The new object takes what both have.
        with open(path) as file:
            annotations = json.load(file)["annotations"]
        whole = json.loads(annotator.get("api/masks/40?whole=1"))["objects"]
        areas = [one.get("rle") and one["rle"]["counts"] for one in whole]
        assert areas[0] == areas[1], "the two imports of one export differ"
        assert len(annotations) > self.last / 2

    def test_imports_a_youtube_vis_file(self):
        annotator, page = self.imported
        path = os.path.join(self.folder, "page-vis.json")
        page.page.locator("#export").click()
        page.page.locator("#export-format").select_option("youtube-vis")
        page.page.locator("input[value=path]").check()
        page.page.locator("#export-path").fill(path)
        page.page.locator("#export-start").click()
        expect(page.page.locator("#export-message")).to_contain_text("Written", timeout=120_000)
        page.press("Escape")
        with open(path) as file:
            tracks = json.load(file)["annotations"]
        before = page.state()["objects"]
        page.page.locator("#import").click()
        page.page.locator("#import-path").fill(path)
        page.page.locator("#import-start").click()
        expect(page.page.locator("#import-message")).to_contain_text(f"of {len(tracks)} object", timeout=60_000)
        page.press("Escape")
        objects = page.state()["objects"]
        assert objects[: len(before)] == before and len(objects) == len(before) + len(tracks)
        # Frame by frame where the file has masks, and nowhere else.
        for track, object in zip(tracks, objects[len(before) :]):
            assert object["anchors"] == [frame for frame, mask in enumerate(track["segmentations"]) if mask is not None]
        page.focus()
        page.press("Control+z")
        page.wait(lambda: page.state()["objects"] == before, "undone at once")

    def test_refuses_what_is_no_mask(self):
        annotator, page = self.imported
        before = page.state()["objects"]
        bad = {"text.json": b"nonsense", "empty.json": b"{}", "deep.json": b"[" * 100_000, "bomb.zip": b"PK\x03\x04" + b"\0" * 100}
        for name, content in bad.items():
            page.page.locator("#import").click()
            page.page.locator("#import-file").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
            silent = list(self.complaints)
            page.page.locator("#import-start").click()
            expect(page.page.locator("#import-message")).not_to_have_text("Reading …", timeout=20_000)
            assert "masks of" not in page.page.locator("#import-message").inner_text(), name
            # The browser itself notes answers with an error status.
            self.complaints[:] = silent
            page.press("Escape")
        # A picture whose header promises ten thousand million pixels.
        huge = os.path.join(self.folder, "huge")
        os.mkdir(huge)
        header = struct.pack(">4sIIBBBBB", b"IHDR", 100_000, 100_000, 8, 3, 0, 0, 0)
        with open(os.path.join(huge, "00000.png"), "wb") as file:
            file.write(b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)))
            file.write(struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))
        page.page.locator("#import").click()
        page.page.locator("#import-path").fill(huge)
        silent = list(self.complaints)
        page.page.locator("#import-start").click()
        expect(page.page.locator("#import-message")).not_to_have_text("Reading …", timeout=20_000)
        assert "masks of" not in page.page.locator("#import-message").inner_text()
        self.complaints[:] = silent
        page.press("Escape")
        assert page.state()["objects"] == before
        page.page.close()
        annotator.close()

    def test_candidates(self):
        """With the built-in segmenter, and with one that has three answers of its own: SAM's architecture, small, with made-up weights."""
        annotator, page = self.fresh("answers", [])
        prompts = lambda: next((o["prompts"] for o in page.masks(0)["objects"]), {})

        def has_second_answer(x, y):
            """where several answers agree there is but one"""
            page.click(x, y)
            page.wait(lambda: prompts().get("points"), "a click")
            page.focus()
            page.press("m")
            try:
                page.wait(lambda: prompts().get("choice") == 1, "the second answer", 3)
            except AssertionError:
                page.press("Control+z")
                page.wait(lambda: not prompts().get("points"), "no click")
                return False
            return True

        assert any(has_second_answer(x, y) for x in (450, 300, 200, 550) for y in (250, 150, 320)), "no click has a second answer"
        page.wait(lambda: page.page.locator("#candidates button").count() in (2, 3), "the answers to choose from", 5)
        page.press("Control+z")
        page.wait(lambda: "choice" not in prompts(), "the first answer again")
        page.page.close()
        annotator.close()
        shared = os.environ.get("SAMPT_SHARED") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../shared")
        maker = os.path.join(shared, "parity", "make_checkpoint.py")
        if not os.path.exists(maker):
            return "not with several answers: there is no shared/parity/make_checkpoint.py"
        checkpoint = os.path.join(self.folder, "tiny.safetensors")
        manifest = os.path.join(shared, "parity", "sam_vit_tiny_test", "manifest.json")
        subprocess.run([sys.executable, maker, manifest, checkpoint], check=True, stdout=subprocess.DEVNULL)
        annotator, page = self.fresh("candidates", ["--segmenter", checkpoint])
        page.click(450, 250)
        page.wait(lambda: any(o["prompts"]["points"] for o in page.masks(0)["objects"]), "a click")
        page.focus()
        page.press("m")
        expect(page.page.locator("#candidates button")).to_have_count(3, timeout=30_000)
        chosen = []
        for _ in range(3):
            page.wait(lambda: page.masks(0)["objects"][0]["prompts"].get("choice") not in (None, *chosen[-1:]), "another answer", 30)
            chosen.append(page.masks(0)["objects"][0]["prompts"]["choice"])
            page.press("m")
        assert sorted(chosen) == [0, 1, 2], f"chosen were {chosen}"
        # By pointer, too; and what was chosen is undone like anything else.
        page.page.locator("#candidates button").nth(2).click()
        page.wait(lambda: page.masks(0)["objects"][0]["prompts"].get("choice") == 2, "the third answer")
        page.focus()
        page.press("Control+z")
        page.wait(lambda: page.masks(0)["objects"][0]["prompts"].get("choice") != 2, "undo")
        page.page.close()
        annotator.close()
