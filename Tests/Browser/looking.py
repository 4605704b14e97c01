"""How things are shown: brightness, onion skin, previews, outlines, motion."""

from playwright.sync_api import expect

from marking import MARKED


def luma(pixel):
    return 0.3 * pixel[0] + 0.59 * pixel[1] + 0.11 * pixel[2]


class Looking:
    def slide(self, name, value):
        self.page.page.evaluate(
            "([id, value]) => { const e = document.getElementById(id); e.value = value; e.dispatchEvent(new Event('input')); }",
            [f"view-{name}", value],
        )

    def test_brightness_and_contrast(self):
        self.page.show(MARKED)
        place = (1000, 600)
        before = self.page.pixel(*place)
        self.slide("brightness", 1.8)
        self.page.pixel_soon(place, lambda found: luma(found) > luma(before) + 15)
        self.slide("brightness", 1)
        self.slide("contrast", 0.4)
        self.page.pixel_soon(place, lambda found: abs(luma(found) - 128) < abs(luma(before) - 128) + 1 and found != before)
        # They stay with the browser.
        self.page.page.reload()
        self.page.wait_for_frame(0)
        assert self.page.page.locator("#view-contrast").input_value() == "0.4"
        self.page.page.locator("#view-contrast").dblclick()
        assert self.page.page.locator("#view-contrast").input_value() == "1"
        self.page.show(MARKED)
        self.page.pixel_soon(place, lambda found: found == before)

    def test_onion_skin(self):
        self.page.show(20)
        self.page.focus()
        place = next(p for p in [(400, 300), (300, 300), (500, 200), (350, 400)] if self.differs(20, p))
        before = self.page.pixel(*place)
        self.page.press("i")
        expect(self.page.page.locator("#view-onion")).to_be_checked()
        self.page.pixel_soon(place, lambda found: found != before)
        self.page.press("i")
        self.page.pixel_soon(place, lambda found: found == before)

    def test_trails(self):
        """Where the selected object's points have come from, while that is wanted."""
        page = self.page.page
        self.page.focus()
        self.page.press("1")
        self.page.show(40)
        self.page.wait_for_frame(40)
        tracks = page.evaluate("fetch('api/tracks/1?from=20&to=40').then(r => r.json())")["frames"]
        place = self.on_a_trail(tracks)
        before = self.page.pixel(*place)
        page.locator("#view-trails").check()
        seen = self.page.pixel_soon(place, lambda found: found != before)
        # They are drawn with the frame on the screen alone.
        self.page.show(0)
        self.page.show(40)
        self.page.pixel_soon(place, lambda found: found == seen)
        # An object that was just taken back has none, and that is no error.
        assert page.evaluate("fetch('api/tracks/999?from=20&to=40').then(r => r.json())")["frames"] == {}
        page.locator("#view-trails").uncheck()
        self.page.pixel_soon(place, lambda found: found == before)
        self.page.focus()

    def on_a_trail(self, tracks):
        """A place that a point has passed, away from where points are drawn now."""
        now = [(point["x"], point["y"]) for point in tracks["40"]]
        for frame in range(39, 21, -1):
            for point in tracks.get(str(frame), []):
                following = next((one for one in tracks[str(frame + 1)] if one["track"] == point["track"]), None)
                if not (following and point["visible"] and following["visible"]):
                    continue
                x, y = (point["x"] + following["x"]) / 2, (point["y"] + following["y"]) / 2
                if min((x - px) ** 2 + (y - py) ** 2 for px, py in now) > 100:
                    return x, y
        raise AssertionError("no point moves")

    def differs(self, frame, place):
        """Whether the picture changes there from the frame before."""
        self.page.show(frame - 1)
        before = self.page.pixel(*place)
        self.page.show(frame)
        return self.page.pixel(*place) != before

    def test_preview_under_the_pointer(self):
        page = self.page.page
        self.page.show(MARKED)
        self.page.focus()
        self.page.press("a")
        revision = self.page.state()["revision"]
        page.mouse.move(*self.page.place(850, 330))
        page.mouse.move(*self.page.place(860, 340), steps=3)
        self.page.wait(lambda: page.evaluate("Boolean(window.sampt.stage.preview?.mask)"), "a preview", 20)
        assert self.page.state()["revision"] == revision, "a preview changes something"
        # It is gone with the pointer, and does not come back over what a click gave.
        page.mouse.move(5, 5)
        assert page.evaluate("window.sampt.stage.preview") is None
        page.locator("#view-preview").uncheck()
        page.mouse.move(*self.page.place(850, 330))
        page.mouse.move(*self.page.place(860, 345), steps=3)
        page.wait_for_timeout(400)
        assert page.evaluate("window.sampt.stage.preview") is None
        page.locator("#view-preview").check()
        self.page.focus()
        self.page.press("Escape")

    def test_outlines_are_those_of_the_masks(self):
        wrong = self.page.page.evaluate(
            """async () => {
              const { RunMask } = await import("/page/runs.js");
              const runs = (bytes, width, height) => {
                const counts = [0];
                for (let place = 0, value = 0; place < bytes.length; place += 1) {
                  const pixel = bytes[(place % height) * width + Math.floor(place / height)];
                  if (pixel !== value) counts.push(0);
                  value = pixel;
                  counts[counts.length - 1] += 1;
                }
                return { size: [height, width], counts };
              };
              let seed = 1;
              const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
              const context = new OffscreenCanvas(16, 16).getContext("2d");
              for (let i = 0; i < 300; i += 1) {
                const [width, height] = [1 + Math.floor(random() * 15), 1 + Math.floor(random() * 15)];
                const bytes = Uint8Array.from({ length: width * height }, () => (random() < [0.2, 0.5, 0.8][i % 3] ? 1 : 0));
                const mask = new RunMask(runs(bytes, width, height));
                const outline = mask.outline();
                for (let p = 0; p < bytes.length; p += 1) {
                  const [x, y] = [(p % width) + 0.5, Math.floor(p / width) + 0.5];
                  if (mask.contains(x, y) !== Boolean(bytes[p])) return `pixel ${p} of mask ${i}`;
                  if (context.isPointInPath(outline, x, y, "evenodd") !== Boolean(bytes[p])) return `outline at pixel ${p} of mask ${i}`;
                }
              }
              return null;
            }"""
        )
        assert wrong is None, wrong

    def test_pages_know_how_old_masks_are(self):
        wrong = self.page.page.evaluate(
            """async () => {
              const { Frames } = await import("/page/frames.js");
              const asked = [];
              const frames = new Frames({
                load: (frame) => new Promise((answer) => asked.push({ frame, answer })), most: 2, kept: 10, onArrival() {}, onFailure() {},
              });
              const come = async (version) => {
                asked.at(-1).answer({ version });
                await new Promise((done) => setTimeout(done));
              };
              const wrong = [];
              const check = (what, isRight) => isRight || wrong.push(what);
              frames.want([7]);
              await come(3);
              check("what has come is fresh", frames.isFresh(7) && asked.length === 1);
              frames.outdate(() => true, 3);
              check("masks of a change's own number have it", frames.isFresh(7) && asked.length === 1);
              frames.outdate((frame) => frame === 8, 4);
              check("changes elsewhere", frames.isFresh(7) && asked.length === 1);
              frames.outdate((frame) => frame === 7, 4);
              check("older ones are asked for again, and stay meanwhile", !frames.isFresh(7) && asked.length === 2 && frames.now(7).version === 3);
              // A change is heard while they are on their way: the answer is from before it.
              frames.outdate(() => true, 6);
              frames.outdate(() => true, 5);
              await come(5);
              check("an answer from before a change", !frames.isFresh(7) && asked.length === 3 && frames.now(7).version === 5);
              await come(6);
              check("an answer that knows of it", frames.isFresh(7) && asked.length === 3);
              // Without a number, whatever is here or on its way is old, and what is asked for from then on is not.
              frames.outdate(() => true);
              check("all is old", !frames.isFresh(7) && asked.length === 4);
              frames.outdate(() => true);
              await come(9);
              check("so is what was on its way", !frames.isFresh(7) && asked.length === 5);
              await come(9);
              check("what is asked for afterwards is not", frames.isFresh(7) && asked.length === 5);
              return wrong;
            }"""
        )
        assert not wrong, wrong

    def test_a_new_page_misses_no_change(self):
        """What is changed between a page's first answers and its first news is asked for, and nothing is asked for twice without need."""
        for is_changed in [True, False]:
            page = self.context.new_page()
            asked, held = [], []
            page.on("request", lambda request: asked.append(request.url.split("/api/")[-1]) if "/api/" in request.url else None)
            page.route("**/api/events", lambda route: held.append(route))
            page.goto(self.annotator.address)
            expect(page.locator("#canvas")).to_have_attribute("data-frame", "0", timeout=20_000)
            self.page.wait(lambda: held, "the page listens")
            if is_changed:
                name, point = "newcomer", {"edit": "add-point", "object": 1, "frame": 0, "x": 450.5, "y": 250.5, "positive": True}
                self.page.page.evaluate("edit => window.sampt.session.edit(edit)", {"edit": "rename-object", "object": 1, "name": name})
                self.page.page.evaluate("edit => window.sampt.session.edit(edit)", point)
            known = "window.sampt.session.masksNow(0).objects[0].prompts.points.length"
            before = page.evaluate(known)
            held.pop().continue_()
            self.page.wait(lambda: page.evaluate("window.sampt.session.connected"), "news come")
            if is_changed:
                self.page.wait(lambda: page.evaluate(known) == before + 1, "the point that was added meanwhile")
                expect(page.locator('[data-focus="name-1"]')).to_have_value(name)
                for _ in range(2):
                    self.page.page.evaluate("window.sampt.session.edit({ edit: 'undo' })")
                self.page.wait(lambda: page.evaluate(known) == before, "undone")
            else:
                page.wait_for_timeout(300)
                assert asked.count("masks/0") == 1, f"masks are asked for again: {asked}"
            page.close()

    def test_reduced_motion(self):
        page = self.page.page
        duration = "getComputedStyle(document.getElementById('export')).transitionDuration"
        page.emulate_media(reduced_motion="reduce")
        assert page.evaluate(duration) == "0s"
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(duration) != "0s"

    def test_nothing_jumps_with_another_object(self):
        page = self.page.page
        before = page.locator("#canvas").bounding_box()
        self.page.show(MARKED)
        self.page.focus()
        count = len(self.page.state()["objects"])
        self.page.press("a")
        self.page.click(900, 340)
        self.page.wait(lambda: self.page.area(MARKED, count) > 0, "another object")
        assert page.locator("#canvas").bounding_box() == before
        self.page.press("Control+z")
        self.page.press("Control+z")
        self.page.wait(lambda: len(self.page.state()["objects"]) == count, "undo")

    def test_help_fits(self):
        page = self.page.page
        self.page.focus()
        self.page.press("?")
        box = page.locator("#help-dialog").evaluate("e => [e.scrollHeight, e.clientHeight, e.scrollWidth, e.clientWidth]")
        assert box[0] <= box[1] and box[2] <= box[3], f"the help has to be scrolled: {box}"
        self.page.press("Escape")
