"""The timeline: scrubbing, zooming, ranges, and a video of ten thousand frames."""

import os
import time

LONG = 10_000


class Timeline:
    def over(self, page, frame, row=20):
        """A frame's place on the timeline, on the screen."""
        box = page.box("#timeline")
        return box["x"] + page.page.evaluate(f"window.sampt.timeline.xOf({frame} + 0.5)"), box["y"] + row

    def test_scrubs_by_mouse(self):
        page, mouse = self.page, self.page.page.mouse
        page.show(0)
        mouse.move(*self.over(page, 10))
        mouse.down()
        assert page.page.evaluate("[window.sampt.session.frame, window.sampt.session.isScrubbing]") == [10, True]
        seen = set()
        for frame in range(12, 101, 4):
            mouse.move(*self.over(page, frame))
            assert page.page.evaluate("window.sampt.session.frame") == frame
            page.page.wait_for_timeout(20)
            seen.add(page.page.locator("#canvas").get_attribute("data-shown"))
        assert len(seen) > 5, f"while it is dragged, the picture stands still: {seen}"
        mouse.up()
        page.wait_for_frame(100)
        assert page.page.evaluate("window.sampt.session.isScrubbing") is False
        # Under a pointer that is held still it says what is there.
        mouse.move(*self.over(page, 60))
        text = page.page.locator("#pointed").inner_text()
        assert text.startswith("frame 60"), text

    def test_limits_tracking_by_shift_and_dragging(self):
        page, mouse = self.page, self.page.page.mouse
        mouse.move(*self.over(page, 70))
        page.page.keyboard.down("Shift")
        mouse.down()
        mouse.move(*self.over(page, 40), steps=4)
        mouse.up()
        page.page.keyboard.up("Shift")
        assert page.page.evaluate("window.sampt.timeline.range") == [40, 70]
        page.focus()
        page.press("Escape")
        assert page.page.evaluate("window.sampt.timeline.range") is None

    def test_zooms_the_timeline(self):
        page = self.page
        shown = lambda: page.page.evaluate("[window.sampt.timeline.first, window.sampt.timeline.count]")
        place = self.over(page, 90)
        page.page.mouse.move(*place)
        page.page.mouse.wheel(0, -400)
        page.wait(lambda: shown()[1] < self.last / 1.5, "fewer frames")
        # What is under the pointer stays there, wherever the frame on the screen is.
        assert abs(self.over(page, 90)[0] - place[0]) < 2
        # No farther than to 20 frames, and back to all.
        for _ in range(6):
            page.page.mouse.wheel(0, -600)
        page.wait(lambda: shown()[1] == 20, "20 frames")
        for _ in range(8):
            page.page.mouse.wheel(0, 600)
        page.wait(lambda: shown() == [0, self.last + 1], "all frames")
        # By keyboard: around the frame on the screen, which stays in sight.
        page.show(100)
        page.page.locator("#timeline").focus()
        scale = page.page.evaluate("window.sampt.stage.camera.scale")
        for _ in range(4):
            page.press("+")
        first, count = shown()
        assert count < 0.5 * self.last and first <= 100 < first + count
        page.press("-")
        assert shown()[1] > count
        page.press("0")
        assert shown() == [0, self.last + 1]
        assert page.page.evaluate("window.sampt.stage.camera.scale") == scale, "the picture is zoomed, too"
        # It says where it is.
        assert page.page.locator("#timeline").get_attribute("aria-valuenow") == "100"

    def test_ten_thousand_frames(self):
        """A folder of pictures: some are there under many names."""
        folder = os.path.join(self.folder, "long")
        os.mkdir(folder)
        for i in range(LONG):
            path = os.path.join(folder, f"{i:05}.jpg")
            if i < 40:
                with open(path, "wb") as file:
                    file.write(self.annotator.get(f"api/frames/{i}.jpg?width=320"))
            else:
                os.link(os.path.join(folder, f"{i % 40:05}.jpg"), path)
        annotator, page = self.fresh("long", video=folder)
        page.focus()
        page.press("End")
        page.wait_for_frame(LONG - 1)
        page.show(5000)
        page.click(112, 62)
        page.wait(lambda: page.state()["objects"] and page.area(5000) > 0, "a mask")
        # Some of it is tracked; the timeline comes and is drawn at once, as a whole and near by.
        page.page.evaluate("window.sampt.timeline.setRange([4990, 5010])")
        page.focus()
        page.press("t")
        page.wait(lambda: page.page.evaluate("Boolean(window.sampt.session.state.propagation)"), "tracking began")
        page.wait(lambda: page.state().get("propagation") is None, "tracking ended", 60)
        began = time.monotonic()
        strip = annotator.json("api/timeline")["objects"][0]
        took = time.monotonic() - began
        assert strip["outdated"] == [[0, 4989], [5011, LONG - 1]], strip["outdated"]
        page.page.locator("#timeline").focus()
        for _ in range(24):
            page.press("+")
        first, count = page.page.evaluate("[window.sampt.timeline.first, window.sampt.timeline.count]")
        assert 20 <= count < 100 and first <= 5000 < first + count
        # A drag over all of it shows frames on the way, and ends where it is let go.
        page.press("0")
        page.page.mouse.move(*self.over(page, 50))
        page.page.mouse.down()
        shown = set()
        for frame in range(500, LONG, 500):
            page.page.mouse.move(*self.over(page, frame))
            page.page.wait_for_timeout(40)
            shown.add(page.page.locator("#canvas").get_attribute("data-shown"))
        page.page.mouse.up()
        page.wait_for_frame(page.page.evaluate("window.sampt.session.frame"))
        assert len(shown) > 5, f"only {shown} were shown"
        page.page.close()
        annotator.close()
        return f"the timeline came in {1000 * took:.0f} ms"
