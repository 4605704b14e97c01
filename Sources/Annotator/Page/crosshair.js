// The keyboard's pointer: arrows move it, Enter clicks, Space presses and lets go what a pointer's button would.

import { titleOf } from "./speech.js";

const reach = 9; // Pixels of the screen within which a point is meant.
const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const margin = 40; // Pixels of the screen that it keeps from the canvas's edge: the view moves with it.

/** What can be done, by tool, on the line at the picture's foot. */
const hints = {
  click: ["Enter: click", "Shift+Enter: not this", "Space: a box, or takes a point up", "J: next point"],
  brush: ["Space: begins a stroke", "Enter: a dot", "[ ]: size"],
  eraser: ["Space: begins to erase", "Enter: a dot", "[ ]: size"],
  lasso: ["Enter: a corner", "Shift+Enter first: cuts out"],
  hand: ["Arrows: move the view"],
};
const under = {
  box: ["Arrows: size", "Space: the box", "Esc: no box"],
  point: ["Arrows: move the point", "Space: let it go", "Esc: leaves it where it was"],
  stroke: ["Arrows: draw", "Space: ends the stroke", "Esc: no stroke"],
  lasso: ["Enter: another corner", "Space: closes it", "Esc: no lasso"],
};

export class Crosshair {
  /** Where it was when it was put away, in pixels of the frame. */
  #last = null;
  /** How many times the key that is held down has been repeated. */
  #held = 0;
  /** The point that is being moved. */
  #point = null;

  constructor({ stage, session, view, tools, marks, speech, line }) {
    Object.assign(this, { stage, session, view, tools, marks, speech, line });
    for (const name of ["tool", "selection"]) session.addEventListener(name, () => this.#show());
  }

  get isShown() {
    return this.stage.cross !== null;
  }

  toggle() {
    if (this.isShown) return this.hide();
    const { width, height } = this.session.project.video;
    this.stage.canvas.focus();
    this.#put(this.#last ?? { x: Math.floor(width / 2) + 0.5, y: Math.floor(height / 2) + 0.5 });
  }

  hide() {
    if (!this.isShown) return;
    this.#last = this.stage.cross;
    this.stage.cross = null;
    this.tools.cancel();
    this.#show();
  }

  /** Goes to the next point of the selected object in the frame: Delete takes that away, Space takes it up. */
  nextPoint() {
    const points = this.marks.points();
    if (!points.length) return false;
    const { chosen } = this.stage;
    const before = points.findIndex((point) => chosen?.frame === this.session.frame && point.kind === chosen.kind && point.id === chosen.id);
    const place = (before + 1) % points.length;
    const point = points[place];
    this.tools.cancel();
    this.stage.canvas.focus();
    this.marks.choose(point);
    this.#put({ x: point.x, y: point.y });
    const kind = `${point.isPositive ? "" : "not this, "}${point.kind === "prompt" ? "yours" : "tracked"}`;
    this.speech.say(`Point ${place + 1} of ${points.length}, ${kind}`, "place");
    return true;
  }

  /** Whether a key that was pressed on the canvas is the pointer's. */
  take(event) {
    if (!this.isShown || event.altKey || event.ctrlKey || event.metaKey) return false;
    const move = moves[event.key];
    if (move) this.#move(move, event);
    else if (!["Enter", " "].includes(event.key)) return false;
    else if (!event.repeat) this.#press(event.key === "Enter", event.shiftKey);
    return true;
  }

  // MARK: Moving

  /** A key that is held down moves it ever faster. */
  #move([dx, dy], event) {
    const { stage } = this;
    this.#held = event.repeat ? this.#held + 1 : 0;
    const quick = Math.min(8, 1 + Math.floor(this.#held / 6)) * (event.shiftKey ? 10 : 1);
    if (this.tools.tool === "hand") {
      stage.camera.move(-8 * dx * quick, -8 * dy * quick);
      return stage.draw();
    }
    const { width, height } = this.session.project.video;
    const step = Math.max(1, Math.round(1 / stage.camera.scale)) * quick;
    // From pixel to pixel, though a tracked point lies between them.
    const moved = (at, by, length) => Math.max(0.5, Math.min(length - 0.5, Math.floor(at) + 0.5 + by * step));
    this.#put({ x: moved(stage.cross.x, dx, width), y: moved(stage.cross.y, dy, height) });
  }

  #put(place) {
    const { stage, session } = this;
    stage.cross = place;
    stage.camera.keep(place, margin, stage.size);
    const { gesture } = stage;
    if (gesture?.kind === "box") gesture.to = { ...place };
    if (gesture?.kind === "point") gesture.at = { ...place };
    if (gesture?.kind === "lasso") gesture.path[gesture.path.length - 1] = { ...place };
    if (gesture?.kind === "stroke") gesture.path.push({ ...place });
    const object = session.object(this.marks.objectAt(place));
    this.speech.say(`${Math.floor(place.x)}, ${Math.floor(place.y)}${object ? `, on ${titleOf(object)}` : ""}`, "place");
    this.#show();
  }

  // MARK: Marking

  #press(isEnter, isShifted) {
    const { stage, tools, marks } = this;
    const { gesture } = stage;
    const place = { ...stage.cross };
    const isNegative = isShifted || tools.saysNot;
    if (gesture?.kind === "lasso" && isEnter) gesture.path.push(place);
    else if (gesture) this.#finish(gesture);
    else if (tools.tool === "click" && isEnter) this.#click(place, isNegative, isShifted);
    else if (tools.tool === "click") this.#begin(place);
    else if (tools.tool === "lasso") {
      tools.draw(place, isNegative);
      stage.gesture.path.push({ ...place });
    } else if (tools.tool !== "hand") {
      tools.draw(place, isNegative);
      if (isEnter) this.#finish(stage.gesture);
    }
    if (stage.gesture) this.speech.say(under[stage.gesture.kind].join(", "));
    this.#show();
  }

  #pointHere() {
    return this.marks.pointNear(this.stage.camera.toCanvas(this.stage.cross), reach);
  }

  #click(place, isNegative, isShifted) {
    const point = isShifted ? null : this.#pointHere();
    if (!point) return this.marks.addPoint(place, !isNegative);
    this.marks.choose(point);
    this.speech.say("Point chosen: Delete removes it, Space takes it up");
  }

  /** A point is taken up, a box begins elsewhere. */
  #begin(place) {
    this.#point = this.#pointHere();
    this.stage.gesture = this.#point
      ? { kind: "point", at: place, isPositive: this.#point.isPositive }
      : { kind: "box", from: place, to: place };
  }

  #finish(gesture) {
    this.tools.cancel();
    if (gesture.kind === "point") this.marks.movePoint(this.#point, gesture.at);
    else this.marks.finish(gesture);
  }

  #show() {
    const { stage, line } = this;
    line.hidden = !this.isShown;
    if (this.isShown) line.textContent = [...(stage.gesture ? under[stage.gesture.kind] : hints[this.tools.tool]), "K: away"].join("  ·  ");
    stage.draw();
  }
}
