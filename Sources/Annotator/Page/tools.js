// What pointers do on the canvas: every gesture ends in one edit.

import { post } from "./server.js";
import { RunMask, runs } from "./runs.js";
import { get } from "./server.js";

const near = 9; // Pixels of the screen within which a point is meant.
const slack = 5; // Pixels of the screen that a click may wander.

export class Tools {
  tool = "click";
  #before = null;
  #drag = null;
  #pointers = new Map();
  #previewTimer = null;
  #previewSlow = 0;

  constructor(stage, session, view, act) {
    [this.stage, this.session, this.view, this.act] = [stage, session, view, act];
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
    this.stage.canvas.style.cursor = { hand: "grab", brush: "none", eraser: "none" }[tool] ?? "crosshair";
    this.stage.preview = null;
    this.session.tell("tool");
    this.stage.draw();
  }

  /** The space bar, held: the hand for as long. */
  hold(isHeld) {
    if (isHeld && this.#before === null) {
      this.#before = this.tool;
      this.set("hand");
    } else if (!isHeld && this.#before !== null) {
      this.set(this.#before);
      this.#before = null;
    }
  }

  cancel() {
    this.#drag = null;
    this.stage.gesture = null;
    this.stage.draw();
  }

  // MARK: Pointers

  #place(event) {
    const box = this.stage.canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  #clamped(p) {
    const { width, height } = this.session.project.video;
    return { x: Math.max(0, Math.min(width - 0.01, p.x)), y: Math.max(0, Math.min(height - 0.01, p.y)) };
  }

  #inside(p) {
    const { width, height } = this.session.project.video;
    return p.x >= 0 && p.y >= 0 && p.x < width && p.y < height;
  }

  #down(event) {
    this.stage.canvas.focus();
    this.stage.canvas.setPointerCapture(event.pointerId);
    const at = this.#place(event);
    this.#pointers.set(event.pointerId, at);
    if (this.#pointers.size === 2) {
      // Two fingers move and zoom; what one had begun is nothing.
      this.cancel();
      this.#drag = { kind: "pinch" };
      return;
    }
    const p = this.stage.camera.toFrame(at);
    const isNegative = event.button === 2 || event.altKey;
    if (event.button === 1 || this.tool === "hand") {
      this.#drag = { kind: "move", at };
    } else if (this.tool === "click") {
      const point = this.#pointNear(at);
      this.#drag = { kind: point && !isNegative ? "point" : "press", at, from: p, point, isNegative, shift: event.shiftKey };
    } else if (this.#inside(p)) {
      const erases = this.tool === "eraser" || isNegative;
      const radius = this.view.brush * (event.pointerType === "pen" && event.pressure ? 0.5 + event.pressure : 1);
      this.stage.gesture = { kind: this.tool === "lasso" ? "lasso" : "stroke", path: [p], radius, erases };
      this.#drag = { kind: "draw" };
      this.stage.draw();
    }
    this.stage.preview = null;
  }

  #move(event) {
    const at = this.#place(event);
    this.stage.pointer = at;
    const before = this.#pointers.get(event.pointerId);
    if (before) this.#pointers.set(event.pointerId, at);
    if (!this.#drag) {
      if (this.stage.brushRadius) this.stage.draw();
      this.#previewSoon(at);
      return;
    }
    if (this.#drag.kind === "pinch") return this.#pinch(event.pointerId, before, at);
    if (this.#drag.kind === "move") {
      this.stage.camera.move(at.x - before.x, at.y - before.y);
    } else if (this.#drag.kind === "draw") {
      for (const one of event.getCoalescedEvents?.() ?? [event]) {
        this.stage.gesture.path.push(this.#clamped(this.stage.camera.toFrame(this.#place(one))));
      }
    } else {
      const far = Math.hypot(at.x - this.#drag.at.x, at.y - this.#drag.at.y) > slack;
      if (!far && !this.stage.gesture) return;
      const p = this.#clamped(this.stage.camera.toFrame(at));
      this.stage.gesture =
        this.#drag.kind === "point"
          ? { kind: "point", at: p, isPositive: this.#drag.point.isPositive }
          : { kind: "box", from: this.#clamped(this.#drag.from), to: p };
    }
    this.stage.draw();
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
    if (drag.kind === "press" && !gesture) this.#click(drag);
    else if (drag.kind === "point" && !gesture) this.#choose(drag.point);
    else if (drag.kind === "point") this.#dragged(drag.point, gesture.at);
    else if (gesture?.kind === "box") this.#box(gesture);
    else if (gesture?.kind === "stroke") this.#stroke(gesture);
    else if (gesture?.kind === "lasso") this.#lasso(gesture);
  }

  #drop(event) {
    this.#pointers.delete(event.pointerId);
    this.cancel();
  }

  #leave() {
    this.stage.pointer = null;
    clearTimeout(this.#previewTimer);
    this.stage.preview = null;
    this.stage.draw();
  }

  #wheel(event) {
    event.preventDefault();
    const at = this.#place(event);
    if (event.ctrlKey || !event.shiftKey) this.stage.camera.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.0015)), at);
    else this.stage.camera.move(-event.deltaY, 0);
    this.stage.draw();
  }

  // MARK: What is meant

  #masks() {
    return this.session.masksNow(this.session.frame);
  }

  /** The selected object's point under the pointer: a click of a person before a tracked one. */
  #pointNear(at) {
    const object = this.#masks()?.objects.find((one) => one.id === this.session.selected);
    if (!object || !this.view.points) return null;
    const candidates = [
      ...object.prompts.points.map((p) => ({ ...p, kind: "prompt", isPositive: p.positive, object: object.id })),
      ...object.points.filter((p) => p.visible).map((p) => ({ ...p, id: p.track, kind: "track", isPositive: p.positive, object: object.id })),
    ];
    let best = null;
    for (const point of candidates) {
      const p = this.stage.camera.toCanvas(point);
      const distance = Math.hypot(p.x - at.x, p.y - at.y) - (point.kind === "prompt" ? 2 : 0);
      if (distance <= near && (!best || distance < best.distance)) best = { ...point, distance };
    }
    return best;
  }

  #objectAt(p) {
    const objects = (this.#masks()?.objects ?? []).filter((one) => this.session.shows(one.id) && !this.session.locked.has(one.id));
    return objects.find((one) => one.mask?.contains(p.x, p.y))?.id ?? null;
  }

  #click({ from, isNegative, shift }) {
    if (!this.#inside(from)) return;
    const hit = this.#objectAt(from);
    // A click on another object selects it; Shift clicks all the same.
    if (!isNegative && !shift && hit !== null && hit !== this.session.selected) return this.session.select(hit);
    this.addPoint(from, !isNegative);
  }

  addPoint(p, isPositive) {
    return this.act(async () => {
      const object = await this.#target();
      await this.session.edit({ edit: "add-point", object, frame: this.session.frame, x: p.x, y: p.y, positive: isPositive });
    });
  }

  async #target() {
    const { session } = this;
    if (session.selected !== null && session.locked.has(session.selected)) {
      throw new Error(`Object ${session.selected} is locked. Unlock it (L), or make a new one (A).`);
    }
    return session.target();
  }

  #choose(point) {
    this.stage.chosen = { frame: this.session.frame, object: point.object, kind: point.kind, id: point.id };
    this.stage.draw();
  }

  #dragged(point, to) {
    const place = { object: point.object, frame: this.session.frame, x: to.x, y: to.y };
    this.act(async () => {
      await this.#target();
      await this.session.edit(
        point.kind === "prompt" ? { edit: "move-point", point: point.id, ...place } : { edit: "move-track", track: point.id, ...place },
      );
    });
  }

  /** Takes the chosen point away; false where none is. */
  removeChosen() {
    const { chosen } = this.stage;
    if (!chosen || chosen.frame !== this.session.frame) return false;
    this.stage.chosen = null;
    const place = { object: chosen.object, frame: chosen.frame };
    this.act(() =>
      this.session.edit(
        chosen.kind === "prompt" ? { edit: "remove-point", point: chosen.id, ...place } : { edit: "remove-track", track: chosen.id, ...place },
      ),
    );
    return true;
  }

  #box({ from, to }) {
    const box = [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.max(from.x, to.x), Math.max(from.y, to.y)];
    if (box[2] - box[0] < 2 || box[3] - box[1] < 2) return;
    this.act(async () => this.session.edit({ edit: "set-box", object: await this.#target(), frame: this.session.frame, box }));
  }

  #stroke({ path, radius, erases }) {
    this.act(async () =>
      this.session.edit({
        edit: "add-stroke", object: await this.#target(), frame: this.session.frame, path: thin(path, radius / 4), radius, erase: erases,
      }),
    );
  }

  /** What the lasso encloses joins the object's mask, or leaves it. */
  #lasso({ path, erases }) {
    if (path.length < 3) return;
    this.act(async () => {
      const object = await this.#target();
      const { frame, project } = this.session;
      const { width, height } = project.video;
      const whole = await get(`api/masks/${frame}?whole=1`);
      const rle = whole.objects.find((one) => one.id === object)?.rle;
      const bytes = rle ? new RunMask(rle).bytes() : new Uint8Array(width * height);
      enclosed(path, width, height, (i) => (bytes[i] = erases ? 0 : 1));
      await this.session.edit({ edit: "set-mask", object, frame, mask: runs(bytes, width, height) });
    });
  }

  // MARK: Preview

  #previewSoon(at) {
    clearTimeout(this.#previewTimer);
    if (!this.view.preview || this.tool !== "click" || !this.session.connected || this.session.project.models.missing) return;
    const p = this.stage.camera.toFrame(at);
    if (!this.#inside(p) || this.#pointNear(at)) return this.#clearPreview();
    const hit = this.#objectAt(p);
    if (hit !== null && hit !== this.session.selected) return this.#clearPreview();
    // Where answers are slow, only a pointer that rests asks.
    this.#previewTimer = setTimeout(() => this.#askPreview(p), this.#previewSlow > 250 ? 400 : 60);
  }

  #clearPreview() {
    if (!this.stage.preview) return;
    this.stage.preview = null;
    this.stage.draw();
  }

  async #askPreview(p) {
    const { session, stage } = this;
    const { frame, selected } = session;
    this.asking?.abort();
    this.asking = new AbortController();
    const began = performance.now();
    try {
      const answer = await post("api/preview", { object: selected, frame, x: p.x, y: p.y, positive: true }, this.asking.signal);
      this.#previewSlow = this.#previewSlow * 0.7 + (performance.now() - began) * 0.3;
      if (session.frame !== frame || session.selected !== selected || this.#drag || !stage.pointer) return;
      stage.preview = { frame, object: selected, mask: answer.rle ? new RunMask(answer.rle) : null };
      stage.draw();
    } catch {
      // A preview that does not come is no matter: a newer one was asked for, or the click itself will say what is wrong.
    }
  }
}

/** Without the points that add less than a distance. */
function thin(path, distance) {
  const kept = [path[0]];
  for (const p of path.slice(1)) if (Math.hypot(p.x - kept.at(-1).x, p.y - kept.at(-1).y) >= distance) kept.push(p);
  if (kept.at(-1) !== path.at(-1)) kept.push(path.at(-1));
  return kept.map((p) => [p.x, p.y]);
}

/** Visits the pixels whose centre a closed line encloses (even and odd crossings). */
function enclosed(path, width, height, visit) {
  for (let y = 0; y < height; y += 1) {
    const crossings = [];
    const middle = y + 0.5;
    path.forEach((a, i) => {
      const b = path[(i + 1) % path.length];
      if (a.y <= middle !== b.y <= middle) crossings.push(a.x + ((middle - a.y) / (b.y - a.y)) * (b.x - a.x));
    });
    crossings.sort((a, b) => a - b);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(0, Math.ceil(crossings[i] - 0.5));
      const last = Math.min(width - 1, Math.ceil(crossings[i + 1] - 0.5) - 1);
      for (let x = first; x <= last; x += 1) visit(y * width + x);
    }
  }
}
