import type { Random } from '../../support/random.mjs';

/** Chooses one of several options. There is at least one. */
export type Choose = <T>(options: readonly T[]) => T;

/**
 * Runs a function with every combination of choices, and yields its results. If there are more than `most`
 * combinations, yields the results of `most` random ones instead.
 */
export function* eachOutcome<T>(run: (choose: Choose) => T, most: number, random: Random): Generator<T> {
  const all: T[] = [];
  /** The choices to make in the next run. Those that follow are 0. */
  let next: number[] | undefined = [];
  while (next !== undefined && all.length <= most) {
    const { result, choices, sizes } = runWith(run, next);
    all.push(result);
    next = following(choices, sizes);
  }
  if (next === undefined) yield* all;
  else for (let count = 0; count < most; count++) yield run((options) => random.pick(options));
}

function runWith<T>(run: (choose: Choose) => T, preset: readonly number[]) {
  const choices: number[] = [];
  const sizes: number[] = [];
  const result = run((options) => {
    const choice = preset[choices.length] ?? 0;
    choices.push(choice);
    sizes.push(options.length);
    return options[choice] as (typeof options)[number];
  });
  return { result, choices, sizes };
}

/** The next combination in order; undefined after the last. */
function following(choices: readonly number[], sizes: readonly number[]): number[] | undefined {
  const index = choices.findLastIndex((choice, at) => choice + 1 < (sizes[at] ?? 0));
  return index < 0 ? undefined : [...choices.slice(0, index), (choices[index] ?? 0) + 1];
}
