"""A person who is quicker than the program, and a program that does not answer."""

import contextlib
import os
import signal

from playwright.sync_api import expect

from marking import NEGATIVE, POSITIVE


class Haste:
    @contextlib.contextmanager
    def held(self, page):
        """Edits are on their way all the while, as over a slow line."""
        page.page.evaluate(
            """() => {
              const { fetch } = window;
              const held = new Promise((done) => (window.release = done));
              window.fetch = async (path, options) => {
                if (path.startsWith("api/edits")) await held;
                return fetch(path, options);
              };
              held.then(() => (window.fetch = fetch));
            }"""
        )
        yield
        page.page.evaluate("window.release()")

    def anchors(self, page):
        return {one["id"]: one["anchors"] for one in page.state()["objects"]}

    def points(self, page, frame):
        return [len(one["prompts"]["points"]) for one in page.masks(frame)["objects"]]

    def test_marks_are_of_the_frame_they_were_made_in(self):
        annotator, page = self.fresh("haste")
        page.focus()
        # Clicks that make a new object make one, and stay in their frame.
        with self.held(page):
            for place in POSITIVE[:2]:
                page.click(*place, shift=True)
            page.press("ArrowRight")
            page.wait_for_frame(1)
        page.wait(lambda: self.points(page, 0) == [2], "both clicks in their frame")
        assert self.anchors(page) == {1: [0]}
        # Of two objects, each gets what is its; a box, too.
        with self.held(page):
            page.click(*POSITIVE[2], shift=True)
            page.press("a")
            page.drag((20, 380), (240, 560))
            page.press("1")
            page.press("ArrowRight")
            page.wait_for_frame(2)
        page.wait(lambda: self.anchors(page) == {1: [0, 1], 2: [1]}, "a click and a box, each where it was made")
        assert page.page.evaluate("window.sampt.session.selected") == 1, "the new object is selected, though a person went on to another"
        # What is cleared is the frame that was looked at.
        page.show(0)
        with self.held(page):
            page.press("Shift+Delete")
            page.press("ArrowRight")
            page.wait_for_frame(1)
        page.wait(lambda: self.anchors(page) == {1: [1], 2: [1]}, "the marks of the first frame are gone")
        page.page.close()
        annotator.close()

    def test_masks_come_with_the_answer(self):
        """A click asks once, unless its mask takes long."""
        annotator, page = self.fresh("answer")
        page.click(*POSITIVE[0])
        page.wait(lambda: self.points(page, 0) == [1], "a click")
        page.page.evaluate(
            """() => {
              const { fetch } = window;
              window.asked = [];
              window.fetch = (path, options) => {
                window.asked.push(path.split("?")[0]);
                const began = performance.now();
                const answer = fetch(path, options);
                if (path.startsWith("api/edits")) answer.then(() => (window.took = performance.now() - began));
                return answer;
              };
            }"""
        )
        asked, took = [], []
        for count, (x, y) in enumerate([*POSITIVE[1:], *NEGATIVE], start=2):
            page.page.evaluate("window.asked = []")
            page.click(x, y, shift=True)
            shown = "window.sampt.session.masksNow(0)?.objects[0]?.prompts.points.length"
            page.wait(lambda: page.page.evaluate(shown) == count, "one more click")
            asked.append(page.page.evaluate("window.asked"))
            took.append(page.page.evaluate("window.took"))
        assert all("api/edits" in one for one in asked), asked
        for one, milliseconds in zip(asked, took):
            assert milliseconds > 250 or "api/masks/0" not in one, f"masks are asked for after an answer in {milliseconds} ms: {one}"
        page.page.close()
        annotator.close()

    def test_a_program_that_hangs_does_nothing_later(self):
        annotator, page = self.fresh("hangs")
        page.click(*POSITIVE[0])
        page.wait(lambda: self.points(page, 0) == [1], "a click")
        page.focus()
        silent = list(self.complaints)
        os.kill(annotator.process.pid, signal.SIGSTOP)
        try:
            # The first is on its way, the others wait for it: they are dropped, and that is said.
            for place in [*POSITIVE[1:], (480, 250)]:
                page.click(*place, shift=True)
            expect(page.page.locator("#message")).to_contain_text("may be missing", timeout=40_000)
            expect(page.page.locator("#connection")).to_contain_text("Connection lost")
            page.click(*POSITIVE[1], shift=True)
            expect(page.page.locator("#message")).to_contain_text("nothing is changed")
            page.press("ArrowRight")
        finally:
            os.kill(annotator.process.pid, signal.SIGCONT)
        expect(page.page.locator("#connection")).to_have_text("", timeout=40_000)
        page.wait_for_frame(1)
        page.click(*POSITIVE[0], shift=True)
        page.wait(lambda: self.points(page, 1) == [1], "work goes on, with what is clicked now alone")
        assert self.points(page, 0) in ([1], [2]), "what waited was done in silence"
        self.complaints[:] = silent
        page.page.close()
        annotator.close()
