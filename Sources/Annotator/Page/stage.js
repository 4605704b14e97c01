// The canvas with the frame, the masks and what a person is drawing.

import { dash, rgb } from "./colors.js";
import { get } from "./server.js";
import { drawMadeStroke, drawStroke } from "./strokes.js";
import { Camera } from "./view.js";

const trailLength = 24;
const keptDrawings = 24;

export class Stage {
  camera = new Camera();
  /** What is being drawn: {kind: "box" | "stroke" | "lasso", ...}; null: nothing. */
  gesture = null;
  /** A mask that is not there yet, under the pointer. */
  preview = null;
  /** Where the keyboard's pointer is, in pixels of the frame; null: it is not used. */
  cross = null;
  /** The pointer's place in the canvas; null: outside. */
  pointer = null;
  /** {frame, object, kind: "prompt" | "track", id}: what Delete takes away. */
  chosen = null;
  /** What masks were drawn with last: as many as are on the screen, and some. */
  #drawings = new Map();
  #trails = null;
  /** The frame whose picture is on the screen: the wanted one, or until that has come the last one that had. */
  #shown = null;
  #waiting = false;

  constructor(canvas, session, view) {
    [this.canvas, this.session, this.view] = [canvas, session, view];
    this.context = canvas.getContext("2d", { alpha: false });
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    for (const name of ["frame", "state", "selection", "view"]) session.addEventListener(name, () => this.update());
    session.addEventListener("arrived", (event) => this.#arrived(event.detail));
  }

  get size() {
    return { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.size.width * ratio);
    this.canvas.height = Math.round(this.size.height * ratio);
    if (this.session.project) this.camera.resized(this.session.project.video, this.size);
    this.draw();
  }

  fit() {
    this.camera.fit(this.session.project.video, this.size);
    this.draw();
  }

  update() {
    this.session.needsFrameBefore = this.view.onion;
    this.session.want();
    this.draw();
    if (this.view.trails) this.#askTrails(this.session.frame);
  }

  /** While a person drags faster than frames come, those that do come are shown. */
  #arrived(frame) {
    const { session } = this;
    if (session.isScrubbing && !session.pictureNow(session.frame) && session.pictureNow(frame)) this.#shown = frame;
    // What takes long of drawing is done while the browser waits for its next frame.
    if (frame === session.frame && !session.isScrubbing) this.#readyMasks(frame);
    if (frame === this.#shown || frame === session.frame || (this.view.onion && frame === session.frame - 1)) this.draw();
    if (frame === session.frame && this.view.trails) this.#askTrails(frame);
  }

  async #askTrails(frame) {
    const id = this.session.selected;
    const version = this.session.masksNow(frame)?.version;
    if (id === null || (this.#trails?.frame === frame && this.#trails.id === id && this.#trails.version === version)) return;
    const from = Math.max(0, frame - trailLength);
    const to = Math.min(this.session.lastFrame, frame + 2);
    const tracks = await get(`api/tracks/${id}?from=${from}&to=${to}`).catch(() => null);
    if (!tracks || this.session.frame !== frame) return;
    this.#trails = { frame, id, version, frames: tracks.frames };
    this.draw();
  }

  draw() {
    if (this.#waiting) return;
    this.#waiting = true;
    requestAnimationFrame(() => {
      this.#waiting = false;
      this.#drawNow();
    });
  }

  #drawNow() {
    const { context, session, view, camera } = this;
    if (!session.project) return;
    const ratio = window.devicePixelRatio || 1;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#0a0b0e";
    context.fillRect(0, 0, this.size.width, this.size.height);
    const { width, height } = session.project.video;
    context.setTransform(ratio * camera.scale, 0, 0, ratio * camera.scale, ratio * camera.x, ratio * camera.y);
    context.imageSmoothingEnabled = camera.scale < 3;

    // A frame that is on its way leaves the one before on the screen, with its own masks, so that nothing flickers.
    if (session.pictureNow(session.frame)) this.#shown = session.frame;
    const frame = this.#shown;
    const picture = frame === null ? null : session.pictureNow(frame);
    if (!picture) return;
    context.filter = view.brightness === 1 && view.contrast === 1 ? "none" : `brightness(${view.brightness}) contrast(${view.contrast})`;
    context.drawImage(picture, 0, 0, width, height);
    context.filter = "none";
    if (view.onion && frame > 0) this.#drawBefore(frame - 1);
    const masks = session.masksNow(frame);
    if (masks) this.#drawMasks(masks, view.opacity, 1);
    if (frame === session.frame) {
      if (this.preview?.mask && this.preview.frame === frame) this.#drawPreview();
      if (masks && view.trails) this.#drawTrails();
      if (masks && view.points) this.#drawPrompts(masks);
      this.#drawGesture();
      if (this.cross) this.#drawCross();
    }
    this.canvas.dataset.shown = masks ? frame : "";
    this.canvas.dataset.frame = masks && frame === session.frame && session.isFresh(frame) ? frame : "";
  }

  /** Onion skin: the frame before as a veil, its masks as dashed outlines. */
  #drawBefore(frame) {
    const { context, session } = this;
    const picture = session.pictureNow(frame);
    if (picture) {
      const { width, height } = session.project.video;
      context.globalAlpha = 0.4;
      context.drawImage(picture, 0, 0, width, height);
      context.globalAlpha = 1;
    }
    const masks = session.masksNow(frame);
    if (masks) this.#drawMasks(masks, 0, 0.6);
  }

  // MARK: Masks

  #drawMasks(masks, opacity, strength) {
    const { context, session, camera } = this;
    for (const object of masks.objects) {
      const known = session.object(object.id);
      if (!object.mask || !known || !session.shows(object.id)) continue;
      const isSelected = object.id === session.selected;
      if (opacity > 0) {
        context.globalAlpha = opacity * (isSelected || session.selected === null ? 1 : 0.75);
        const { fill, box } = this.#drawing(object.mask, known.color);
        context.drawImage(fill, box.x, box.y);
        context.globalAlpha = 1;
      }
      if (!this.view.outline) continue;
      context.lineWidth = (isSelected ? 2 : 1.4) / camera.scale;
      context.setLineDash((strength < 1 ? [3, 3] : dash(object.id)).map((length) => length / camera.scale));
      context.globalAlpha = strength * (object.outdated ? 0.55 : 1);
      context.strokeStyle = strength < 1 ? "#ffffff" : known.color;
      context.stroke(this.#drawing(object.mask, known.color).outline);
      context.setLineDash([]);
      context.globalAlpha = 1;
      if (strength === 1) this.#label(object, known);
    }
  }

  #readyMasks(frame) {
    for (const { id, mask } of this.session.masksNow(frame)?.objects ?? []) {
      const known = this.session.object(id);
      if (mask && known && this.session.shows(id)) this.#drawing(mask, known.color);
    }
  }

  /** {fill, box, outline} of a mask in a colour. */
  #drawing(mask, color) {
    const kept = this.#drawings.get(mask);
    if (kept?.color === color) return kept;
    const box = mask.box ?? { x: 0, y: 0, width: 1, height: 1 };
    const fill = new OffscreenCanvas(box.width, box.height);
    const context = fill.getContext("2d");
    const image = context.createImageData(box.width, box.height);
    const pixels = new Uint32Array(image.data.buffer);
    const [r, g, b] = rgb(color);
    const value = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
    mask.forEachRun((x, first, end) => {
      for (let y = first; y < end; y += 1) pixels[(y - box.y) * box.width + x - box.x] = value;
    });
    context.putImageData(image, 0, 0);
    const drawing = { color, fill, box, outline: kept?.outline ?? mask.outline() };
    this.#drawings.delete(mask);
    this.#drawings.set(mask, drawing);
    const most = keptDrawings + 2 * this.session.objects.length;
    while (this.#drawings.size > most) this.#drawings.delete(this.#drawings.keys().next().value);
    return drawing;
  }

  #label(object, known) {
    const { context, camera } = this;
    object.top ??= object.mask.top;
    if (!object.top) return;
    const size = 11 / camera.scale;
    const text = String(object.id);
    context.font = `600 ${size}px system-ui, sans-serif`;
    const width = context.measureText(text).width + size * 0.8;
    const x = object.top.x - width / 2;
    const y = Math.max(0, object.top.y - size * 1.8);
    context.fillStyle = known.color;
    context.beginPath();
    context.roundRect(x, y, width, size * 1.4, size * 0.3);
    context.fill();
    context.fillStyle = "#0b0d10";
    context.textBaseline = "middle";
    context.fillText(text, x + size * 0.4, y + size * 0.75);
  }

  /** What a click would add or take away: a thin dashed line, and hardly a fill, so that what is there stays to be seen. */
  #drawPreview() {
    const { context, camera } = this;
    const { object, mask, positive } = this.preview;
    const color = positive ? (this.session.object(object)?.color ?? "#ffffff") : "#ffffff";
    const { fill, box, outline } = this.#drawing(mask, color);
    context.globalAlpha = positive ? 0.18 : 0;
    context.drawImage(fill, box.x, box.y);
    context.globalAlpha = 0.85;
    context.lineWidth = 1.2 / camera.scale;
    context.setLineDash([4 / camera.scale, 3 / camera.scale]);
    context.strokeStyle = "#ffffff";
    context.stroke(outline);
    context.setLineDash([]);
    context.globalAlpha = 1;
  }

  // MARK: Points and boxes

  #drawPrompts(masks) {
    const { context, session, camera } = this;
    for (const object of masks.objects) {
      const known = session.object(object.id);
      if (!known || !session.shows(object.id)) continue;
      const isSelected = object.id === session.selected;
      if (isSelected) for (const stroke of object.prompts.strokes) drawMadeStroke(context, stroke, known.color, camera.scale);
      for (const point of object.points) {
        if (point.visible) this.#dot(point, isSelected ? 3 : 2, known.color, point.positive, this.#isChosen(object.id, "track", point.track));
      }
      for (const point of object.prompts.points) {
        this.#dot(point, isSelected ? 5.5 : 4, known.color, point.positive, this.#isChosen(object.id, "prompt", point.id), true);
      }
      if (object.prompts.box) {
        const [x0, y0, x1, y1] = object.prompts.box;
        context.strokeStyle = known.color;
        context.lineWidth = 1.5 / camera.scale;
        context.strokeRect(x0, y0, x1 - x0, y1 - y0);
      }
    }
  }

  #isChosen(object, kind, id) {
    const { chosen, session } = this;
    return chosen && chosen.frame === session.frame && chosen.object === object && chosen.kind === kind && chosen.id === id;
  }

  /** Positive points are full with a plus, negative ones hollow with a minus: the sign does not depend on colours. */
  #dot(point, radius, color, isPositive, isChosen, isPrompt = false) {
    const { context, camera } = this;
    const r = radius / camera.scale;
    context.beginPath();
    context.arc(point.x, point.y, r, 0, 2 * Math.PI);
    context.fillStyle = isPositive ? color : "#15181d";
    context.fill();
    context.lineWidth = (isChosen ? 3 : 1.3) / camera.scale;
    context.strokeStyle = isChosen ? "#5aa9ff" : isPositive ? "#ffffff" : color;
    context.stroke();
    if (!isPrompt) return;
    context.beginPath();
    context.lineWidth = 1.6 / camera.scale;
    context.strokeStyle = isPositive ? "#0b0d10" : "#ffffff";
    context.moveTo(point.x - r * 0.5, point.y);
    context.lineTo(point.x + r * 0.5, point.y);
    if (isPositive) {
      context.moveTo(point.x, point.y - r * 0.5);
      context.lineTo(point.x, point.y + r * 0.5);
    }
    context.stroke();
  }

  #drawTrails() {
    const { context, session, camera } = this;
    const trails = this.#trails;
    if (!trails || trails.id !== session.selected) return;
    const paths = new Map();
    for (const frame of Object.keys(trails.frames).map(Number).sort((a, b) => a - b)) {
      if (frame > session.frame) break;
      for (const point of trails.frames[frame]) {
        if (!point.visible) continue;
        if (!paths.has(point.track)) paths.set(point.track, []);
        paths.get(point.track).push(point);
      }
    }
    context.strokeStyle = session.object(trails.id)?.color ?? "#ffffff";
    context.lineWidth = 1.2 / camera.scale;
    context.globalAlpha = 0.7;
    for (const points of paths.values()) {
      context.beginPath();
      points.forEach((p, i) => (i === 0 ? context.moveTo(p.x, p.y) : context.lineTo(p.x, p.y)));
      context.stroke();
    }
    context.globalAlpha = 1;
  }

  // MARK: What is being drawn

  #drawGesture() {
    const { context, camera, gesture, session } = this;
    const color = session.object(session.selected)?.color ?? "#5aa9ff";
    if (gesture?.kind === "box") {
      context.strokeStyle = color;
      context.lineWidth = 1.5 / camera.scale;
      context.strokeRect(gesture.from.x, gesture.from.y, gesture.to.x - gesture.from.x, gesture.to.y - gesture.from.y);
    } else if (gesture?.kind === "stroke" || gesture?.kind === "lasso") {
      drawStroke(context, gesture, color, camera.scale);
    } else if (gesture?.kind === "point") {
      this.#dot({ ...gesture.at }, 5.5, color, gesture.isPositive, true, true);
    }
    const brush = this.cross ?? (this.pointer && camera.toFrame(this.pointer));
    if (this.brushRadius && brush && !gesture) {
      context.beginPath();
      context.arc(brush.x, brush.y, this.brushRadius, 0, 2 * Math.PI);
      context.lineWidth = 1 / camera.scale;
      context.strokeStyle = "#ffffff";
      context.stroke();
    }
  }

  /** The keyboard's pointer, with the sign of what a click would say. */
  #drawCross() {
    const { context, camera, cross } = this;
    const lines = [[-11, 0, -3, 0], [3, 0, 11, 0], [0, -11, 0, -3], [0, 3, 0, 11], [8, -11, 13, -11]];
    if (this.canvas.dataset.sign !== "minus") lines.push([10.5, -13.5, 10.5, -8.5]);
    context.lineCap = "round";
    for (const [color, width] of [["#000000", 3.4], ["#ffffff", 1.4]]) {
      context.strokeStyle = color;
      context.lineWidth = width / camera.scale;
      context.beginPath();
      for (const [x0, y0, x1, y1] of lines) {
        context.moveTo(cross.x + x0 / camera.scale, cross.y + y0 / camera.scale);
        context.lineTo(cross.x + x1 / camera.scale, cross.y + y1 / camera.scale);
      }
      context.stroke();
    }
    context.lineCap = "butt";
  }
}
