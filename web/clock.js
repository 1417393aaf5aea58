// The device's clock, corrected by what the server says. All times in milliseconds since 1970.

/** A difference between wall and steady clock above this means that somebody set the clock, or the device slept. */
export const JUMP_MS = 3_000;

export class Clock {
  /**
   * @param {{wall?: () => number, steady?: () => number, offset_ms?: number}} sources
   *   `offset_ms`: the correction known from an earlier visit; it may be wrong by now.
   */
  constructor({ wall = () => Date.now(), steady = () => performance.now(), offset_ms = 0 } = {}) {
    this.wall = wall;
    this.steady = steady;
    this.offset_ms = offset_ms;
    /** True once the server's time was heard and the clock has not jumped since. */
    this.corrected = false;
    this.anchor = wall() - steady();
  }

  /** Now, by the corrected clock. */
  now() {
    return Math.round(this.wall() + this.offset_ms);
  }

  /** Takes the server's time, read between two moments of the device's own wall clock. */
  correct(server_time, asked_at, heard_at = this.wall()) {
    this.offset_ms = Math.round(server_time - (asked_at + heard_at) / 2);
    this.anchor = this.wall() - this.steady();
    this.corrected = true;
  }

  /** True when the wall clock moved against the steady one: the correction can no longer be trusted. */
  jumped() {
    if (!this.corrected) return false;
    const moved = Math.abs(this.wall() - this.steady() - this.anchor) > JUMP_MS;
    if (moved) this.corrected = false;
    return moved;
  }
}
