// What pointers do on the canvas.

import { Preview } from "./preview.js";

// Pixels of the screen within which a point is meant, and that a click may wander: fingers are broader than pointers.
const near = { mouse: 9, pen: 12, touch: 20 };
const slack = { mouse: 5, pen: 6, touch: 12 };
const longPress = 450; // Milliseconds that a finger rests to say "not this".
const penEraser = 5; // The button number of a pen's other end.

export class Tools {
  tool = "click";
  /** Whether what is drawn or clicked is not the object: for fingers and pens, which have no right button. */
  saysNot = false;
  #drag = null;
  #pointers = new Map();
  #pressTimer = null;
  #penUntil = 0;

  constructor(stage, session, view, marks) {
    [this.stage, this.session, this.view, this.marks] = [stage, session, view, marks];
    this.preview = new Preview(stage, session, view);
    const { canvas } = stage;
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", (event) => this.#drop(event));
    canvas.addEventListener("pointerleave", () => this.#leave());
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  set(tool) {
    this.tool = tool;
    this.stage.brushRadius = tool === "brush" || tool === "eraser" ? this.view.brush : null;
    this.preview.clear();
    this.#tell();
  }

  toggleNot() {
    this.saysNot = !this.saysNot;
    this.preview.clear();
    this.#tell();
  }

  #tell() {
    const { dataset } = this.stage.canvas;
    [dataset.tool, dataset.sign] = [this.tool, this.saysNot ? "minus" : "plus"];
    this.session.tell("tool");
    this.stage.draw();
  }

  cancel() {
    clearTimeout(this.#pressTimer);
    this.#drag = null;
    this.stage.gesture = null;
    this.stage.draw();
  }

  // MARK: Pointers

  #place(event) {
    const box = this.stage.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  /** A hand that lies on the screen beside a pen draws nothing. */
  #isPalm(event) {
    if (event.pointerType === "pen") this.#penUntil = event.timeStamp + 500;
    return event.pointerType === "touch" && event.timeStamp < this.#penUntil;
  }

  #down(event) {
    if (this.#isPalm(event)) return;
    this.stage.canvas.focus();
    this.stage.canvas.setPointerCapture(event.pointerId);
    const at = this.#place(event);
    this.stage.pointer = at;
    this.preview.rest(at);
    this.#pointers.set(event.pointerId, at);
    // What the keyboard had begun.
    if (!this.#drag) this.stage.gesture = null;
    if (this.#pointers.size === 2) {
      // Two fingers move and zoom; what one had begun is nothing.
      this.cancel();
      this.#drag = { kind: "pinch" };
      return;
    }
    const p = this.stage.camera.toFrame(at);
    const isNegative = this.saysNot || event.button === 2 || event.button === penEraser || event.altKey;
    if (event.button === 1 || this.tool === "hand") {
      this.#drag = { kind: "move", at };
    } else if (this.tool === "click") {
      const point = this.marks.pointNear(at, near[event.pointerType] ?? near.mouse);
      const kind = point && (!isNegative || this.saysNot) ? "point" : "press";
      this.#drag = { kind, at, from: p, point, isNegative, shift: event.shiftKey };
      if (kind === "press" && event.pointerType === "touch") this.#pressTimer = setTimeout(() => this.#pressLong(), longPress);
    } else if (this.marks.isInside(p)) {
      this.draw(p, isNegative, event.pointerType === "pen" && event.pressure ? 0.5 + event.pressure : 1);
      this.#drag = { kind: "draw" };
    }
  }

  /** Begins a stroke or a lasso. */
  draw(p, isNegative, pressure = 1) {
    const erases = this.tool === "eraser" || isNegative;
    this.stage.gesture = { kind: this.tool === "lasso" ? "lasso" : "stroke", path: [p], radius: this.view.brush * pressure, erases };
    this.stage.draw();
  }

  #pressLong() {
    if (this.#drag?.kind !== "press" || this.stage.gesture) return;
    this.#drag.isNegative = true;
    this.stage.gesture = { kind: "point", at: this.#drag.from, isPositive: false };
    this.stage.draw();
  }

  #move(event) {
    if (this.#isPalm(event)) return;
    const at = this.#place(event);
    this.stage.pointer = at;
    const before = this.#pointers.get(event.pointerId);
    if (before) this.#pointers.set(event.pointerId, at);
    if (!this.#drag) {
      if (this.stage.brushRadius) this.stage.draw();
      return this.#hover(event, at);
    }
    if (this.#drag.kind === "pinch") return this.#pinch(event.pointerId, before, at);
    if (this.#drag.kind === "move") {
      this.stage.camera.move(at.x - before.x, at.y - before.y);
    } else if (this.#drag.kind === "draw") {
      const parts = event.getCoalescedEvents?.() ?? [];
      for (const one of parts.length ? parts : [event]) {
        this.stage.gesture.path.push(this.marks.clamped(this.stage.camera.toFrame(this.#place(one))));
      }
    } else {
      const far = Math.hypot(at.x - this.#drag.at.x, at.y - this.#drag.at.y) > (slack[event.pointerType] ?? slack.mouse);
      const hasBegun = this.stage.gesture && !(this.#drag.kind === "press" && this.stage.gesture.kind === "point");
      if (!far && !hasBegun) return;
      clearTimeout(this.#pressTimer);
      const p = this.marks.clamped(this.stage.camera.toFrame(at));
      this.stage.gesture =
        this.#drag.kind === "point"
          ? { kind: "point", at: p, isPositive: this.#drag.point.isPositive }
          : { kind: "box", from: this.marks.clamped(this.#drag.from), to: p };
    }
    this.stage.draw();
  }

  #hover(event, at) {
    if (this.tool !== "click" || event.pointerType === "touch") return;
    const p = this.stage.camera.toFrame(at);
    if (!this.marks.isInside(p) || this.marks.pointNear(at, near.mouse)) return this.preview.clear();
    this.preview.move(at, p, !(this.saysNot || event.altKey));
  }

  #pinch(id, before, at) {
    const other = [...this.#pointers].find(([key]) => key !== id)?.[1];
    if (!other || !before) return;
    const factor = Math.hypot(at.x - other.x, at.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
    this.stage.camera.move((at.x - before.x) / 2, (at.y - before.y) / 2);
    this.stage.camera.zoom(factor, { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 });
    this.stage.draw();
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    const drag = this.#drag;
    const gesture = this.stage.gesture;
    if (drag?.kind === "pinch" && this.#pointers.size > 0) return;
    this.cancel();
    if (!drag) return;
    this.preview.rest(this.#place(event));
    if (drag.kind === "press" && gesture?.kind !== "box") this.#click(drag);
    else if (drag.kind === "point" && !gesture) this.marks.choose(drag.point);
    else if (drag.kind === "point") this.marks.movePoint(drag.point, gesture.at);
    else if (gesture) this.marks.finish(gesture);
  }

  #click({ from, isNegative, shift }) {
    if (!this.marks.isInside(from)) return;
    const hit = this.marks.objectAt(from);
    // A click on another object selects it; Shift clicks all the same.
    if (!isNegative && !shift && !this.session.isAdding && hit !== null && hit !== this.session.selected) return this.session.select(hit);
    this.marks.addPoint(from, !isNegative);
  }

  #drop(event) {
    this.#pointers.delete(event.pointerId);
    this.cancel();
  }

  #leave() {
    this.stage.pointer = null;
    this.preview.clear();
    this.stage.draw();
  }

  #wheel(event) {
    event.preventDefault();
    const at = this.#place(event);
    if (event.ctrlKey || !event.shiftKey) this.stage.camera.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), at);
    else this.stage.camera.move(-event.deltaY, 0);
    this.stage.draw();
  }
}
