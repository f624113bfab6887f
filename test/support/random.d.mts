/** Pseudorandom decisions from a seed. */
export class Random {
  constructor(seed: number);
  next(): number;
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  seed(): number;
}
