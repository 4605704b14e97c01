// What a click would give, under a pointer that rests: asked for only where answers are quick, and never in the way of what is there.

import { post } from "./server.js";
import { RunMask } from "./runs.js";

const still = 6; // Pixels of the screen that a pointer must move after a click before it is asked for again.
const slow = 250; // Milliseconds above which only a pointer that rests asks.
const tooSlow = 800; // Above which nothing is asked any more.

export class Preview {
  #timer = null;
  #resting = null;
  #asking = null;
  /** A running mean of what answers take, in milliseconds. */
  #takes = 0;
  #answers = 0;

  constructor(stage, session, view) {
    [this.stage, this.session, this.view] = [stage, session, view];
  }

  /** Whether the models are quick enough. */
  get isQuick() {
    return this.#answers < 3 || this.#takes < tooSlow;
  }

  /** The pointer is at a place: in pixels of the screen, and of the frame. */
  move(at, p, positive) {
    clearTimeout(this.#timer);
    const { session, view } = this;
    if (this.#resting && Math.hypot(at.x - this.#resting.x, at.y - this.#resting.y) < still) return;
    this.#resting = null;
    const cannot = !view.preview || !this.isQuick || !session.connected || session.project.models.missing || session.state.propagation;
    if (cannot || !this.#says(p, positive)) return this.clear();
    this.#timer = setTimeout(() => this.#ask(p, positive), this.#takes > slow ? 350 : 50);
  }

  /** What is asked for or shown is no matter any more; the next one comes when the pointer has moved on. */
  rest(at) {
    this.#resting = at;
    this.clear();
  }

  clear() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
    if (!this.stage.preview) return;
    this.stage.preview = null;
    this.stage.draw();
  }

  /** A click inside the mask, or a "not this" outside it, would hardly change anything. */
  #says(p, positive) {
    const objects = (this.session.masksNow(this.session.frame)?.objects ?? []).filter((one) => this.session.shows(one.id));
    const hit = objects.filter((one) => one.mask?.contains(p.x, p.y)).map((one) => one.id);
    if (!positive) return hit.includes(this.session.selected);
    return hit.length === 0;
  }

  async #ask(p, positive) {
    const { session, stage } = this;
    const { frame, selected } = session;
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const began = performance.now();
    try {
      const answer = await post("api/preview", { object: selected, frame, x: p.x, y: p.y, positive }, asking.signal);
      this.#answers += 1;
      this.#takes += (performance.now() - began - this.#takes) / Math.min(this.#answers, 4);
      if (!this.isQuick) session.tell("view");
      if (asking !== this.#asking || session.frame !== frame || session.selected !== selected || !stage.pointer) return;
      stage.preview = { frame, object: selected, positive, mask: answer.rle ? new RunMask(answer.rle) : null };
      stage.draw();
    } catch {
      // A preview that does not come is no matter: a newer one was asked for, or the click itself will say what is wrong.
    }
  }
}
