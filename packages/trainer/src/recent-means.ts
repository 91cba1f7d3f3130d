/** Means of named values since they were last taken. */
export class RecentMeans {
  #sums = new Map<string, number>();
  #count = 0;

  add(values: Record<string, number>): void {
    for (const [name, value] of Object.entries(values))
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + value);
    this.#count++;
  }

  /** The means, and a fresh start. */
  take(): Record<string, number> {
    const means = Object.fromEntries([...this.#sums].map(([name, sum]) => [name, sum / this.#count]));
    this.#sums.clear();
    this.#count = 0;
    return means;
  }
}
