// The segmenter's several answers to a click that leaves open how much is meant: part, whole, or larger.

import { post } from "./server.js";
import { RunMask } from "./runs.js";

export class Candidates {
  #for = null;
  #list = [];
  #place = 0;
  /** What they are answers about. */
  #asked = null;

  constructor(box, session, act) {
    [this.box, this.session, this.act] = [box, session, act];
    for (const name of ["frame", "selection", "state"]) session.addEventListener(name, () => this.#close());
  }

  #key({ selected, frame } = this.session) {
    return `${selected}/${frame}/${this.session.state?.revision}`;
  }

  #close() {
    if (this.#for !== this.#key()) this.box.hidden = true;
  }

  /** Shows them, and with each further call takes the next one. */
  step() {
    const { selected, frame } = this.session;
    return this.act(async () => {
      if (selected === null) throw new Error("Select an object first.");
      if (this.#for === this.#key({ selected, frame })) return this.#choose((this.#place + 1) % this.#list.length);
      const answer = await post("api/candidates", { object: selected, frame });
      if (answer.candidates.length < 2) throw new Error("The models have one answer only here.");
      this.#list = answer.candidates.map((one) => ({ ...one, mask: new RunMask(one.rle) }));
      this.#asked = { selected, frame };
      this.#place = 0;
      await this.#choose(1);
    }, "nothing is asked");
  }

  async #choose(place) {
    const { selected, frame } = this.#asked;
    this.#place = place;
    await this.session.choose(selected, frame, this.#list[place].index);
    this.#for = this.#key(this.#asked);
    if (this.#for === this.#key()) this.#show();
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
