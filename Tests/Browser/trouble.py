"""What goes wrong: lost connections, killed programs, full disks, files that are gone, strangers."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from playwright.sync_api import expect

import hostile
from annotator import Annotator, Page


class Trouble:
    def test_comes_back_by_itself(self):
        """Killed and started again: the page goes on without being loaded again."""
        page = self.page.page
        before = self.page.state()["objects"]
        silent = list(self.complaints)
        page.evaluate("window.isTheSamePage = true")
        address = self.annotator.address
        self.annotator.kill()
        expect(page.locator("#connection")).to_contain_text("Connection lost", timeout=20_000)
        # Nothing is queued: what cannot be done is said, and not done later.
        self.page.focus()
        self.page.press("Control+z")
        expect(page.locator("#message")).to_contain_text("nothing is changed", timeout=10_000)
        self.page.press("t")
        expect(page.locator("#message")).to_contain_text("nothing is tracked", timeout=10_000)
        self.annotator.start()
        assert self.annotator.address == address, "another start has another address"
        expect(page.locator("#connection")).to_have_text("", timeout=20_000)
        self.complaints[:] = silent
        assert page.evaluate("window.isTheSamePage"), "the page was loaded again"
        page.wait_for_timeout(500)
        assert self.page.state()["objects"] == before, "acknowledged edits are there, and no others"
        # It works on: an edit, a frame that was not looked at, and news.
        field = page.locator('[data-focus="name-1"]')
        field.fill("hare")
        field.press("Enter")
        self.page.wait(lambda: self.page.state()["objects"][0]["name"] == "hare", "an edit after the return")
        self.page.focus()
        self.page.show(77)
        assert page.evaluate("window.sampt.session.object(1).name") == "hare"

    def test_export_that_ends_at_once(self):
        """Its end is told before the page knows its number."""
        annotator, page = self.fresh("export-ends")
        page.page.evaluate(
            """() => {
              const { fetch } = window;
              window.fetch = async (path, options) => {
                if (path !== "api/export") return fetch(path, options);
                const isOver = new Promise((done) => window.sampt.session.addEventListener("export", ({ detail }) => detail.error && done()));
                const answer = await fetch(path, options);
                await isOver;
                return answer;
              };
            }"""
        )
        page.page.locator("#export").click()
        page.page.locator("#export-start").click()
        expect(page.page.locator("#export-message")).to_contain_text("no objects", timeout=20_000)
        expect(page.page.locator("#export-start")).to_be_enabled()
        page.page.close()
        annotator.close()

    def test_export_whose_program_is_gone(self):
        """The one that comes back knows nothing of it: that is said, and it can be exported again."""
        annotator, page = self.fresh("export-gone")
        page.page.evaluate(
            """() => {
              const { fetch } = window;
              const answer = (body) => new Response(JSON.stringify(body));
              window.isWriting = true;
              window.fetch = async (path, options) => {
                if (path === "api/export") return answer({ export: 99 });
                if (path === "api/exports/99" && window.isWriting) return answer({ export: 99, done: 1, total: 9 });
                return fetch(path, options);
              };
            }"""
        )
        page.page.locator("#export").click()
        page.page.locator("#export-start").click()
        expect(page.page.locator("#export-progress")).to_have_attribute("value", "1")
        expect(page.page.locator("#export-start")).to_be_disabled()
        silent = list(self.complaints)
        page.page.evaluate("window.isWriting = false")
        annotator.kill()
        expect(page.page.locator("#connection")).to_contain_text("Connection lost", timeout=20_000)
        annotator.start()
        expect(page.page.locator("#export-message")).to_contain_text("Export them again", timeout=20_000)
        expect(page.page.locator("#export-start")).to_be_enabled()
        self.complaints[:] = silent
        page.page.close()
        annotator.close()

    def test_bookmark_outlives_the_browser(self):
        """The address without the token, in a browser that was started anew: only cookies with a date are there still."""
        kept = [cookie for cookie in self.context.cookies() if cookie["expires"] > time.time() + 7 * 24 * 3600]
        browser = self.browser.new_context()
        browser.add_cookies(kept)
        page = browser.new_page()
        assert page.goto(f"http://127.0.0.1:{self.annotator.port}/").status == 200
        browser.close()

    def test_remembers_for_its_user_alone(self):
        folder = os.path.join(self.folder, "state", "annotator")
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        names = os.listdir(folder)
        assert names and all(stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) == 0o600 for name in names)

    def test_another_token_is_said(self):
        """After a start with another token the page says what to do, instead of trying for ever."""
        page = self.page.page
        silent = list(self.complaints)
        port = self.annotator.port
        self.annotator.kill()
        expect(page.locator("#connection")).to_contain_text("Connection lost", timeout=20_000)
        self.annotator.start("--new-token")
        assert self.annotator.port == port
        expect(page.locator("#connection")).to_contain_text("the address that the program printed", timeout=20_000)
        page.goto(self.annotator.address)
        self.page.wait_for_frame(0)
        self.complaints[:] = silent

    def test_two_servers_on_one_project(self):
        again = subprocess.run(self.annotator.command(), capture_output=True, text=True, env=self.annotator.environment, timeout=60)
        assert again.returncode != 0 and str(self.annotator.process.pid) in again.stderr, again.stderr

    def test_two_projects_in_one_browser(self):
        """Cookies know no ports: each server has one of its own."""
        other = Annotator(self.program, self.video, self.folder, "other")
        page = Page(self.context, other, self.complaints)
        assert page.state()["objects"] == [] and self.page.state()["objects"]
        page.page.close()
        other.close()

    def test_full_disk(self):
        """What cannot be kept is not shown as done, and when there is room again, work goes on."""
        disk = tempfile.mkdtemp()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], capture_output=True).returncode:
            os.rmdir(disk)
            return "skipped: needs the right to mount a small file system"
        annotator = None
        try:
            annotator = Annotator(self.program, self.video, disk, "full")
            page = Page(self.context, annotator, self.complaints)
            page.click(450, 250)
            page.wait(lambda: page.area(0) > 0, "an object")
            with open(os.path.join(disk, "filler"), "wb") as filler:
                with_room = shutil.disk_usage(disk).free
                filler.write(b"\0" * (with_room - 4096))
                filler.flush()
            before = page.state()["objects"]
            silent = list(self.complaints)
            failed = 0
            for i in range(40):
                page.press("a")
                page.click(200 + 20 * i, 600)
                page.page.wait_for_timeout(50)
                failed = page.page.locator("#message.error").is_visible()
                if failed:
                    break
            assert failed, "a full disk goes unnoticed"
            text = page.page.locator("#message").inner_text()
            assert "full" in text or "space" in text or "room" in text, text
            kept = page.state()["objects"]
            assert kept[: len(before)] == before
            os.unlink(os.path.join(disk, "filler"))
            count = len(kept)
            page.press("a")
            page.click(1000, 300)
            page.wait(lambda: len(page.state()["objects"]) == count + 1, "work goes on")
            self.complaints[:] = silent
            page.page.close()
            annotator.kill()
            annotator.start()
            assert len(annotator.json("api/state")["objects"]) == count + 1, "acknowledged edits are kept"
        finally:
            if annotator:
                annotator.close()
            subprocess.run(["umount", "-l", disk], check=True)
            os.rmdir(disk)

    def test_read_only_folder(self):
        disk = tempfile.mkdtemp()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", disk], capture_output=True).returncode:
            os.rmdir(disk)
            return "skipped: needs the right to mount a small file system"
        try:
            Annotator(self.program, self.video, disk, "locked").close()
            subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
            command = [self.program, "annotate", self.video, "-o", os.path.join(disk, "locked.sampt"), "--no-browser"]
            refused = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert refused.returncode != 0 and re.search("read|writ", refused.stderr), refused.stderr
        finally:
            subprocess.run(["umount", "-l", disk], check=True)
            os.rmdir(disk)

    def test_video_that_goes_away(self):
        """A folder of frames is taken away while the page is open, and comes back."""
        frames = os.path.join(self.folder, "frames")
        os.mkdir(frames)
        for i in range(40):
            with open(os.path.join(frames, f"{i:05}.jpg"), "wb") as file:
                file.write(self.annotator.get(f"api/frames/{i}.jpg?width=320"))
        annotator = Annotator(self.program, frames, self.folder, "going")
        page = Page(self.context, annotator, self.complaints)
        page.click(112, 62)
        page.wait(lambda: page.state()["objects"], "an object")
        silent = list(self.complaints)
        os.rename(frames, frames + "-gone")
        page.page.evaluate("window.sampt.session.show(39)")
        expect(page.page.locator("#message.error")).to_be_visible(timeout=20_000)
        assert page.state()["objects"], "what is kept can be looked at"
        os.rename(frames + "-gone", frames)
        page.page.wait_for_timeout(1100)
        page.show(30)
        page.show(39)
        self.complaints[:] = silent
        page.page.close()
        annotator.close()

    def test_strangers(self):
        """Who does not know the token gets nothing, and cannot see it in how programs are started."""
        for path in ["", "page/main.js", "api/state", "api/frames/0.jpg", "api/events"]:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.annotator.port}/{path}", timeout=10)
                raise AssertionError(f"{path} is open to all")
            except urllib.error.HTTPError as error:
                assert error.code == 401, error.code
        seen = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        assert self.annotator.token not in seen, "the token stands in the list of processes"

    def test_hostile_requests(self):
        hostile.attack(self.annotator)
        assert self.page.state()["objects"], "the server is still there"

    def test_every_key_of_the_help_was_pressed(self):
        """By one test or another: a key that is added to the help has to be tried."""
        known = self.page.page.evaluate("import('/page/keys.js').then(({ keys }) => keys.flatMap(([, list]) => list.map(([, key]) => key)))")
        names = {"Control": "Ctrl", " ": "Space"}
        pressed = {"+".join(names.get(part, part) for part in key.split("+")) if key != "+" else "+" for key in Page.pressed}
        pressed |= {key.replace("+Z", "+z") for key in pressed}
        never = [key for key in known if key not in pressed and key != "1 … 9"]
        assert not never, f"no test presses {never}"

    def test_console_is_silent(self):
        assert not self.complaints, "\n".join(self.complaints)
