// What the server has told so far, and what this window looks at. There is no other state: an edit is sent, and what it changed comes back.

import { Frames } from "./frames.js";
import { get, listen, picture, post, ServerError } from "./server.js";
import { RunMask } from "./runs.js";

const keptMasks = 400;
const pictureBytes = 192 << 20;
const ahead = 12;
const restMilliseconds = 80;
// How long what a person waits for least waits until the masks of an edit are drawn.
const masksMilliseconds = 300;

export class Session extends EventTarget {
  project = null;
  state = null;
  timeline = null;
  connected = false;
  /** Why the program lets this page in no more; null: it does. */
  refusal = null;
  frame = 0;
  /** The object that prompts are for; null: the next click makes a new one. */
  selected = null;
  /** Whether a person asked for a new object, which the next click makes. */
  isAdding = false;
  /** What one window shows or hides, by object. */
  hidden = new Set();
  locked = new Set();
  solo = null;
  progress = null;
  /** Whether the frame before is shown, too. */
  needsFrameBefore = false;
  #pictures;
  #masks;
  #direction = 1;
  #isScrubbing = false;
  /** Whether one frame after the other is shown. */
  isPlaying = false;
  #refreshing = null;
  #isAsked = false;
  /** The revision that the state is to have. */
  #wanted = -1;
  #timelineAsked = false;
  #timelineAt = 0;
  #timelineTook = 0;
  #resting = null;
  /** Edits that are sent, and whose masks are not on the screen yet. */
  #changes = 0;
  /** The object that the next prompts make: see `target`. */
  #coming = null;
  /** Whether the page has just been opened, and what it knows is a moment old. */
  #isNew = true;

  async open() {
    this.project = await get("api/project");
    const { width, height } = this.project.video;
    this.#pictures = new Frames({
      load: (frame) => picture(frame, this.project.video.key),
      most: 2,
      kept: Math.max(8, Math.min(60, Math.floor(pictureBytes / (width * height * 4)))),
      drop: (bitmap) => bitmap.close(),
      onArrival: (frame) => {
        this.tell("arrived", frame);
        if (frame === this.frame) this.#prepare();
      },
      onFailure: (frame, error) => frame === this.frame && this.tell("failed", error),
    });
    this.#masks = new Frames({
      load: async (frame) => unpacked(await get(`api/masks/${frame}`)),
      most: 2,
      kept: keptMasks,
      onArrival: (frame) => this.tell("arrived", frame),
      onFailure: (frame, error) => frame === this.frame && this.tell("failed", error),
    });
    this.want();
    await this.refresh();
    listen(this.#handlers(), (connected, refusal) => this.#connection(connected, refusal));
  }

  #handlers() {
    return {
      state: (news) => this.#hear(news.revision),
      frames: (news) => this.#outdate(news.objects, news.version),
      progress: (news) => {
        this.progress = news;
        this.tell("progress");
        this.#refreshTimeline();
      },
      ended: (news) => {
        this.progress = null;
        this.tell("progress", news);
        this.refresh().then(() => this.#prepare(), () => {});
      },
      export: (news) => this.tell("export", news),
    };
  }

  #connection(connected, refusal) {
    [this.connected, this.refusal] = [connected, refusal];
    if (connected) {
      this.#catchUp().catch(() => this.#masks.outdate(() => true));
    }
    this.tell("connection");
  }

  /** What was said before there was a connection, or while there was none, has not been heard. */
  async #catchUp() {
    await this.#refreshing?.catch(() => {});
    // Another run of the program counts anew: nothing that is here is as new as anything there.
    const isNew = this.#isNew;
    this.#isNew = false;
    if (this.state) this.state.revision = -1;
    this.#wanted = -1;
    if (!isNew) this.#masks.outdate(() => true);
    this.#pictures.retry();
    this.#masks.retry();
    this.#prepare();
    await this.refresh();
    if (isNew) this.#masks.outdate(() => true, this.state.version);
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  get lastFrame() {
    return this.project.video.frames - 1;
  }

  /** The topmost first where a person has put them in an order, else as they were made. */
  get objects() {
    return this.state?.objects ?? [];
  }

  object(id) {
    return this.objects.find((object) => object.id === id);
  }

  shows(id) {
    return this.solo === null ? !this.hidden.has(id) : this.solo === id;
  }

  // MARK: What the server knows

  /**
   * Asks for the state; once more if it was being asked for already, and is older than `revision` then. Nothing is asked where the state is
   * as new as that.
   */
  refresh(revision = null) {
    if (revision === null) this.#isAsked = true;
    else this.#wanted = Math.max(this.#wanted, revision);
    this.#refreshing ??= this.#refreshState().finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #refreshState() {
    while (this.#isAsked || (this.state?.revision ?? -1) < this.#wanted) {
      [this.#isAsked, this.#wanted] = [false, -1];
      const state = await get("api/state");
      if (this.state && state.revision < this.state.revision) continue;
      const place = new Map((state.order ?? []).map((id, index) => [id, index]));
      state.objects.sort((a, b) => (place.get(a.id) ?? a.id + 1e6) - (place.get(b.id) ?? b.id + 1e6));
      this.state = state;
      if (this.selected !== null && !this.object(this.selected)) this.selected = this.objects.at(-1)?.id ?? null;
      if (!state.propagation) this.progress = null;
      this.tell("state");
      this.#refreshTimeline();
    }
  }

  /** A long video's takes a while: it is not asked for all the time. */
  #refreshTimeline() {
    if (this.#timelineAsked) return;
    this.#timelineAsked = true;
    const pause = Math.max(150, 4 * this.#timelineTook) - (performance.now() - this.#timelineAt);
    setTimeout(async () => {
      this.#timelineAsked = false;
      this.#timelineAt = performance.now();
      this.timeline = await get("api/timeline").catch(() => this.timeline);
      this.#timelineTook = performance.now() - this.#timelineAt;
      this.#timelineAt = performance.now();
      this.tell("timeline");
    }, Math.max(0, pause));
  }

  /**
   * Sends an edit; the state after it is known when this returns. The masks of the frame on the screen come with the answer, or, where they
   * take long, are on their way.
   */
  async edit(edit) {
    const change = await this.#change("api/edits", { v: 1, ...edit });
    if (!change.hasCancelled) this.tell("edited", edit);
    return change;
  }

  /** One of the answers to an ambiguous click (`Candidates`). */
  choose(object, frame, index) {
    return this.#change("api/choose", { object, frame, index });
  }

  async #change(path, body) {
    this.mustBeConnected("nothing is changed");
    let change = { revision: -1 };
    this.#changes += 1;
    try {
      const answer = post(`${path}?masks=${this.frame}`, body);
      // An undo that ends the tracking waits for the step under way, and brings no masks.
      const bringsMasks = body.edit !== "undo" || !this.state?.propagation;
      if (bringsMasks) this.#masks.expect(this.frame, answer.then(({ masks }) => masks && unpacked(masks)));
      change = await answer;
      if (change.frames) this.#outdate(Object.fromEntries(change.objects.map((id) => [id, [change.frames]])), change.version);
      if (change.masks) await this.#masksDrawn();
    } finally {
      this.#changes -= 1;
      // Who comes back asks for everything.
      if (this.connected) await this.refresh(Math.max(change.revision, this.#wanted));
    }
    return change;
  }

  /** The masks after an edit come first: the state is asked for when they are drawn, for all of it shares the processor with the networks. */
  #hear(revision) {
    if (this.#changes > 0) this.#wanted = Math.max(this.#wanted, revision);
    else this.refresh(revision).catch(() => {});
  }

  /** Returns when the frame on the screen has its masks, or after a moment. */
  #masksDrawn() {
    return new Promise((done) => {
      const finish = () => {
        clearTimeout(timer);
        this.removeEventListener("arrived", look);
        done();
      };
      const look = () => this.isFresh(this.frame) && requestAnimationFrame(() => setTimeout(finish));
      const timer = setTimeout(finish, masksMilliseconds);
      this.addEventListener("arrived", look);
      look();
    });
  }

  mustBeConnected(what) {
    if (!this.connected) throw new ServerError(this.refusal ?? `The connection is lost: ${what} until it is back.`, 0);
  }

  #outdate(objects, version) {
    const ranges = Object.values(objects).flat();
    this.#masks.outdate((frame) => ranges.some(([first, last]) => first <= frame && frame <= last), version);
  }

  // MARK: Frames

  /** While a person drags over frames, none but the newest is asked for. */
  show(frame, isScrubbing = false) {
    const wanted = Math.max(0, Math.min(this.lastFrame, Math.round(frame)));
    const isOther = wanted !== this.frame;
    if (!isOther && isScrubbing === this.#isScrubbing) return;
    if (isOther) this.#direction = wanted < this.frame ? -1 : 1;
    [this.frame, this.#isScrubbing] = [wanted, isScrubbing];
    this.want();
    if (isOther) this.tell("frame");
    this.#prepare();
  }

  /** A frame that is looked at for a moment is made ready for clicks, as far as what is computed does not hang on them. */
  #prepare() {
    clearTimeout(this.#resting);
    if (this.#isScrubbing || this.isPlaying || !this.pictureNow(this.frame)) return;
    this.#resting = setTimeout(() => {
      if (!this.connected || this.project.models.missing || this.state?.propagation) return;
      post("api/prepare", { frame: this.frame }).catch(() => {});
    }, restMilliseconds);
  }

  /** Asks for the frame on the screen, and then for those that come next. */
  want() {
    const frames = [this.frame];
    if (this.needsFrameBefore && this.frame > 0) frames.push(this.frame - 1);
    if (!this.#isScrubbing) {
      for (let i = 1; i <= ahead; i += 1) {
        const next = this.frame + i * this.#direction;
        if (next >= 0 && next <= this.lastFrame) frames.push(next);
      }
    }
    this.#pictures.want(frames);
    this.#masks.want(frames);
  }

  get isScrubbing() {
    return this.#isScrubbing;
  }

  /** The picture of a frame if it is here. */
  pictureNow(frame) {
    return this.#pictures.now(frame);
  }

  /** The masks of a frame if they are here; they may have changed since (`isFresh`). */
  masksNow(frame) {
    return this.#masks.now(frame);
  }

  isFresh(frame) {
    return this.#masks.isFresh(frame);
  }

  // MARK: Objects

  select(id) {
    [this.selected, this.isAdding, this.#coming] = [id, false, null];
    this.tell("selection");
  }

  /** The next click makes a new object, on another one, too. */
  add() {
    [this.selected, this.isAdding, this.#coming] = [null, true, null];
    this.tell("selection");
  }

  /** The object that a prompt of this moment is for: where none is selected, a new one without a number, for the prompts that follow, too. */
  get target() {
    return this.selected === null ? (this.#coming ??= { id: null, isNew: true }) : { id: this.selected, isNew: false };
  }

  /** The number of a `target`. The first prompt whose turn it is makes a new one, which is selected unless a person has gone on. */
  async numberOf(target) {
    if (!target.isNew || this.object(target.id)) return target.id;
    const change = await this.edit({ edit: "add-object" });
    target.id = change.added;
    if (target === this.#coming) this.select(target.id);
    return target.id;
  }
}

function unpacked(masks) {
  for (const object of masks.objects) object.mask = object.rle ? new RunMask(object.rle) : null;
  return masks;
}
