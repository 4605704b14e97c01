// What is said about an object in the frame on the screen, by pointer or keyboard alike: each ends in one edit.

import { rounded, thin } from "./shapes.js";

export class Marks {
  constructor(stage, session, view, act) {
    Object.assign(this, { stage, session, view, act });
  }

  // MARK: Places

  clamped(p) {
    const { width, height } = this.session.project.video;
    return { x: Math.max(0, Math.min(width - 0.01, p.x)), y: Math.max(0, Math.min(height - 0.01, p.y)) };
  }

  isInside(p) {
    const { width, height } = this.session.project.video;
    return p.x >= 0 && p.y >= 0 && p.x < width && p.y < height;
  }

  /** The selected object's points in the frame as they are shown: a person's clicks, then the tracked ones. */
  points() {
    const object = this.#masks()?.objects.find((one) => one.id === this.session.selected);
    if (!object || !this.view.points) return [];
    return [
      ...object.prompts.points.map((p) => ({ ...p, kind: "prompt", isPositive: p.positive, object: object.id })),
      ...object.points.filter((p) => p.visible).map((p) => ({ ...p, id: p.track, kind: "track", isPositive: p.positive, object: object.id })),
    ];
  }

  /** The point within some pixels of the screen of a place of the canvas: a click of a person before a tracked one. */
  pointNear(at, reach) {
    let best = null;
    for (const point of this.points()) {
      const p = this.stage.camera.toCanvas(point);
      const distance = Math.hypot(p.x - at.x, p.y - at.y) - (point.kind === "prompt" ? 2 : 0);
      if (distance <= reach && (!best || distance < best.distance)) best = { ...point, distance };
    }
    return best;
  }

  /** The object whose mask is there, of those that are shown and not locked; null: none. */
  objectAt(p) {
    const objects = (this.#masks()?.objects ?? []).filter((one) => this.session.shows(one.id) && !this.session.locked.has(one.id));
    return objects.find((one) => one.mask?.contains(p.x, p.y))?.id ?? null;
  }

  #masks() {
    return this.session.masksNow(this.session.frame);
  }

  // MARK: Points

  addPoint(p, isPositive) {
    return this.#send({ edit: "add-point", ...rounded(p), positive: isPositive });
  }

  /** Delete takes the chosen one away. */
  choose(point) {
    this.stage.chosen = { frame: this.session.frame, object: point.object, kind: point.kind, id: point.id };
    this.stage.draw();
  }

  movePoint(point, to) {
    const edit = point.kind === "prompt" ? { edit: "move-point", point: point.id } : { edit: "move-track", track: point.id };
    this.#send({ ...edit, ...rounded(to) }, { id: point.object, isNew: false });
  }

  /** False where none is chosen. */
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

  // MARK: Boxes, strokes, lassos

  /** Ends what is being drawn. */
  finish(gesture) {
    if (gesture.kind === "box") this.#box(gesture);
    else if (gesture.kind === "stroke") this.#stroke(gesture);
    else if (gesture.kind === "lasso") this.#lasso(gesture);
  }

  #box(drawn) {
    const [from, to] = [rounded(drawn.from), rounded(drawn.to)];
    const box = [Math.min(from.x, to.x), Math.min(from.y, to.y), Math.max(from.x, to.x), Math.max(from.y, to.y)];
    if (box[2] - box[0] < 2 || box[3] - box[1] < 2) return;
    this.#send({ edit: "set-box", box });
  }

  #stroke({ path, radius, erases }) {
    this.#send({ edit: "add-stroke", path: thin(path, radius / 4), radius, erase: erases });
  }

  /** What the lasso encloses joins the object's mask, or leaves it. */
  #lasso({ path, erases }) {
    if (path.length >= 3) this.#send({ edit: "add-stroke", path: thin(path, 0.5), lasso: true, erase: erases });
  }

  /** Sends an edit for the frame and the object of this moment: when its turn comes, a person may look at others. */
  #send(edit, target = this.session.target) {
    const { session } = this;
    const { frame } = session;
    const isLocked = session.locked.has(target.id);
    return this.act(async () => {
      if (isLocked) throw new Error(`Object ${target.id} is locked. Unlock it (L), or make a new one (A).`);
      const object = await session.numberOf(target);
      await session.edit({ ...edit, object, frame });
    });
  }
}
