// A strip per object over all frames: seen or not, how sure, where a person said something, what is out of date.

import { confidenceColor } from "./colors.js";

const ruler = 20;
const row = 18;
const rowsShown = 8;
const names = 92;

export class Timeline {
  /** The first frame shown, and how many. */
  first = 0;
  count = 1;
  /** The frames that tracking is limited to: [first, last]; null: all. */
  range = null;
  #scroll = 0;
  #drag = null;
  #waiting = false;
  #hatch = null;

  constructor(canvas, session) {
    [this.canvas, this.session] = [canvas, session];
    this.context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(() => this.resize()).observe(canvas);
    for (const name of ["frame", "timeline", "selection", "progress", "view"]) session.addEventListener(name, () => this.draw());
    session.addEventListener("state", () => this.resize());
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#drag && this.#go(event));
    canvas.addEventListener("pointerup", () => (this.#drag = null));
    canvas.addEventListener("pointercancel", () => (this.#drag = null));
    canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  open() {
    this.count = this.session.project.video.frames;
    this.canvas.setAttribute("aria-valuemax", this.session.lastFrame);
    this.resize();
  }

  resize() {
    if (!this.session.project) return;
    const rows = Math.max(1, Math.min(rowsShown, this.session.objects.length));
    const ratio = window.devicePixelRatio || 1;
    const height = ruler + rows * row + 8;
    this.canvas.style.height = `${height}px`;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.draw();
  }

  get width() {
    return this.canvas.clientWidth - names - 10;
  }

  xOf(frame) {
    return names + ((frame - this.first) / this.count) * this.width;
  }

  frameAt(x) {
    const frame = Math.floor(this.first + ((x - names) / this.width) * this.count);
    return Math.max(0, Math.min(this.session.lastFrame, frame));
  }

  // MARK: Pointers

  #down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    const y = event.clientY - this.canvas.getBoundingClientRect().top;
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    const place = Math.floor((y - ruler) / row) + this.#scroll;
    if (x < names) {
      const object = this.session.objects[place];
      if (y > ruler && object) this.session.select(object.id);
      return;
    }
    this.#drag = { isRange: event.shiftKey, from: this.frameAt(x) };
    if (event.shiftKey) this.#setRange(null);
    this.#go(event);
  }

  #go(event) {
    const frame = this.frameAt(event.clientX - this.canvas.getBoundingClientRect().left);
    if (this.#drag.isRange && frame !== this.#drag.from) {
      this.#setRange([Math.min(frame, this.#drag.from), Math.max(frame, this.#drag.from)]);
    }
    this.session.show(frame);
  }

  #setRange(range) {
    this.range = range;
    this.session.tell("range");
    this.draw();
  }

  clearRange() {
    if (!this.range) return false;
    this.#setRange(null);
    return true;
  }

  #wheel(event) {
    event.preventDefault();
    const total = this.session.project.video.frames;
    if (event.shiftKey && this.session.objects.length > rowsShown) {
      this.#scroll = Math.max(0, Math.min(this.session.objects.length - rowsShown, this.#scroll + Math.sign(event.deltaY || event.deltaX)));
    } else {
      const at = this.first + ((event.clientX - this.canvas.getBoundingClientRect().left - names) / this.width) * this.count;
      const count = Math.max(Math.min(20, total), Math.min(total, this.count * Math.exp(event.deltaY * 0.002)));
      this.first = at - ((at - this.first) * count) / this.count + (event.deltaX / this.width) * count;
      this.count = count;
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

  #drawNow() {
    const { context, session } = this;
    // The frame on the screen stays on the strip.
    if (session.frame < this.first || session.frame >= this.first + this.count) {
      this.first = session.frame - this.count / 2;
      this.#clamp();
    }
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    context.fillStyle = "#171a20";
    context.fillRect(0, 0, width, height);
    this.#drawRuler();
    session.objects.slice(this.#scroll, this.#scroll + rowsShown).forEach((object, place) => this.#drawRow(object, ruler + place * row));
    if (session.objects.length === 0) this.#text("Click on an object to begin.", names, ruler + 12, "#8e96a3");
    if (this.range) {
      context.fillStyle = "rgb(90 169 255 / 0.16)";
      const x = this.xOf(this.range[0]);
      context.fillRect(x, 0, this.xOf(this.range[1] + 1) - x, height);
    }
    const x = this.xOf(session.frame);
    context.fillStyle = "rgb(90 169 255 / 0.25)";
    context.fillRect(x, 0, Math.max(1, this.xOf(session.frame + 1) - x), height);
    context.fillStyle = "#5aa9ff";
    context.fillRect(x, 0, 1.5, height);
    this.canvas.setAttribute("aria-valuenow", session.frame);
    this.canvas.setAttribute("aria-valuetext", `Frame ${session.frame} of ${session.project.video.frames}`);
  }

  #text(text, x, y, color, align = "left") {
    const { context } = this;
    context.font = "11px system-ui, sans-serif";
    context.textAlign = align;
    context.textBaseline = "middle";
    context.fillStyle = color;
    context.fillText(text, x, y);
  }

  #drawRuler() {
    const { context, session } = this;
    const step = niceStep((this.count / this.width) * 70);
    for (let frame = Math.ceil(this.first / step) * step; frame < this.first + this.count; frame += step) {
      const x = this.xOf(frame);
      context.fillStyle = "#3a414d";
      context.fillRect(x, ruler - 5, 1, 5);
      this.#text(String(frame), x + 3, 8, "#7b8492");
    }
    for (const { frame } of session.timeline?.review ?? []) {
      const x = this.xOf(frame + 0.5);
      if (x < names || x > names + this.width) continue;
      context.fillStyle = "#f2b84b";
      context.fillRect(x - 0.5, 3, 1.2, ruler - 5);
      context.beginPath();
      context.moveTo(x, 3);
      context.lineTo(x + 8, 6.5);
      context.lineTo(x, 10);
      context.fill();
    }
  }

  #drawRow(object, y) {
    const { context, session } = this;
    const strip = session.timeline?.objects.find((one) => one.id === object.id);
    if (object.id === session.selected) {
      context.fillStyle = "#1d2a3a";
      context.fillRect(0, y, this.canvas.clientWidth, row);
    }
    context.fillStyle = object.color;
    context.fillRect(8, y + 5, 8, 8);
    context.save();
    context.beginPath();
    context.rect(20, y, names - 26, row);
    context.clip();
    this.#text(`${object.id} ${object.name}`, 20, y + row / 2, object.id === session.selected ? "#e3e6eb" : "#a9b0bb");
    context.restore();
    if (!strip) return;
    context.save();
    context.beginPath();
    context.rect(names, y, this.width, row);
    context.clip();
    this.#drawPresence(strip, y);
    this.#drawOutdated(strip, y);
    for (const anchor of strip.anchors) this.#drawAnchor(anchor, y, object.color);
    context.restore();
  }

  /** A pixel of the strip may stand for many frames: it shows the least sure of them. */
  #drawPresence(strip, y) {
    const { context } = this;
    strip.bytes ??= Uint8Array.from(atob(strip.confidence), (c) => c.charCodeAt(0));
    for (const [first, last, kind] of strip.runs) {
      const left = Math.max(names, this.xOf(first));
      const right = Math.min(names + this.width, this.xOf(last + 1));
      if (right <= left || kind === "none") continue;
      if (kind === "absent") {
        context.fillStyle = "#3a414d";
        context.fillRect(left, y + row / 2 - 0.5, right - left, 1);
        continue;
      }
      for (let x = left; x < right; ) {
        const begin = Math.max(first, this.frameAt(x));
        const end = Math.max(begin + 1, Math.min(last + 1, this.frameAt(x + 1)));
        let least = 255;
        for (let frame = begin; frame < end; frame += 1) {
          const value = strip.bytes[frame];
          if (value > 0 && value < least) least = value;
        }
        const next = Math.min(right, Math.max(x + 1, this.xOf(end)));
        const confidence = (least - 1) / 254;
        const tall = (row - 6) * (0.35 + 0.65 * confidence);
        context.fillStyle = confidenceColor(confidence);
        context.fillRect(x, y + row - 3 - tall, next - x, tall);
        x = next;
      }
    }
  }

  #drawOutdated(strip, y) {
    const { context } = this;
    this.#hatch ??= makeHatch(context);
    for (const [first, last] of strip.outdated) {
      context.fillStyle = this.#hatch;
      const x = this.xOf(first);
      context.fillRect(x, y + 2, this.xOf(last + 1) - x, row - 4);
    }
  }

  #drawAnchor(frame, y, color) {
    const { context } = this;
    const x = this.xOf(frame + 0.5);
    const middle = y + row / 2;
    context.beginPath();
    context.moveTo(x, middle - 5);
    context.lineTo(x + 5, middle);
    context.lineTo(x, middle + 5);
    context.lineTo(x - 5, middle);
    context.closePath();
    context.fillStyle = color;
    context.fill();
    context.lineWidth = 1.2;
    context.strokeStyle = "#ffffff";
    context.stroke();
  }
}

/** 1, 2, 5, 10, 20, ... */
function niceStep(least) {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  return Math.max(1, [1, 2, 5, 10].map((f) => f * power).find((step) => step >= least) ?? 10 * power);
}

function makeHatch(context) {
  const tile = new OffscreenCanvas(6, 6);
  const pen = tile.getContext("2d");
  pen.fillStyle = "rgb(23 26 32 / 0.55)";
  pen.fillRect(0, 0, 6, 6);
  pen.strokeStyle = "#8e96a3";
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(-1, 7);
  pen.lineTo(7, -1);
  pen.stroke();
  return context.createPattern(tile, "repeat");
}
