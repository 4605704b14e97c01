// A strip per object over all frames: seen or not, how sure, where a person said something, what is out of date, what to look at.

import { ticks } from "./ruler.js";
import { absent, confidenceOf, isKnown, StripPainter, summary } from "./strip.js";
import { fitting, font } from "./texts.js";

const lanes = { flags: 13, numbers: 15 };
const ruler = lanes.flags + lanes.numbers;
const names = 92;
const margin = 10;
const isCoarse = matchMedia("(pointer: coarse)").matches;
const row = isCoarse ? 24 : 18;

export class Timeline {
  /** The first frame shown, and how many. */
  first = 0;
  count = 1;
  /** The frames that tracking is limited to: [first, last]; null: all. */
  range = null;
  #scroll = 0;
  #drag = null;
  #pointers = new Map();
  #waiting = false;

  constructor(canvas, session) {
    [this.canvas, this.session] = [canvas, session];
    this.context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    session.addEventListener("frame", () => this.#follow());
    for (const name of ["timeline", "state", "view"]) session.addEventListener(name, () => this.draw());
    session.addEventListener("selection", () => this.#scrollToSelected());
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => this.#up(event));
    canvas.addEventListener("pointerleave", () => this.#point(null));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  open() {
    this.count = this.session.project.video.frames;
    this.canvas.setAttribute("aria-valuemax", this.session.lastFrame);
    this.resize();
  }

  /** As many rows as the window has room for, however many objects there are: nothing jumps when one is added. */
  get rows() {
    return window.innerHeight < 800 ? 3 : window.innerHeight < 1000 ? 4 : 6;
  }

  resize() {
    if (!this.session.project) return;
    const ratio = window.devicePixelRatio || 1;
    const height = ruler + this.rows * row + 6;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.draw();
  }

  get width() {
    return this.canvas.clientWidth - names - margin;
  }

  xOf(frame) {
    return names + ((frame - this.first) / this.count) * this.width;
  }

  frameAt(x) {
    const frame = Math.floor(this.first + ((x - names) / this.width) * this.count);
    return Math.max(0, Math.min(this.session.lastFrame, frame));
  }

  // MARK: Pointers

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #objectAt(y) {
    return y < ruler ? undefined : this.session.objects[Math.floor((y - ruler) / row) + this.#scroll];
  }

  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const { x, y } = this.#place(event);
    this.#pointers.set(event.pointerId, x);
    if (this.#pointers.size === 2) {
      this.#drag = { kind: "pinch" };
      return;
    }
    const object = this.#objectAt(y);
    if (x < names) {
      if (object) this.session.select(object.id);
      return;
    }
    // A flag is easier to hit than its frame.
    const flag = y < lanes.flags ? this.#flagAt(x) : undefined;
    this.#drag = { kind: event.shiftKey ? "range" : "scrub", from: this.frameAt(x) };
    if (event.shiftKey) this.setRange(null);
    if (flag) {
      this.session.show(flag.frame, true);
      this.session.select(flag.object);
    } else {
      this.#go(x);
    }
  }

  #flagAt(x) {
    return (this.session.timeline?.review ?? []).find(({ frame }) => Math.abs(this.xOf(frame + 0.5) + 3 - x) < 8);
  }

  #move(event) {
    const { x, y } = this.#place(event);
    const before = this.#pointers.get(event.pointerId);
    if (before !== undefined) this.#pointers.set(event.pointerId, x);
    if (this.#drag?.kind === "pinch") return this.#pinch(event.pointerId, before, x);
    if (this.#drag) return this.#go(x);
    this.#point(x < names ? null : { frame: this.frameAt(x), object: this.#objectAt(y) });
  }

  #up(event) {
    this.#pointers.delete(event.pointerId);
    if (this.#drag && this.#pointers.size === 0) {
      this.#drag = null;
      this.session.show(this.session.frame);
    }
  }

  #go(x) {
    const frame = this.frameAt(x);
    if (this.#drag.kind === "range" && frame !== this.#drag.from) this.setRange([this.#drag.from, frame]);
    this.session.show(frame, true);
  }

  #pinch(id, before, x) {
    const other = [...this.#pointers].find(([key]) => key !== id)?.[1];
    if (other === undefined || before === undefined) return;
    const factor = Math.max(10, Math.abs(before - other)) / Math.max(10, Math.abs(x - other));
    this.#zoom(factor, (x + other) / 2, (before - x) / 2);
  }

  /** Tells what is under the pointer: {frame, object}; null: nothing. */
  #point(under) {
    this.session.tell("pointed", under && { ...under, text: this.describe(under) });
  }

  describe({ frame, object }) {
    const strip = object && this.#strip(object.id);
    if (!strip) return `frame ${frame}`;
    const value = summary(strip)[frame];
    const parts = [`frame ${frame}`, `${object.id} ${object.name}`];
    if (value === absent) parts.push("not seen");
    else if (isKnown(value)) parts.push(`${Math.round(100 * confidenceOf(value))} % sure`);
    else parts.push("not tracked yet");
    if (strip.anchors.includes(frame)) parts.push("marked by you");
    else if (isKnown(value) && strip.outdated.some(([first, last]) => first <= frame && frame <= last)) parts.push("out of date");
    return parts.join(" · ");
  }

  setRange(range) {
    this.range = range && [Math.min(...range), Math.max(...range)];
    this.session.tell("range");
    this.draw();
  }

  clearRange() {
    if (!this.range) return false;
    this.setRange(null);
    return true;
  }

  #wheel(event) {
    event.preventDefault();
    if (event.shiftKey) this.#scrollBy(Math.sign(event.deltaY || event.deltaX));
    else this.#zoom(Math.exp(event.deltaY * 0.002), this.#place(event).x, event.deltaX);
    this.draw();
  }

  #zoom(factor, x, moved) {
    const total = this.session.project.video.frames;
    const at = this.first + ((x - names) / this.width) * this.count;
    const count = Math.max(Math.min(20, total), Math.min(total, this.count * factor));
    this.first = at - ((at - this.first) * count) / this.count + (moved / this.width) * count;
    this.count = count;
    this.#clamp();
    this.draw();
  }

  /** Around the frame on the screen. */
  zoom(factor) {
    this.#zoom(factor, this.xOf(this.session.frame + 0.5), 0);
  }

  showAll() {
    this.#zoom(Infinity, names, 0);
  }

  #scrollBy(rows) {
    this.#scroll = Math.max(0, Math.min(this.session.objects.length - this.rows, this.#scroll + rows));
  }

  #scrollToSelected() {
    const place = this.session.objects.findIndex((object) => object.id === this.session.selected);
    if (place >= 0) this.#scroll = Math.min(place, Math.max(this.#scroll, place - this.rows + 1));
    this.draw();
  }

  /** A frame that is gone to is on the strip; who looks elsewhere on the strip is left there. */
  #follow() {
    const { frame } = this.session;
    if (frame < this.first || frame >= this.first + this.count) {
      this.first = frame - this.count / 2;
      this.#clamp();
    }
    this.draw();
  }

  #clamp() {
    this.first = Math.max(0, Math.min(this.session.project.video.frames - this.count, this.first));
  }

  // MARK: Drawing

  draw() {
    if (this.#waiting || !this.session.project) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#drawNow();
    });
  }

  #strip(id) {
    return this.session.timeline?.objects.find((one) => one.id === id);
  }

  #drawNow() {
    const { context, session } = this;
    this.#scrollBy(0);
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    context.fillStyle = "#171a20";
    context.fillRect(0, 0, width, height);
    this.#drawRange(height);
    this.#drawRuler();
    session.objects.slice(this.#scroll, this.#scroll + this.rows).forEach((object, place) => this.#drawRow(object, ruler + place * row));
    if (session.objects.length === 0) this.#text("Click on an object to begin.", names + 16, ruler + row / 2, "#8e96a3");
    if (session.objects.length > this.rows) this.#drawScroller(width);
    this.#drawPlayhead(height);
    this.canvas.setAttribute("aria-valuenow", session.frame);
    const selected = session.object(session.selected);
    this.canvas.setAttribute("aria-valuetext", this.describe({ frame: session.frame, object: selected }));
  }

  #drawPlayhead(height) {
    const { context, session } = this;
    const x = this.xOf(session.frame);
    const wide = Math.max(2, this.xOf(session.frame + 1) - x);
    context.fillStyle = "rgb(255 255 255 / 0.1)";
    context.fillRect(x, lanes.flags, wide, height);
    context.fillStyle = "#5aa9ff";
    context.fillRect(x + wide / 2 - 0.75, lanes.flags, 1.5, height);
    const label = String(session.frame);
    context.font = font(600);
    const half = context.measureText(label).width / 2 + 5;
    const middle = Math.max(names + half, Math.min(names + this.width - half, x + wide / 2));
    context.beginPath();
    context.roundRect(middle - half, lanes.flags, 2 * half, lanes.numbers - 1, 4);
    context.fill();
    this.#text(label, middle, lanes.flags + lanes.numbers / 2, "#07182c", "center", 600);
  }

  #drawRange(height) {
    if (!this.range) return;
    const x = Math.max(names, this.xOf(this.range[0]));
    this.context.fillStyle = "rgb(90 169 255 / 0.14)";
    this.context.fillRect(x, lanes.flags, Math.min(names + this.width, this.xOf(this.range[1] + 1)) - x, height);
  }

  #drawScroller(width) {
    const { context, session } = this;
    const [all, shown] = [session.objects.length, this.rows * row];
    context.fillStyle = "#3a414d";
    context.beginPath();
    context.roundRect(width - 6, ruler + (this.#scroll / all) * shown, 3, (this.rows / all) * shown, 1.5);
    context.fill();
  }

  #text(text, x, y, color, align = "left", weight = 400) {
    const { context } = this;
    context.font = font(weight);
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillStyle = color;
    context.fillText(text, x, y);
  }

  #drawRuler() {
    const { context, session } = this;
    for (const frame of ticks(this.first, this.count, this.width)) {
      const x = this.xOf(frame + 0.5);
      if (frame > session.lastFrame || x > names + this.width - 12) break;
      context.fillStyle = "#3a414d";
      context.fillRect(Math.round(x), ruler - 4, 1, 4);
      this.#text(String(frame), x, lanes.flags + 6, "#7b8492", "center");
    }
    for (const { frame } of session.timeline?.review ?? []) {
      const x = Math.round(this.xOf(frame + 0.5));
      if (x < names || x > names + this.width) continue;
      context.fillStyle = "#f2b84b";
      context.fillRect(x, 2, 1, lanes.flags - 2);
      context.beginPath();
      context.moveTo(x + 1, 2);
      context.lineTo(x + 8, 5);
      context.lineTo(x + 1, 8);
      context.fill();
    }
  }

  #drawRow(object, y) {
    const { context, session } = this;
    const isSelected = object.id === session.selected;
    if (isSelected) {
      context.fillStyle = "#1d2a3a";
      context.fillRect(0, y, names - 6, row);
    }
    context.fillStyle = object.color;
    context.fillRect(8, y + row / 2 - 4, 8, 8);
    context.font = font(400);
    this.#text(fitting(context, `${object.id} ${object.name}`, names - 28), 20, y + row / 2 + 0.5, isSelected ? "#e3e6eb" : "#a9b0bb");
    context.fillStyle = isSelected ? "#1c232d" : "#13161b";
    context.fillRect(names, y + 1, this.width, row - 2);
    const strip = this.#strip(object.id);
    if (!strip) return;
    context.save();
    context.beginPath();
    context.rect(names, y, this.width, row);
    context.clip();
    const places = { xOf: (f) => this.xOf(f), frameAt: (x) => this.frameAt(x) };
    const painter = new StripPainter(context, { y, row, left: names, right: names + this.width, ...places });
    painter.summary(summary(strip));
    strip.outdated.forEach((frames) => painter.outdated(frames));
    for (const { frame, object: id } of session.timeline.review) if (id === object.id) painter.notch(frame);
    strip.anchors.forEach((frame) => painter.anchor(frame, object.color));
    context.restore();
  }
}
