/**
 * Who computes a shared value right now. Kept by the parent, so a claim ends with the process that
 * holds it, however that process ends.
 */
export class Claims<Owner> {
  readonly #queues = new Map<string, { owner: Owner; grant: () => void }[]>();

  /** Calls `grant` once no other owner holds the key. */
  claim(key: string, owner: Owner, grant: () => void): void {
    const queue = this.#queues.get(key) ?? [];
    this.#queues.set(key, queue);
    queue.push({ owner, grant });
    if (queue.length === 1) grant();
  }

  release(key: string, owner: Owner): void {
    const queue = this.#queues.get(key);
    const at = queue?.findIndex((claim) => claim.owner === owner) ?? -1;
    if (!queue || at < 0) return;
    queue.splice(at, 1);
    if (queue.length === 0) this.#queues.delete(key);
    else if (at === 0) queue[0]?.grant();
  }

  releaseAll(owner: Owner): void {
    for (const key of [...this.#queues.keys()]) this.release(key, owner);
  }
}
