// What is here of one kind (pictures, or masks) by frame, what is on its way, and what is asked for next.

const patience = 1000; // Milliseconds until a frame that could not be had is asked for again.

/** What has no version, as pictures, is older than no number. */
const isOlder = (value, version) => version === Infinity || (value.version ?? Infinity) < version;

export class Frames {
  /** By frame: {value, isStale}; the longest unused first. */
  #here = new Map();
  /** Frames that are on their way: {wanted: the version that is wanted, ways: on how many}. */
  #coming = new Map();
  #wanted = [];
  #failed = new Map();

  /**
   * load(frame) gives a promise; at most `most` are under way, so that what is asked for last does not wait behind what is old.
   * onArrival(frame) and onFailure(frame, error) are called as they come.
   */
  constructor({ load, most, kept, drop = () => {}, onArrival, onFailure }) {
    Object.assign(this, { load, most, kept, drop, onArrival, onFailure });
  }

  /** What is here of a frame, though it may have changed since; null: nothing. */
  now(frame) {
    return this.#here.get(frame)?.value ?? null;
  }

  isFresh(frame) {
    return this.#here.get(frame)?.isStale === false;
  }

  /** Frames in the order in which they are needed; what was wanted before and is not under way is wanted no more. */
  want(frames) {
    this.#wanted = frames;
    this.#pump();
  }

  /** What is here and older than a version stays on the screen until what is new has come. */
  outdate(includes, version = Infinity) {
    for (const [frame, entry] of this.#here) if (includes(frame) && isOlder(entry.value, version)) entry.isStale = true;
    for (const [frame, coming] of this.#coming) if (includes(frame)) coming.wanted = Math.max(coming.wanted, version);
    this.#pump();
  }

  /** Nothing is put off any more: there is a new reason to ask. */
  retry() {
    this.#failed.clear();
    this.#pump();
  }

  /** The first one is what a person looks at: nothing more is asked for while it is on its way. */
  #pump() {
    for (const [place, frame] of this.#wanted.entries()) {
      if (this.#coming.size >= this.most || (place > 0 && this.#coming.has(this.#wanted[0]))) return;
      const isLate = performance.now() - (this.#failed.get(frame) ?? -Infinity) < patience;
      if (!this.isFresh(frame) && !this.#coming.has(frame) && !isLate) this.#ask(frame);
    }
  }

  /**
   * What is to be known of a frame comes by another way, as masks with the answer to an edit: the frame is not asked for meanwhile.
   * promise: where it gives null or fails, the frame is asked for after all.
   */
  async expect(frame, promise) {
    this.#begin(frame);
    const value = await promise.catch(() => null);
    if (value) this.#take(frame, value);
    this.#end(frame);
    if (value) this.onArrival(frame);
    this.#pump();
  }

  async #ask(frame) {
    this.#begin(frame);
    try {
      this.#take(frame, await this.load(frame));
      this.#end(frame);
      this.onArrival(frame);
    } catch (error) {
      this.#end(frame);
      this.#failed.set(frame, performance.now());
      setTimeout(() => this.#pump(), patience + 1);
      this.onFailure(frame, error);
    }
    this.#pump();
  }

  #begin(frame) {
    const coming = this.#coming.get(frame) ?? { wanted: -1, ways: 0 };
    coming.ways += 1;
    this.#coming.set(frame, coming);
  }

  #end(frame) {
    const coming = this.#coming.get(frame);
    coming.ways -= 1;
    if (coming.ways === 0) this.#coming.delete(frame);
  }

  #take(frame, value) {
    this.#failed.delete(frame);
    const old = this.#here.get(frame);
    // What took longer on its way may be older than what is known to be new.
    if (old && !old.isStale && isOlder(value, old.value.version ?? -1)) return this.drop(value);
    if (old) this.drop(old.value);
    const entry = { value, isStale: isOlder(value, this.#coming.get(frame).wanted) };
    this.#here.delete(frame);
    this.#here.set(frame, entry);
    for (const [other, { value }] of this.#here) {
      if (this.#here.size <= this.kept) break;
      if (this.#wanted.includes(other)) continue;
      this.#here.delete(other);
      this.drop(value);
    }
  }
}
