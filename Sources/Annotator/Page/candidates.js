// The segmenter's several answers to a click that leaves open how much is meant: part, whole, or larger.

import { post } from "./server.js";
import { RunMask } from "./runs.js";

export class Candidates {
  #for = null;
  #list = [];
  #place = 0;

  constructor(box, session, act) {
    [this.box, this.session, this.act] = [box, session, act];
    for (const name of ["frame", "selection", "state"]) session.addEventListener(name, () => this.#close());
  }

  get isOpen() {
    return !this.box.hidden;
  }

  #key() {
    return `${this.session.selected}/${this.session.frame}/${this.session.state?.revision}`;
  }

  #close() {
    if (this.#for !== this.#key()) this.box.hidden = true;
  }

  /** Shows them, and with each further call takes the next one. */
  step() {
    return this.act(async () => {
      const { session } = this;
      if (session.selected === null) throw new Error("Select an object first.");
      if (this.isOpen && this.#for === this.#key()) return this.#choose((this.#place + 1) % this.#list.length);
      session.mustBeConnected("nothing is asked");
      const answer = await post("api/candidates", { object: session.selected, frame: session.frame });
      if (answer.candidates.length < 2) throw new Error("The models have one answer only here.");
      this.#list = answer.candidates.map((one) => ({ ...one, mask: new RunMask(one.rle) }));
      this.#place = 0;
      await this.#choose(1);
    });
  }

  async #choose(place) {
    const { session } = this;
    this.#place = place;
    await session.choose(session.selected, session.frame, this.#list[place].index);
    this.#for = this.#key();
    this.#show();
  }

  #show() {
    const { width, height } = this.session.project.video;
    this.box.replaceChildren(
      ...this.#list.map((candidate, place) => {
        const button = document.createElement("button");
        button.setAttribute("aria-pressed", place === this.#place);
        button.setAttribute("aria-label", `Answer ${place + 1}, score ${candidate.score.toFixed(2)}`);
        const picture = document.createElement("canvas");
        picture.width = 96;
        picture.height = Math.round((96 * height) / width);
        this.#paint(picture, candidate.mask);
        const text = document.createElement("span");
        text.textContent = candidate.score.toFixed(2);
        button.append(picture, text);
        button.addEventListener("click", () => this.act(() => this.#choose(place)));
        return button;
      }),
    );
    this.box.hidden = false;
  }

  #paint(picture, mask) {
    const context = picture.getContext("2d");
    const scale = picture.width / mask.width;
    context.scale(scale, scale);
    const frame = this.session.pictureNow(this.session.frame);
    if (frame) {
      context.globalAlpha = 0.5;
      context.drawImage(frame, 0, 0, mask.width, mask.height);
    }
    context.globalAlpha = 0.8;
    context.fillStyle = this.session.object(this.session.selected)?.color ?? "#5aa9ff";
    mask.forEachRun((x, first, end) => context.fillRect(x, first, 1, end - first));
  }
}
