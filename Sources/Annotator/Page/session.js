// What the server has told so far, and what this window looks at. There is no other state: an edit is sent, and what it changed comes back.

import { get, listen, picture, post, ServerError } from "./server.js";
import { RunMask } from "./runs.js";

const keptPictures = 60;
const keptMasks = 400;
const ahead = 12;

export class Session extends EventTarget {
  project = null;
  state = null;
  timeline = null;
  connected = false;
  frame = 0;
  /** The object that prompts are for; null: the next click makes a new one. */
  selected = null;
  /** What one window shows or hides, by object. */
  hidden = new Set();
  locked = new Set();
  solo = null;
  progress = null;
  #pictures = new Map();
  #masks = new Map();
  #asked = new Map();

  async open() {
    this.project = await get("api/project");
    await this.refresh();
    listen(
      {
        state: () => this.refresh(),
        frames: (news) => this.#forget(news.objects),
        progress: (news) => {
          this.progress = news;
          this.tell("progress");
          this.refreshTimelineSoon();
        },
        ended: (news) => {
          this.progress = null;
          this.tell("progress", news);
          this.refresh();
        },
        export: (news) => this.tell("export", news),
      },
      (connected) => {
        this.connected = connected;
        if (connected) {
          // Anything may have happened in the meantime.
          this.#masks.clear();
          this.refresh().catch(() => {});
        }
        this.tell("connection");
      },
    );
  }

  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  get lastFrame() {
    return this.project.video.frames - 1;
  }

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

  async refresh() {
    const [state, timeline] = await Promise.all([get("api/state"), get("api/timeline")]);
    if (this.state && state.revision < this.state.revision) return;
    this.state = state;
    this.timeline = timeline;
    if (this.selected !== null && !this.object(this.selected)) this.selected = this.objects.at(-1)?.id ?? null;
    if (!state.propagation) this.progress = null;
    this.tell("state");
    this.tell("timeline");
  }

  refreshTimelineSoon() {
    if (this.timelineTimer) return;
    this.timelineTimer = setTimeout(async () => {
      this.timelineTimer = null;
      this.timeline = await get("api/timeline").catch(() => this.timeline);
      this.tell("timeline");
    }, 400);
  }

  /** Sends an edit; what changed is shown when this returns. */
  edit(edit) {
    return this.#change("api/edits", { v: 1, ...edit });
  }

  /** One of the answers to an ambiguous click (`Candidates`). */
  choose(object, frame, index) {
    return this.#change("api/choose", { object, frame, index });
  }

  async #change(path, body) {
    if (!this.connected) throw new ServerError("The connection is lost: nothing is changed until it is back.", 0);
    const change = await post(path, body);
    if (change.frames) {
      const frames = [change.frames];
      this.#forget(Object.fromEntries(change.objects.map((id) => [id, frames])), false);
    }
    await this.refresh();
    this.tell("frames");
    return change;
  }

  #forget(objects, tell = true) {
    const ranges = Object.values(objects).flat();
    for (const frame of this.#masks.keys()) {
      if (ranges.some(([first, last]) => first <= frame && frame <= last)) this.#masks.delete(frame);
    }
    if (tell) this.tell("frames");
  }

  // MARK: Frames

  show(frame) {
    const wanted = Math.max(0, Math.min(this.lastFrame, Math.round(frame)));
    if (wanted === this.frame) return;
    const direction = wanted < this.frame ? -1 : 1;
    this.frame = wanted;
    this.tell("frame");
    this.readAhead(direction);
  }

  readAhead(direction = 1, count = ahead) {
    for (let i = 1; i <= count; i += 1) {
      const frame = this.frame + i * direction;
      if (frame >= 0 && frame <= this.lastFrame) {
        this.picture(frame).catch(() => {});
        this.masks(frame).catch(() => {});
      }
    }
  }

  /** The picture of a frame if it is here. */
  pictureNow(frame) {
    const there = this.#pictures.get(frame);
    return there instanceof ImageBitmap ? there : null;
  }

  masksNow(frame) {
    const there = this.#masks.get(frame);
    return there instanceof Promise ? null : (there ?? null);
  }

  async picture(frame) {
    const there = this.#pictures.get(frame);
    if (there) return there;
    const coming = picture(frame);
    keep(this.#pictures, frame, coming, keptPictures, (old) => old instanceof ImageBitmap && old.close());
    try {
      const bitmap = await coming;
      if (this.#pictures.get(frame) === coming) this.#pictures.set(frame, bitmap);
      return bitmap;
    } catch (error) {
      this.#pictures.delete(frame);
      throw error;
    }
  }

  async masks(frame) {
    const there = this.#masks.get(frame);
    if (there) return there;
    const coming = get(`api/masks/${frame}`).then((masks) => {
      for (const object of masks.objects) object.mask = object.rle ? new RunMask(object.rle) : null;
      return masks;
    });
    keep(this.#masks, frame, coming, keptMasks);
    try {
      const masks = await coming;
      if (this.#masks.get(frame) === coming) this.#masks.set(frame, masks);
      return masks;
    } catch (error) {
      if (this.#masks.get(frame) === coming) this.#masks.delete(frame);
      throw error;
    }
  }

  // MARK: Objects

  select(id) {
    this.selected = id;
    this.tell("selection");
  }

  /** The object that a prompt is for: a new one where none is selected. */
  async target() {
    if (this.selected !== null) return this.selected;
    const change = await this.edit({ edit: "add-object" });
    this.select(change.objects[0]);
    return change.objects[0];
  }
}

/** A map as a cache: the longest unused goes first. */
function keep(map, key, value, limit, drop = () => {}) {
  map.delete(key);
  map.set(key, value);
  for (const [old, content] of map) {
    if (map.size <= limit) break;
    if (old === key) continue;
    map.delete(old);
    drop(content);
  }
}
